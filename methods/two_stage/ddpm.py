"""``ddpm``: a small class-conditional denoising diffusion model.

Of published parts: diffusion [Ho et al. 2006.11239], cosine schedule [Nichol & Dhariwal 2102.09672] in continuous
time [Kingma et al. 2107.00630], classifier-free guidance [Ho & Salimans 2207.12598], DDIM sampling in few steps [Song
et al. 2010.02502] at the noise levels of Karras et al. [2206.00364], class-balanced real batches, EMA.

Ours: the prediction is of the clean image, not of the noise, and starts from what means and covariances of the training
images say, in closed form; the network sees that beside the noisy image and learns what is missing. So the few thousand
updates that a CPU affords go into shapes, not into colours and contours (docs/methods.md has the trials).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from methods.base import MethodInfo
from methods.catalogue import register
from methods.networks.gaussian import Gaussian
from methods.networks.shape import Shape
from methods.networks.unet import GROUPS, UNet
from methods.training.arrangement import Feed
from methods.training.ema import Ema
from methods.training.generator import GeneratorTraining
from methods.training.images import ImagePool, send
from methods.training.optimiser import scheduled
from methods.training.precision import autocast
from methods.training.symmetries import turned_at_random
from methods.two_stage.adversarial import Conditional

OFFSET = 0.008
"""s of the cosine schedule [2102.09672, section 3.2]."""
MOST_WEIGHT = 3.0
"""Where the weight of nearly clean images is cut off (our reading; untruncated it goes to infinity)."""
LABEL_DROPOUT = 0.1
LEARNING_RATE, BETAS = 2e-3, (0.9, 0.99)
MEMORY = 0.1
"""Updates that the average remembers, as a share of all."""
MOST_NOISE, LEAST_NOISE, RHO = 80.0, 0.02, 7.0
"""Of sampling, as σ = √((1 − ᾱ) / ᾱ) in deviations of a pixel; how levels lie between [2206.00364, table 1]."""
LOOKED_AT, COMPONENTS = 4096, 256
"""Training images that the Gaussian is fitted to, and its principal components."""


@register
class Ddpm(Conditional):
    """Learns to take noise off images; sampling begins with noise alone."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="ddpm",
        version=2,
        tier="two-stage",
        summary="class-conditional denoising diffusion: a Gaussian of each class and a small U-Net, few steps",
        reference="Ho, Jain & Abbeel, arXiv 2006.11239; Nichol & Dhariwal, arXiv 2102.09672",
        can_sample=True,
    )
    multiple: ClassVar[int] = GROUPS
    guidance: float = Field(1.0, ge=0, description="0 asks for no class, 1 for the class; beyond, ever more typical")
    sampling_steps: int = Field(16, ge=1, description="steps of the solver an image")

    def training(self, shape: Shape, feed: Feed) -> DiffusionTraining:
        """See `Conditional.training`; a denoising update counts as one of the generator's budget (our reading)."""
        unet = UNet(shape, inputs=2 * shape.channels)
        sampler = Sampler(unet, shape=shape, steps=self.sampling_steps, guidance=self.guidance)
        sampler.standardise(feed.pool)
        images, labels = feed.pool.take(feed.draws.take(LOOKED_AT))
        if feed.turned:
            images = turned_at_random(images, feed.random)
        gaussian = Gaussian.fit(sampler.encode(images), labels, classes=shape.classes, rank=COMPONENTS)
        sampler.network = Denoiser(gaussian, unet)
        return DiffusionTraining(sampler, feed)


def alpha_bar(time: Tensor) -> Tensor:
    """The signal's share of the variance at times in [0, 1]: from 1 down to 0 [2102.09672, eq. 17]."""
    angle = math.pi / 2 / (1.0 + OFFSET)
    return (((time + OFFSET) * angle).cos() / math.cos(OFFSET * angle)).square()


def signal_and_noise(time: Tensor) -> tuple[Tensor, Tensor]:
    """(N,) times → √ᾱ and √(1 − ᾱ), each (N, 1, 1, 1)."""
    share = alpha_bar(time)[:, None, None, None]
    return share.sqrt(), (1.0 - share).sqrt()


