"""``wgan`` and ``wgan-gp``: Wasserstein GANs [Arjovsky et al. 1701.07875; Gulrajani et al. 1704.00028].

``wgan`` takes DCGAN's networks as they are (1701.07875, section 4): with clipped weights and no normalisation the
critic led G to stripes (docs/methods.md). ``wgan-gp`` has a critic of the same convolutions without normalisation,
since batch normalisation would make a score depend on the other images and the penalty is stated for each image alone
(1704.00028, section 4).

The learning rates of ``wgan`` are five (G) and 2.5 times (critic) the published 5e-5, that of ``wgan-gp`` is the
published 1e-4; `short_run_rate` comes on top. With four classes at preset ``quick`` that makes 20, 10 and 4 times the
published ones, for 160 updates of G a class; at preset ``paper`` there are 5,000 of them, and nothing comes on top.
The published trainings have 100,000 (docs/methods.md has the trials).
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from methods.base import MethodInfo
from methods.catalogue import register
from methods.networks.convolutions import beside, doubling, strided
from methods.networks.shape import Shape
from methods.training.adversarial import AdversarialTraining, adams, gradient_penalty, rmsprops, short_run_rate
from methods.training.arrangement import Feed
from methods.two_stage.adversarial import PerClassOrPooled
from methods.two_stage.dcgan import LATENT, Discriminator, Generator

CRITIC_STEPS = 5
CLIP, RATE_CLIPPED_G, RATE_CLIPPED_D = 0.01, 2.5e-4, 1.25e-4
PENALTY, RATE_PENALISED, BETAS = 10.0, 1e-4, (0.0, 0.9)


@register
class Wgan(PerClassOrPooled):
    """Weights of the critic clipped to [−0.01, 0.01], RMSprop, five critic steps."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="wgan",
        version=4,
        tier="two-stage",
        summary="Wasserstein GAN with weight clipping, one per class or one for all",
        reference="Arjovsky, Chintala & Bottou, arXiv 1701.07875, algorithm 1",
        can_sample=True,
    )

    def training(self, shape: Shape, feed: Feed) -> ClippedTraining:
        """See `Conditional.training`."""
        rates = [short_run_rate(rate, steps=feed.steps) for rate in (RATE_CLIPPED_G, RATE_CLIPPED_D)]
        return ClippedTraining(
            feed,
            generator=Generator(shape),
            discriminator=Discriminator(shape),
            latent=LATENT,
            optimise=rmsprops(generator=rates[0], discriminator=rates[1]),
            critic_steps=CRITIC_STEPS,
        )


@register
class WganGp(PerClassOrPooled):
    """Gradient penalty 10 on U(0, 1) interpolates, Adam, five critic steps."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="wgan-gp",
        version=3,
        tier="two-stage",
        summary="Wasserstein GAN with gradient penalty, one per class or one for all",
        reference="Gulrajani et al., arXiv 1704.00028, algorithm 1",
        can_sample=True,
    )

    def training(self, shape: Shape, feed: Feed) -> PenalisedTraining:
        """See `Conditional.training`."""
        rate = short_run_rate(RATE_PENALISED, steps=feed.steps)
        return PenalisedTraining(
            feed,
            generator=Generator(shape),
            discriminator=Critic(shape),
            latent=LATENT,
            optimise=adams(generator=rate, discriminator=rate, betas=BETAS),
            critic_steps=CRITIC_STEPS,
        )


class Critic(nn.Module):
    """Image to score: strided 4×4 convolutions and LeakyReLU 0.2, no normalisation.

    Args:
        shape: The width is that of the first layer; it doubles towards the score.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.classes = shape.classes
        widths = doubling(shape.width, size=shape.size)
        trunk = strided([shape.channels + shape.classes, *widths])
        self.layers = nn.Sequential(trunk, nn.Linear(16 * widths[-1], 1), nn.Flatten(0))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """(N, C, H, W) in [−1, 1] and (N,) int64 → (N,) scores."""
        return self.layers(beside(images, labels, classes=self.classes))


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

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
        """As above, in two passes: batch normalisation is not to see which images are real."""
        return self.score(fake, labels).mean() - self.score(real, labels).mean()

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
