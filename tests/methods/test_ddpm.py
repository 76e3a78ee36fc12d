import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from bench.quality import ValidationQuality
from methods import METHODS, NotApplicable
from methods.networks.gaussian import Gaussian
from methods.networks.shape import Shape
from methods.networks.unet import UNet, sinusoids
from methods.training.arrangement import pooled
from methods.training.images import ImagePool
from methods.two_stage import ddpm
from methods.two_stage.ddpm import (
    Denoiser,
    DiffusionTraining,
    Sampler,
    alpha_bar,
    denoising_loss,
    diffuse,
    sampling_times,
)

SHAPE = Shape(channels=3, size=16, width=8, classes=2)


def seeded(n, *shape, seed=0):
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(seed))


def test_the_cosine_schedule_at_known_points():
    # cos² x = (1 + cos 2x) / 2, so ᾱ(½) = (1 + cos(π 0.508 / 1.008)) / (1 + cos(π 0.008 / 1.008))
    found = alpha_bar(torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0], dtype=torch.float64))
    assert found.tolist() == pytest.approx([1.0, 0.8470122, 0.4938436, 0.1442721, 0.0], abs=1e-6)
    # with β clipped at 0.999 and T = 1000 this is the paper's table: ᾱ_t = ∏ (1 − β_t)
    steps = alpha_bar(torch.arange(1001, dtype=torch.float64) / 1000)
    betas = (1 - steps[1:] / steps[:-1]).clamp(max=0.999)
    assert (1 - betas[:-1]).cumprod(0).tolist() == pytest.approx(steps[1:-1].tolist(), abs=1e-9)


@pytest.mark.parametrize("time", [0.1, 0.5, 0.9])
def test_noisy_images_have_mean_and_variance_of_q(time):
    """q(x_t | x₀) = N(√ᾱ x₀, (1 − ᾱ) I), 2006.11239, eq. 4."""
    n = 40_000
    x = diffuse(torch.full((n, 1, 1, 1), 0.8), seeded(n, 1, 1, 1), torch.full((n,), time))
    share = alpha_bar(torch.tensor(time)).item()
    assert x.mean().item() == pytest.approx(math.sqrt(share) * 0.8, abs=0.02)
    assert x.var().item() == pytest.approx(1 - share, rel=0.03)


def test_the_loss_weighs_by_the_inverse_of_the_noise_up_to_three():
    # An error of 0.1 in every pixel: 0.01 / (1 − ᾱ); 1 − ᾱ is 1 at t = 1, 0.5061564 at ½, below ⅓ at 0.05
    clean = torch.zeros(1, 3, 4, 4)

    def loss(time):
        return denoising_loss(clean + 0.1, clean, torch.tensor([time])).item()

    assert loss(1.0) == pytest.approx(0.01, rel=1e-5)
    assert loss(0.5) == pytest.approx(0.01 / 0.5061564, rel=1e-5)
    assert loss(0.05) == pytest.approx(0.03, rel=1e-5)
    assert loss(0.0) == pytest.approx(0.03, rel=1e-5)


class OnePoint(nn.Module):
    """Knows that all images are one: ε = (x_t − √ᾱ x₀) / √(1 − ᾱ), and x₀ from ε (2006.11239, eq. 15)."""

    def __init__(self, image):
        super().__init__()
        self.image = image

    def forward(self, noisy, time, labels):
        share, noisy = alpha_bar(time)[:, None, None, None].double().clamp(min=1e-6), noisy.double()
        noise = (noisy - share.sqrt() * self.image) / (1 - share).sqrt()
        return (noisy - (1 - share).sqrt() * noise) / share.sqrt()


