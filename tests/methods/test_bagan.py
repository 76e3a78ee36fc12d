import math

import pytest
import torch
from torch import nn

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