def diffuse(clean: Tensor, noise: Tensor, time: Tensor) -> Tensor:
    """x_t = √ᾱ x₀ + √(1 − ᾱ) ε [2006.11239, eq. 4].

    Args:
        clean: (N, C, H, W) x₀.
        noise: The same shape, ε ~ N(0, 1).
        time: (N,) in [0, 1].
    """
    signal, spread = signal_and_noise(time)
    return signal * clean + spread * noise


def denoising_loss(predicted: Tensor, clean: Tensor, time: Tensor) -> Tensor:
    """E min(SNR + 1, 3) ‖x̂₀ − x₀‖², SNR + 1 = 1 / (1 − ᾱ) [Salimans & Ho 2202.00512, section 4], mean over pixels.

    Args:
        predicted: (N, C, H, W) x̂₀ in float32.
        clean: The same shape, x₀.
        time: (N,) in [0, 1].
    """
    weight = (1.0 / (1.0 - alpha_bar(time))).clamp(max=MOST_WEIGHT)
    return (weight * (predicted - clean).square().flatten(1).mean(dim=1)).mean()


def sampling_times(steps: int) -> Tensor:
    """(steps + 1,) times from much noise to none: σ as in 2206.00364, eq. 5, at ᾱ = 1 / (1 + σ²), and 0 at the end."""
    ramp = torch.linspace(0.0, 1.0, max(steps, 2), dtype=torch.float64)[:steps]
    most, least = MOST_NOISE ** (1 / RHO), LEAST_NOISE ** (1 / RHO)
    sigma = (most + ramp * (least - most)) ** RHO
    angle = math.pi / 2 / (1.0 + OFFSET)
    times = (math.cos(OFFSET * angle) / (1.0 + sigma.square()).sqrt()).acos() / angle - OFFSET
    return torch.cat([times, times.new_zeros(1)]).float()


class Denoiser(nn.Module):
    """x̂₀ = what a Gaussian of each class would make of x_t, and what a network adds that sees both.

    Args:
        gaussian: Fitted to images as they are encoded.
        network: (N, 2 C, H, W), (N,) times and (N,) labels 0…K → (N, C, H, W), zero before training.
    """

    def __init__(self, gaussian: Gaussian, network: nn.Module) -> None:
        super().__init__()
        self.gaussian, self.network = gaussian, network

    def forward(self, noisy: Tensor, time: Tensor, labels: Tensor) -> Tensor:
        """(N, C, H, W) x_t, (N,) times and (N,) labels 0…K → (N, C, H, W) x̂₀ in float32."""
        linear = self.gaussian(noisy, alpha_bar(time), labels)
        both = torch.cat([noisy, linear], dim=1).contiguous(memory_format=torch.channels_last)
        return linear + self.network(both, time, labels).float()


