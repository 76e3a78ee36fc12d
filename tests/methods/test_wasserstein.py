import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from methods.networks.shape import Shape
from methods.training.arrangement import one_each, pooled
from methods.two_stage import bagan_gp, cwgan_gp, mlp_gan
from methods.two_stage.wgan import CLIP, PenalisedTraining, Wgan, WganGp


def test_latents_of_different_labels_have_different_means():
    """E max(0, h) of h ~ N(b, s²) is b Φ(b/s) + s φ(b/s), here times the label's embedding; E z × e_y would be 0."""
    torch.manual_seed(0)
    generator = cwgan_gp.Generator(Shape(channels=1, size=16, width=4, classes=2))
    layer = generator.dense[0]
    noise = torch.randn(20_000, 100)
    with torch.no_grad():
        bias, spread = layer.bias.double(), layer.weight.double().norm(dim=1)
        ratio = bias / spread
        density = (-ratio.square() / 2).exp() / math.sqrt(2 * math.pi)
        expected = (bias * torch.special.ndtr(ratio) + spread * density) * generator.embedding.weight[1]
        found = (generator.dense(noise) * generator.embedding.weight[1]).mean(dim=0)
    assert found.tolist() == pytest.approx(expected.tolist(), abs=0.03)
    assert expected.abs().min() < 0.05 < expected.abs().mean()  # the tolerance would tell a mean of zero


def test_the_label_reaches_generator_and_critic():
    shape = Shape(channels=1, size=16, width=4, classes=2)
    generator, critic = cwgan_gp.Generator(shape).eval(), cwgan_gp.Critic(shape)
    noise, zeros, ones = torch.randn(2, 100), torch.tensor([0, 0]), torch.tensor([1, 1])
    assert not torch.equal(generator(noise, zeros), generator(noise, ones))
    image = torch.randn(2, 1, 16, 16)
    assert not torch.equal(critic(image, zeros), critic(image, ones))


def test_wgans_critic_is_clipped_and_judges_real_images_without_seeing_generated_ones(make_images, context):
    training = Wgan().training(Shape(3, 16, 8, 0), one_each(make_images([20, 0]), context)[0])
    training.update()
    assert max(weight.abs().max().item() for weight in training.discriminator.parameters()) <= CLIP
    real, fake, labels = torch.randn(8, 3, 16, 16), torch.randn(8, 3, 16, 16) * 9, torch.zeros(8, dtype=torch.int64)
    critic = training.discriminator
    with torch.no_grad():
        apart = critic(fake, labels).mean() - critic(real, labels).mean()
        assert training.discriminator_loss(real, fake, labels).item() == pytest.approx(apart.item(), rel=1e-5)


@pytest.mark.parametrize(
    ("method", "steps", "published", "times"),
    [
        (Wgan(), 800, 5e-5, (20, 10)),
        (WganGp(), 800, 1e-4, (4, 4)),
        (cwgan_gp.CwganGp(), 3200, 1e-4, (10, 10)),
        (cwgan_gp.CwganGp(), 100_000, 1e-4, (4, 4)),
    ],
)
def test_learning_rates_of_generator_and_critic_at_quick(make_images, context, method, steps, published, times):
    """As stated in docs/methods.md for 3,200 updates, which the generators of four classes share."""
    feed = replace(pooled(make_images([4, 4]), context), steps=steps)
    training = method.training(Shape(3, 16, 8, 2), feed)
    rates = [optimiser.param_groups[0]["lr"] for optimiser in (training._optimise_g, training._optimise_d)]
    assert rates == pytest.approx([published * factor for factor in times])


class Score(nn.Module):
    """A critic that is a function of the image alone; its trunk and judge are those of `bagan_gp.Discriminator`."""

    def __init__(self, function):
        super().__init__()
        self.function, self.weight, self.trunk = function, nn.Parameter(torch.tensor(1.0)), nn.Flatten()

    def judge(self, features, labels):
        return self.weight * self.function(features)

    def forward(self, images, labels):
        return self.judge(self.trunk(images), labels)


def test_ten_times_the_penalty_enters_the_critics_loss(make_training, context):
    """f is the sum of four numbers, whose gradient has the norm 2: E f(G(z)) − E f(x) + 10 (2 − 1)²."""
    training = make_training(PenalisedTraining, Score(lambda x: x.sum(dim=1)), context)
    real, fake, labels = torch.ones(3, 1, 2, 2), torch.full((3, 1, 2, 2), 0.5), torch.tensor([0, 1, 0])
    assert training.discriminator_loss(real, fake, labels).item() == pytest.approx(2.0 - 4.0 + 10.0)
    assert training.generator_loss(fake, labels).item() == pytest.approx(-2.0)


@pytest.mark.parametrize(("kind", "options"), [(PenalisedTraining, {}), (bagan_gp.Training, {"classes": 2})])
def test_interpolates_lie_evenly_between_the_images(make_training, context, kind, options):
    """f = ½ ‖x‖² has the gradient x, of norm 8 u between images of norm 8 and 0.

    E (8 u − 1)² is 64 / 3 − 8 + 1 for u ~ U(0, 1), with a deviation of √(420.2 − 14.33²) = 14.7 an image; for
    u ~ N(0, 1) it would be 65, and for one u of ½ in all images 9.
    """
    n = 4000
    training = make_training(kind, Score(lambda x: x.square().sum(dim=1) / 2), context, **options)
    real, fake, labels = torch.full((n, 1, 2, 2), 4.0), torch.zeros(n, 1, 2, 2), torch.zeros(n, dtype=torch.int64)
    rest = math.log(2) + 32.0 if options else -32.0  # wrong labels get the scores of the real images, 32
    penalty = (training.discriminator_loss(real, fake, labels).item() - rest) / 10
    assert penalty == pytest.approx(64 / 3 - 8 + 1, abs=4 * 14.7 / math.sqrt(n))


def test_shares_of_interpolates_are_uniform(make_training, context):
    shares = make_training(PenalisedTraining, Score(torch.sum), context).uniform(4000)
    assert shares.min() >= 0.0
    assert shares.max() < 1.0
    counts = torch.histc(shares, bins=4, min=0.0, max=1.0)
    assert counts.tolist() == pytest.approx([1000] * 4, abs=4 * math.sqrt(4000 * 0.25 * 0.75))


def test_the_first_images_of_fully_connected_layers_are_almost_even():
    """A tenth of weights U(−1/√512, 1/√512) on 512 features of variance below 1: at most 0.1 / √3 of spread."""
    torch.manual_seed(0)
    shape = Shape(channels=3, size=32, width=32, classes=0)
    images = mlp_gan.Generator(shape)(torch.randn(64, 100), torch.zeros(64, dtype=torch.int64))
    assert images.std(dim=0).mean().item() < 0.1 / math.sqrt(3)