@pytest.mark.parametrize("steps", [1, 3, 20])
def test_ddim_with_the_true_noise_of_one_image_returns_that_image(steps):
    image = torch.rand(3, 4, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1
    sampler = Sampler(OnePoint(image), shape=Shape(3, 4, 8, 2), steps=steps, guidance=1.0)
    made = sampler(seeded(6, 48), torch.zeros(6, dtype=torch.int64))
    assert torch.allclose(made, image.expand(6, -1, -1, -1), atol=1e-4)


def test_sampling_goes_through_the_published_noise_levels():
    # 2206.00364, eq. 5, three steps: ((80^(1/7) + 0.02^(1/7)) / 2)⁷ = ((1.8701 + 0.5719) / 2)⁷ = 4.045
    share = alpha_bar(sampling_times(3).double())
    noise = ((1 - share) / share).sqrt()
    assert noise.tolist() == pytest.approx([80.0, 4.045, 0.02, 0.0], rel=2e-3, abs=1e-6)
    assert sampling_times(1).tolist() == pytest.approx([sampling_times(3)[0].item(), 0.0])


class Silent(nn.Module):
    """A network before training."""

    def forward(self, both, time, labels):
        assert both.shape[1] == 2, "the noisy image and what the Gaussian makes of it"
        return torch.zeros_like(both[:, :1])


@pytest.mark.parametrize("variance", [900.0, 1.0, 0.04])
def test_what_varies_much_and_what_varies_little_is_sampled_with_its_spread(variance):
    """With the true denoiser of N(1, λ): sixteen steps of equal length in time would lose most of a spread of 30."""
    gaussian = Gaussian(torch.ones(2, 4), torch.empty(4, 0), torch.full((2, 1), variance))
    sampler = Sampler(Denoiser(gaussian, Silent()), shape=Shape(1, 2, 8, 1), steps=16, guidance=1.0)
    sampler.deviation = sampler.deviation / 1e4  # so that no pixel leaves [−1, 1]
    made = sampler(seeded(5000, 4), torch.zeros(5000, dtype=torch.int64)) * 1e4
    assert made.mean().item() == pytest.approx(1.0, abs=0.05 * variance**0.5)
    assert made.std().item() == pytest.approx(variance**0.5, rel=0.1)


class ByLabel(nn.Module):
    """Sees images as bright as their label, in tenths."""

    def forward(self, noisy, time, labels):
        return (labels / 10.0)[:, None, None, None].expand_as(noisy)


@pytest.mark.parametrize(("guidance", "expected"), [(0.0, 0.4), (1.0, 0.1), (2.0, -0.2)])
def test_guidance_goes_from_any_class_through_the_asked_one_and_beyond(guidance, expected):
    """Any class is label 4 of classes 0…3: 0 gives it, 1 the asked class (1), 2 goes as far again."""
    sampler = Sampler(ByLabel(), shape=Shape(1, 2, 8, 4), steps=1, guidance=guidance)
    clean = sampler.predict(torch.zeros(3, 1, 2, 2), torch.full((3,), 0.5), torch.ones(3, dtype=torch.int64))
    assert torch.allclose(clean, torch.full_like(clean, expected), atol=1e-6)


@pytest.mark.parametrize(("size", "channels", "width"), [(16, 1, 8), (32, 3, 8), (64, 3, 8), (16, 3, 56)])
def test_the_network_predicts_zero_before_training(size, channels, width):
    network = UNet(Shape(channels, size, width, 3), inputs=channels)
    v = network(seeded(2, channels, size, size), torch.tensor([0.1, 0.9]), torch.tensor([0, 3]))
    assert v.shape == (2, channels, size, size)
    assert not v.any()


def test_time_and_label_reach_the_prediction():
    torch.manual_seed(0)
    network = UNet(SHAPE, inputs=3)
    for parameter in network.parameters():  # as after some training: no layer is zero
        nn.init.normal_(parameter, 0.0, 0.1)
    images, times, labels = seeded(1, 3, 16, 16), torch.tensor([0.3]), torch.tensor([0])
    v = network(images, times, labels)
    assert not torch.allclose(v, network(images, torch.tensor([0.4]), labels), atol=1e-3)
    assert not torch.allclose(v, network(images, times, torch.tensor([2])), atol=1e-3)


def test_sinusoids_of_time():
    # 1000 t = 100 at rates 1 and 1/100
    found = sinusoids(torch.tensor([0.0, 0.1]), 4)
    assert found[0].tolist() == [0.0, 0.0, 1.0, 1.0]
    expected = [math.sin(100), math.sin(1), math.cos(100), math.cos(1)]
    assert found[1].tolist() == pytest.approx(expected, abs=1e-4)


class Seen(nn.Module):
    """Remembers what it is asked."""

    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(()))
        self.times, self.labels = [], []

    def forward(self, noisy, time, labels):
        self.times.append(time)
        self.labels.append(labels)
        return noisy * 0 + self.bias


