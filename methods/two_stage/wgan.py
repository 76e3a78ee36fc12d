"""``wgan`` and ``wgan-gp``: Wasserstein GANs [Arjovsky et al. 1701.07875; Gulrajani et al. 1704.00028].

DCGAN's generator; a critic of the same convolutions without normalisation, since batch normalisation would make a
score depend on the other images and the penalty is stated for each image alone (1704.00028, section 4).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from itertools import pairwise
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from datasets import LabelledImages
from methods.base import Context, MethodInfo
from methods.catalogue import register
from methods.training.adversarial import AdversarialTraining, adams, gradient_penalty, short_run_rate
from methods.training.arrangement import one_each, pooled
from methods.training.draws import Draws
from methods.training.generator import FittedGenerator, GeneratorTraining, train_generator
from methods.training.images import ImagePool
from methods.training.randomness import seeded
from methods.two_stage.base import TwoStage, require_power_of_two
from methods.two_stage.dcgan import LATENT, Generator

CRITIC_STEPS = 5
CLIP, RATE_CLIPPED = 0.01, 5e-5
PENALTY, RATE_PENALISED, BETAS = 10.0, 1e-4, (0.0, 0.9)


class Wasserstein(TwoStage):
    """What the two have in common; they differ in how the critic is kept 1-Lipschitz."""

    per_class: bool = Field(True, description="one generator for every class, which share the budget; else one for all")

    def fit_generator(self, train: LabelledImages, context: Context) -> FittedGenerator:
        """See `TwoStage.fit_generator`."""
        require_power_of_two(self.info.name, train)
        shape = {
            "channels": train.images.shape[1],
            "size": train.images.shape[2],
            "width": context.budget.generator_width,
            "labels": 0 if self.per_class else len(train.classes),
        }

        def make(pool: ImagePool, draws: Draws, steps: int, noise: torch.Generator) -> GeneratorTraining:
            return self.training(
                pool, draws, generator=Generator(**shape), critic=Critic(**shape), steps=steps, noise=noise, to=context
            )

        with seeded(context.seed("generator")):
            training = (one_each if self.per_class else pooled)(train, context, make)
        return train_generator(training, steps=context.budget.generator_steps, context=context)

    @abstractmethod
    def training(
        self,
        pool: ImagePool,
        draws: Draws,
        *,
        generator: Generator,
        critic: Critic,
        steps: int,
        noise: torch.Generator,
        to: Context,
    ) -> GeneratorTraining:
        """One generator and its critic; see `AdversarialTraining` for the arguments."""


@register
class Wgan(Wasserstein):
    """Weights of the critic clipped to [−0.01, 0.01], RMSprop, five critic steps."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="wgan",
        version=1,
        tier="two-stage",
        summary="Wasserstein GAN with weight clipping, one per class or one for all",
        reference="Arjovsky, Chintala & Bottou, arXiv 1701.07875, algorithm 1",
        can_sample=True,
    )

    def training(
        self,
        pool: ImagePool,
        draws: Draws,
        *,
        generator: Generator,
        critic: Critic,
        steps: int,
        noise: torch.Generator,
        to: Context,
    ) -> GeneratorTraining:
        """See `Wasserstein.training`."""
        rate = short_run_rate(RATE_CLIPPED, steps=steps)
        return ClippedTraining(
            pool,
            draws,
            generator=generator,
            discriminator=critic,
            optimise=lambda g, d: (
                torch.optim.RMSprop(g.parameters(), lr=rate),
                torch.optim.RMSprop(d.parameters(), lr=rate),
            ),
            latent=LATENT,
            critic_steps=CRITIC_STEPS,
            steps=steps,
            noise=noise,
            context=to,
        )


@register
class WganGp(Wasserstein):
    """Gradient penalty 10 on U(0, 1) interpolates, Adam, five critic steps."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="wgan-gp",
        version=1,
        tier="two-stage",
        summary="Wasserstein GAN with gradient penalty, one per class or one for all",
        reference="Gulrajani et al., arXiv 1704.00028, algorithm 1",
        can_sample=True,
    )

    def training(
        self,
        pool: ImagePool,
        draws: Draws,
        *,
        generator: Generator,
        critic: Critic,
        steps: int,
        noise: torch.Generator,
        to: Context,
    ) -> GeneratorTraining:
        """See `Wasserstein.training`."""
        rate = short_run_rate(RATE_PENALISED, steps=steps)
        return PenalisedTraining(
            pool,
            draws,
            generator=generator,
            discriminator=critic,
            optimise=adams(generator=rate, discriminator=rate, betas=BETAS),
            latent=LATENT,
            critic_steps=CRITIC_STEPS,
            steps=steps,
            noise=noise,
            context=to,
        )


class Critic(nn.Module):
    """Image to score: strided 4×4 convolutions and LeakyReLU 0.2, no normalisation.

    Args:
        channels: Of the images.
        size: Height and width in pixels, a power of two.
        width: Channels of the first layer; they double towards the score.
        labels: Number of one-hot planes beside the image; 0 for none.
    """

    def __init__(self, *, channels: int, size: int, width: int, labels: int) -> None:
        super().__init__()
        self.labels = labels
        widths = [channels + labels, *(width << k for k in range(int(math.log2(size)) - 2))]
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [nn.Conv2d(inputs, outputs, kernel_size=4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * widths[-1], 1), nn.Flatten(0))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """(N, C, H, W) in [−1, 1] and (N,) int64 → (N,) scores."""
        if self.labels:
            planes = nn.functional.one_hot(labels, self.labels)[:, :, None, None].expand(-1, -1, *images.shape[2:])
            images = torch.cat([images, planes.to(images.dtype)], dim=1)
        return self.layers(images)


class WassersteinTraining(AdversarialTraining):
    """Critic and generator on the Wasserstein-1 distance [1701.07875, eq. 2 and 3]."""

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
        """−(E f(x) − E f(G(z))), the distance's estimate with its sign turned; one pass over both."""
        on_real, on_fake = self.score(torch.cat([real, fake]), labels.repeat(2)).chunk(2)
        return on_fake.mean() - on_real.mean()

    def generator_loss(self, fake: Tensor, labels: Tensor) -> Tensor:
        """−E f(G(z))."""
        return -self.score(fake, labels).mean()


class ClippedTraining(WassersteinTraining):
    """Line 7 of algorithm 1: w ← clip(w, −c, c)."""

    @torch.no_grad()
    def constrain(self) -> None:
        """Clips every weight of the critic."""
        for weight in self.discriminator.parameters():
            weight.clamp_(-CLIP, CLIP)


class PenalisedTraining(WassersteinTraining):
    """1704.00028, eq. 3."""

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
        """E f(G(z)) − E f(x) + λ E (‖∇ f(x̂)‖ − 1)²."""
        penalty = gradient_penalty(lambda x: self.discriminator(x, labels), real, fake, self.uniform(len(real)))
        return super().discriminator_loss(real, fake, labels) + PENALTY * penalty
