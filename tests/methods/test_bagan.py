import copy
import math

import pytest
import torch
from torch import nn

from methods import METHODS
from methods.networks.shape import Shape
from methods.training.arrangement import pooled
from methods.two_stage import bagan, bagan_gp


def test_published_sizes_of_bagan_gp_at_64_pixels():
    shape = Shape(channels=3, size=64, width=64, classes=4)
    discriminator = bagan_gp.Discriminator(shape)
    assert discriminator.label[1].in_features == 512
    assert discriminator.label[1].out_features == 4096
    widths = [layer.out_channels for layer in discriminator.trunk if isinstance(layer, nn.Conv2d)]
    assert widths == [64, 128, 128, 256]
    decoder = bagan_gp.Generator(shape).decoder
    ups = [layer.out_channels for layer in decoder.layers if isinstance(layer, nn.ConvTranspose2d)]
    assert ups == [128, 128, 64, 3]


def test_a_wrong_label_is_never_the_right_one_and_any_other():
    labels = torch.arange(4).repeat(500)
    wrong = bagan_gp.wrong_labels(labels, classes=4, generator=torch.Generator().manual_seed(0))
    assert (wrong != labels).all()
    share = torch.bincount(4 * labels + wrong, minlength=16).reshape(4, 4) / 500
    assert share.diagonal().tolist() == [0.0] * 4
    assert share[~torch.eye(4, dtype=torch.bool)].tolist() == pytest.approx([1 / 3] * 12, abs=0.08)


class Answers(nn.Module):
    """A discriminator that says the same of every image."""

    def __init__(self, logits):
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))

    def forward(self, images, labels):
        return self.logits.expand(len(images), -1)


def test_softmax_over_classes_and_fake_at_a_known_point(make_images, context):
    """K = 3, p = (.1, .2, .3, .4): a batch of 8 has 2 fakes, then real ones of classes 2 0 1 2 0 1."""
    train = make_images([4, 4, 4])
    training = bagan.Training(
        pooled(train, context),
        generator=nn.Linear(1, 1),
        discriminator=Answers([math.log(p) for p in (0.1, 0.2, 0.3, 0.4)]),
        optimise=lambda g, d: (torch.optim.SGD(g.parameters()), torch.optim.SGD(d.parameters())),
        classes=3,
        latent=1,
    )
    images, labels = torch.zeros(8, 3, 16, 16), torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
    of_d = -(2 * math.log(0.4) + 2 * math.log(0.3) + 2 * math.log(0.1) + 2 * math.log(0.2)) / 8
    assert training.discriminator_loss(images, images, labels).item() == pytest.approx(of_d)
    of_g = -(3 * math.log(0.1) + 3 * math.log(0.2) + 2 * math.log(0.3)) / 8
    assert training.generator_loss(images, labels).item() == pytest.approx(of_g)


class Linear(nn.Module):
    """D(x, y) = a times the sum of x's numbers, plus b_y; built as `bagan_gp.Discriminator` is."""

    def __init__(self, a, b):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.tensor(a)), torch.tensor(b)
        self.trunk = nn.Flatten()

    def judge(self, features, labels):
        return self.a * features.sum(dim=1) + self.b[labels]

    def forward(self, images, labels):
        return self.judge(self.trunk(images), labels)


def test_wrong_labels_and_penalty_enter_the_loss_of_bagan_gp(make_images, context):
    """σ(D) of zeros is ½ as class 0 and ¾ as class 1. Of two classes the wrong label is the other one.

    The gradient of D has the norm 3 (768 numbers), so that the penalty is 10 (3 − 1)².
    """
    training = bagan_gp.Training(
        pooled(make_images([4, 4]), context),
        generator=nn.Linear(1, 1),
        discriminator=Linear(3 / math.sqrt(768), [0.0, math.log(3)]),
        optimise=lambda g, d: (torch.optim.SGD(g.parameters()), torch.optim.SGD(d.parameters())),
        classes=2,
        latent=1,
    )
    images, labels = torch.zeros(4, 3, 16, 16), torch.tensor([0, 0, 0, 1])
    on_real = -(3 * math.log(1 / 2) + math.log(3 / 4)) / 4
    on_fake = -(3 * math.log(1 / 2) + math.log(1 / 4)) / 4
    on_wrong = -(3 * math.log(1 / 4) + math.log(1 / 2)) / 4
    loss = training.discriminator_loss(images, images, labels).item()
    assert loss == pytest.approx(on_real + on_fake + on_wrong + 10 * (3 - 1) ** 2, rel=1e-5)
    assert training.generator_loss(images, labels).item() == pytest.approx(on_real, rel=1e-5)


@pytest.fixture
def handed_on(make_images, context, monkeypatch):
    """The networks of the autoencoder as they are after their training, and the GAN before its first update."""

    def make(module, spec):
        trained, started, train_autoencoder = [], [], module.train_autoencoder

        def watched(reconstruct, networks, **others):
            feed = train_autoencoder(reconstruct, networks, **others)
            trained.append(copy.deepcopy(networks))
            return feed

        monkeypatch.setattr(module, "train_autoencoder", watched)
        monkeypatch.setattr(module, "train_generator", lambda training, **_: started.append(training))
        METHODS.build(spec).fit_generator(make_images([9, 9]), context)
        return *trained[0], started[0]

    return make


def alike(one, other):
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_bagan_starts_from_decoder_and_encoder(handed_on):
    encoder, decoder, training = handed_on(bagan, "bagan[classic=false]")
    assert alike(training.generator.decoder, decoder)
    assert alike(training.average.decoder, decoder)
    assert alike(training.discriminator.features, encoder.features)


def test_bagan_gp_starts_from_the_decoder_and_its_labels_alone(handed_on):
    encoder, generator, training = handed_on(bagan_gp, "bagan-gp[classic=false]")
    assert alike(training.generator, generator)
    assert alike(training.average, generator)
    assert not alike(training.discriminator.trunk, encoder[0])


def test_class_gaussians_have_the_moments_of_their_images():
    latents = torch.randn(65, 6, generator=torch.Generator().manual_seed(0)) * torch.arange(1.0, 7.0)
    labels = torch.tensor([0] * 60 + [2] * 5)
    means, factors = bagan.class_gaussians(latents, labels, classes=3)
    for label in (0, 2):
        mine = latents[labels == label]
        assert torch.allclose(means[label], mine.mean(0), atol=1e-5)
        assert torch.allclose(factors[label] @ factors[label].T, mine.T.cov(), atol=1e-3)
    assert factors[1].abs().sum() == 0


def test_latents_on_the_sphere():
    out = bagan._on_sphere(torch.randn(5, 100))
    assert out.norm(dim=1).tolist() == pytest.approx([10.0] * 5, rel=1e-5)
