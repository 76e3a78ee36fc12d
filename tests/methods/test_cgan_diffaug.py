import math

import pytest
import torch
from torch import nn

from methods.networks.convolutions import spread
from methods.networks.shape import Shape
from methods.two_stage import cgan_diffaug
from methods.two_stage.cgan_diffaug import EVERY, PENALTY, Discriminator, Generator, Training

SHAPE = Shape(channels=3, size=16, width=8, classes=2)


def test_spread_is_the_deviation_within_a_class_of_the_batch():
    features = torch.tensor([[0.0, 1.0], [2.0, 1.0], [5.0, 5.0], [5.0, 5.0]])  # deviations (1, 0) and (0, 0)
    out = spread(features, torch.tensor([0, 0, 1, 1]))
    assert out.flatten().tolist() == pytest.approx([(1 + 0.01) / 2] * 2 + [0.01] * 2, abs=1e-3)


class Linear(nn.Module):
    """Scores images by a weight on every number, the same one."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))

    def forward(self, images, labels):
        return self.weight * images.flatten(1).sum(dim=1)


def test_losses_of_a_discriminator_that_is_undecided(make_training, context):
    training, images, labels = (
        make_training(Training, Linear(0.0), context),
        torch.zeros(8, 3, 16, 16),
        torch.arange(8) % 2,
    )
    assert training.discriminator_loss(images, images, labels).item() == pytest.approx(2 * math.log(2))
    assert training.generator_loss(images, labels).item() == pytest.approx(math.log(2))


def test_hinge_loss_of_both_networks_at_known_scores(make_training, context, monkeypatch):
    monkeypatch.setattr(cgan_diffaug, "diffaugment", lambda images, generator: images)
    training = make_training(Training, Linear(1.0), context, loss="hinge")
    training._updates = 1  # no penalty is due

    def of_scores(*scores):
        return (torch.tensor(scores) / 768)[:, None, None, None].expand(-1, 3, 16, 16)

    real, fake, labels = of_scores(-2.0, 0.0, 0.5, 3.0), of_scores(1.0, -1.0, -3.0, 0.0), torch.tensor([0, 1, 0, 1])
    on_real, on_fake = (3 + 1 + 0.5 + 0) / 4, (2 + 0 + 0 + 1) / 4
    assert training.discriminator_loss(real, fake, labels).item() == pytest.approx(on_real + on_fake, rel=1e-5)
    assert training.generator_loss(fake, labels).item() == pytest.approx(-(1 - 1 - 3 + 0) / 4, rel=1e-5)


@pytest.mark.parametrize("spectral", [False, True])
def test_spectral_normalisation_brings_the_largest_singular_values_of_all_weights_to_one(spectral):
    torch.manual_seed(0)
    network = Discriminator(SHAPE, spectral=spectral)
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(9.0)
    for _ in range(30):
        network(torch.randn(4, 3, 16, 16), torch.arange(4) % 2)
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding)]
    largest = [torch.linalg.matrix_norm(layer.weight.flatten(1), ord=2).item() for layer in layers]
    assert len(largest) == 5
    assert largest == pytest.approx([1.0] * 5, abs=0.02) if spectral else min(largest) > 2.0


def test_real_and_generated_images_go_through_the_same_transforms(make_training, context, monkeypatch):
    """Transforms that make images of zeros ones, of 768 numbers: scores of log 3 in the place of 0."""
    monkeypatch.setattr(cgan_diffaug, "diffaugment", lambda images, generator: images + 1.0)
    training = make_training(Training, Linear(math.log(3) / 768), context)
    training._updates = 1  # no penalty is due
    images, labels = torch.zeros(8, 3, 16, 16), torch.arange(8) % 2
    of_d = math.log(4 / 3) + math.log(4)  # −log ¾ on real images, −log ¼ on generated ones
    assert training.discriminator_loss(images, images, labels).item() == pytest.approx(of_d, rel=1e-5)
    assert training.generator_loss(images, labels).item() == pytest.approx(math.log(4 / 3), rel=1e-5)


def test_the_penalty_comes_now_and_then_and_is_that_of_a_linear_discriminator(make_training, context):
    training, images, labels = (
        make_training(Training, Linear(0.01), context),
        torch.zeros(8, 3, 16, 16),
        torch.arange(8) % 2,
    )
    losses = []
    for update in range(1, 2 * EVERY + 1):
        training._updates = update
        training.random.manual_seed(0)  # the same transforms each time
        losses.append(training.discriminator_loss(images, images, labels).item())
    penalty = EVERY * PENALTY / 2 * 0.01**2 * 3 * 16 * 16  # ‖w‖² of the weights of all numbers of an image
    expected = [losses[0] + penalty * (step % EVERY == EVERY - 1) for step in range(2 * EVERY)]
    assert losses == pytest.approx(expected, rel=1e-5)


def test_the_class_reaches_both_networks():
    torch.manual_seed(0)
    generator, discriminator = Generator(SHAPE), Discriminator(SHAPE)
    for norm in generator.norms:
        nn.init.normal_(norm.gain.weight)  # alike for all classes at the start
    noise, zeros, ones = torch.randn(4, 64), torch.zeros(4, dtype=torch.int64), torch.ones(4, dtype=torch.int64)
    images = generator(noise, zeros)
    assert not torch.equal(images, generator(noise, ones))
    assert not torch.equal(discriminator(images, zeros), discriminator(images, ones))