class Sampler(nn.Module):
    """Noise and labels to images, by way of a network that sees the clean image in a noisy one.

    It is the generator as others see it. The network works on pixels of mean 0 and variance 1 in each channel.

    Args:
        network: (N, C, H, W) x_t, (N,) times and (N,) labels 0…K → (N, C, H, W) x̂₀; label K is any class.
        shape: Of the images, with K classes.
        steps: DDIM steps.
        guidance: See `Ddpm`.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, network: nn.Module, *, shape: Shape, steps: int, guidance: float) -> None:
        super().__init__()
        self.network = network
        self.shape, self.steps, self.guidance = shape, steps, guidance
        self.register_buffer("mean", torch.zeros(shape.channels, 1, 1))
        self.register_buffer("deviation", torch.ones(shape.channels, 1, 1))

    def standardise(self, pool: ImagePool) -> None:
        """Takes mean and deviation of each channel from the training images, at most 4,096 of them."""
        images, _ = pool.take(torch.arange(0, len(pool), -(-len(pool) // 4096)))
        self.mean = images.mean(dim=(0, 2, 3))[:, None, None]
        self.deviation = images.std(dim=(0, 2, 3)).clamp(min=0.01)[:, None, None]

    def encode(self, images: Tensor) -> Tensor:
        """(N, C, H, W) in [−1, 1] → x₀ of the same shape."""
        return (images - self.mean) / self.deviation

    def decode(self, clean: Tensor) -> Tensor:
        """The other way."""
        return clean * self.deviation + self.mean

    def predict(self, noisy: Tensor, time: Tensor, labels: Tensor) -> Tensor:
        """x̂₀ under guidance: x̂(any) + w (x̂(y) − x̂(any)) [2207.12598, eq. 6, w for their 1 + w], within [−1, 1]."""
        if self.guidance == 1.0:
            predicted = self.network(noisy, time, labels).float()
        else:
            predicted = self.network(noisy, time, torch.full_like(labels, self.shape.classes)).float()
            if self.guidance > 0.0:
                towards = self.network(noisy, time, labels).float() - predicted
                predicted = predicted + self.guidance * towards
        return self.encode(self.decode(predicted).clamp(-1.0, 1.0))

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """(N, C·H·W) normal noise and (N,) int64 labels → (N, C, H, W) in [−1, 1].

        DDIM [2010.02502, eq. 12, σ = 0], whose x̂₀ goes on changing as it did in the step before: the second-order
        multistep solver of Lu et al. [2211.01095, algorithm 2]. It looks at x̂₀ no more often.
        """
        sides = (self.shape.channels, self.shape.size, self.shape.size)
        x = noise.unflatten(1, sides).contiguous(memory_format=torch.channels_last)
        times = sampling_times(self.steps).to(x.device)
        log_snr = torch.log(alpha_bar(times).double() / (1.0 - alpha_bar(times).double()).clamp(min=1e-12)) / 2
        before: Tensor | None = None
        for k, (now, then) in enumerate(pairwise(times)):
            time = now.expand(len(x))
            clean = towards = self.predict(x, time, labels)
            if before is not None and k < self.steps - 1:
                ratio = ((log_snr[k + 1] - log_snr[k]) / (log_snr[k] - log_snr[k - 1])).float()
                towards = clean + ratio / 2 * (clean - before)
            signal, spread = signal_and_noise(time)
            x = diffuse(towards, (x - signal * towards) / spread, then.expand(len(x)))
            before = clean
        return self.decode(x)


class DiffusionTraining(GeneratorTraining):
    """A denoiser in training.

    Args:
        sampler: Holds the network; a copy with averaged weights takes its place, and is what is kept.
        feed: Images, updates and random numbers.
    """

    changing = ("network", "_ema", "_optimise", "_schedule", "_feed")

    def __init__(self, sampler: Sampler, feed: Feed) -> None:
        sampler = sampler.to(feed.context.device).to(memory_format=torch.channels_last)
        self.network = sampler.network
        self._ema = Ema(self.network, 1.0 - 1.0 / max(1.0, MEMORY * feed.steps))
        sampler.network = self._ema.network
        self.average = self._sampler = sampler.eval()
        self.latent = sampler.shape.channels * sampler.shape.size**2
        rate = feed.rate * LEARNING_RATE
        self._optimise = torch.optim.Adam(self.network.parameters(), lr=rate, betas=BETAS, fused=True)
        self._schedule = scheduled(self._optimise, steps=feed.steps)
        self._feed = feed

    def update(self) -> dict[str, Tensor]:
        """2006.11239, algorithm 1, with the label left out now and then [2207.12598, algorithm 1]."""
        context, random = self._feed.context, self._feed.random
        images, labels = self._feed.pool.take(self._feed.draws.take(context.budget.batch))
        if self._feed.turned:
            images = turned_at_random(images, random)
        clean, n = self._sampler.encode(images), len(images)
        u = torch.rand(2, n, generator=random)
        time = send((torch.arange(n) + u[0]) / n, context.device)  # one in each n-th of [0, 1]: less variance
        labels = torch.where(send(u[1] < LABEL_DROPOUT, context.device), self._sampler.shape.classes, labels)
        noise = send(torch.randn(clean.shape, generator=random), context.device)
        noise = noise.contiguous(memory_format=torch.channels_last)
        with autocast(context.device, context.precision):
            predicted = self.network(diffuse(clean, noise, time), time, labels)
        loss = denoising_loss(predicted.float(), clean, time)
        self._optimise.zero_grad()
        loss.backward()
        self._optimise.step()
        self._schedule.step()
        self._ema.update()
        return {"denoising_loss": loss.detach()}