def test_labels_are_left_out_at_the_stated_rate_and_times_are_spread_evenly(make_images, make_context, smoke):
    context = make_context(budget=replace(smoke, batch=100))
    seen, train = Seen(), make_images([30, 5])
    sampler = Sampler(seen, shape=SHAPE, steps=2, guidance=1.0)
    training = DiffusionTraining(sampler, pooled(train, context))
    for _ in range(60):
        training.update()
    labels = torch.cat(seen.labels)
    assert (labels == 2).float().mean().item() == pytest.approx(ddpm.LABEL_DROPOUT, abs=0.012)
    assert (labels == 0).sum().item() == pytest.approx((labels == 1).sum().item(), rel=0.05)  # balanced
    for time in seen.times[:5]:
        assert (time * 100).long().tolist() == list(range(100))  # one in each hundredth of [0, 1]


def test_pixels_are_standardised_by_channel_and_brought_back(make_images, context):
    pool = ImagePool.of(make_images([30, 30]), context.device)
    sampler = Sampler(Seen(), shape=SHAPE, steps=1, guidance=1.0)
    sampler.standardise(pool)
    images, _ = pool.take(torch.arange(60))
    clean = sampler.encode(images)
    assert clean.mean(dim=(0, 2, 3)).tolist() == pytest.approx([0.0] * 3, abs=1e-4)
    assert clean.std(dim=(0, 2, 3)).tolist() == pytest.approx([1.0] * 3, abs=1e-4)
    assert torch.allclose(sampler.decode(clean), images, atol=1e-5)


@pytest.mark.parametrize("is_turned", [False, True])
def test_it_learns_from_turned_images_where_the_classifier_does(make_images, make_context, monkeypatch, is_turned):
    """Of images that are bright at the left the Gaussian's mean is as bright at the right."""
    train, batches = make_images([20, 20]), []
    images = train.images.copy()
    images[..., :4] = 255
    again = ddpm.turned_at_random
    monkeypatch.setattr(ddpm, "turned_at_random", lambda *given: batches.append(len(given[0])) or again(*given))
    training = METHODS.build("ddpm").training(
        SHAPE, pooled(replace(train, images=images), make_context(), turned=is_turned)
    )
    mean = training.average.network.gaussian.means[2].reshape(3, 16, 16)
    tilt = (mean[:, :, :4].mean() - mean[:, :, -4:].mean()).item()
    assert abs(tilt) < 0.2 if is_turned else tilt > 1.5
    training.update()
    assert batches == ([ddpm.LOOKED_AT, 8] if is_turned else [])


def standard_normal(images, labels, *, classes, rank):
    """A Gaussian that knows nothing."""
    pixels = images[0].numel()
    return Gaussian(torch.zeros(classes + 1, pixels), torch.empty(pixels, 0), torch.ones(classes + 1, 1))


@pytest.fixture
def quality_after(make_images, make_context, smoke):
    """KID to further images of the same kind, as checkpoints are chosen by, and the context; by updates."""
    kid = ValidationQuality(make_images([60, 60], channels=1, seed=1), device=torch.device("cpu"), seed=0)

    def after(steps):
        budget = replace(smoke, generator_steps=steps, batch=16)
        context = make_context(budget=budget, qualities=[5.0, 4.0, 3.0, 2.0, 1.0])  # keeps the last checkpoint
        fitted = METHODS.build("ddpm").fit_generator(make_images([30, 30], channels=1), context)
        return kid(fitted.sample), context

    return after


def test_the_network_alone_learns_within_a_short_training(quality_after, monkeypatch):
    monkeypatch.setattr(ddpm.Gaussian, "fit", standard_normal)
    kid, context = quality_after(150)
    losses = context.curve("generator", "denoising_loss")
    assert np.mean(losses[-20:]) < 0.5 * np.mean(losses[:5])
    assert kid < quality_after(1)[0] / 3


def test_the_gaussian_takes_most_of_the_way_off_the_network(quality_after, monkeypatch):
    with_gaussian, _ = quality_after(1)
    monkeypatch.setattr(ddpm.Gaussian, "fit", standard_normal)
    assert with_gaussian < quality_after(1)[0] / 3


def test_a_size_that_does_not_halve_down_to_four_is_refused(make_images, context):
    with pytest.raises(NotApplicable, match="power of two from 16 on, got 24"):
        METHODS.build("ddpm").fit(make_images([9, 9], size=24), make_images([2, 2], size=24), context)
