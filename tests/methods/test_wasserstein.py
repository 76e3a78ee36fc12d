import math

import pytest
import torch

from methods.networks.shape import Shape
from methods.training.arrangement import one_each
from methods.two_stage import cwgan_gp, mlp_gan
from methods.two_stage.wgan import CLIP, Wgan


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


def test_the_first_images_of_fully_connected_layers_are_almost_even():
    """A tenth of weights U(−1/√512, 1/√512) on 512 features of variance below 1: at most 0.1 / √3 of spread."""
    torch.manual_seed(0)
    shape = Shape(channels=3, size=32, width=32, classes=0)
    images = mlp_gan.Generator(shape)(torch.randn(64, 100), torch.zeros(64, dtype=torch.int64))
    assert images.std(dim=0).mean().item() < 0.1 / math.sqrt(3)
