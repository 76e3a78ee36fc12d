"""``dcgan``: deep convolutional GAN [Radford, Metz & Chintala 2015, arXiv 1511.06434; settings of pytorch/examples].

Published width is 64 at 64 × 64 pixels. The paper's GAN knows no classes; here it is trained once per class, or
once for all with the label concatenated to its inputs (our reading of "conditional": one-hot beside the noise in G,
constant one-hot planes beside the image in D).
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from datasets import LabelledImages
from methods.base import Context, MethodInfo
from methods.catalogue import register
from methods.training.draws import Balanced, Draws, Permutations
from methods.training.ema import Ema, decay_for
from methods.training.generator import FittedGenerator, GeneratorTraining, train_generator
from methods.training.images import ImagePool, send
from methods.training.per_class import PerClassTraining
from methods.training.precision import autocast
from methods.training.randomness import seeded
from methods.two_stage.base import TwoStage, require_power_of_two

LATENT = 100
LEARNING_RATE, BETAS = 2e-4, (0.5, 0.999)


@register
class DcGan(TwoStage):
    """Generator and discriminator of strided convolutions, minimax with the non-saturating generator loss."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="dcgan",
        version=1,
        tier="two-stage",
        summary="deep convolutional GAN, one per class or one for all",
        reference="Radford, Metz & Chintala, arXiv 1511.06434; settings of pytorch/examples",
        can_sample=True,
    )
    per_class: bool = Field(True, description="one generator for every class, which share the budget; else one for all")

    def fit_generator(self, train: LabelledImages, context: Context) -> FittedGenerator:
        """See `TwoStage.fit_generator`."""
        require_power_of_two(self.info.name, train)
        with seeded(context.seed("generator")):
            training = self._per_class(train, context) if self.per_class else self._for_all(train, context)
        return train_generator(training, steps=context.budget.generator_steps, context=context)

    def _for_all(self, train: LabelledImages, context: Context) -> GeneratorTraining:
        """Real images are drawn class-balanced: else the discriminator would tell rare fakes by their label alone."""
        return DcGanTraining(
            ImagePool.of(train, context.device),
            Balanced(train.labels, context.rng("generator-batches")),
            labels=len(train.classes),
            steps=context.budget.generator_steps,
            noise=context.rng("generator-noise"),
            context=context,
        )

    def _per_class(self, train: LabelledImages, context: Context) -> GeneratorTraining:
        """A class smaller than a batch fills it by repetition."""
        pool = ImagePool.of(train, context.device)
        present = [int(label) for label in np.flatnonzero(train.counts)]
        return PerClassTraining(
            {
                label: DcGanTraining(
                    pool,
                    Permutations(
                        torch.as_tensor(np.flatnonzero(train.labels == label)),
                        context.rng(f"generator-batches-{label}"),
                    ),
                    labels=0,
                    steps=context.budget.generator_steps // len(present),
                    noise=context.rng(f"generator-noise-{label}"),
                    context=context,
                )
                for label in present
            }
        )


class Generator(nn.Module):
    """Noise to image: transposed 4×4 convolutions of stride 2, batch normalisation and ReLU, tanh at the end.

    Args:
        channels: Of the images.
        size: Height and width in pixels, a power of two.
        width: Channels of the last hidden layer; they double towards the noise.
        labels: Length of the one-hot label beside the noise; 0 for none.
    """

    def __init__(self, *, channels: int, size: int, width: int, labels: int) -> None:
        super().__init__()
        self.labels = labels
        doublings = int(math.log2(size)) - 3
        inner = width << doublings
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(LATENT + labels, inner, kernel_size=4, bias=False),
            *_after(inner, nn.ReLU(inplace=True)),
        ]
        for _ in range(doublings):
            layers += [_up(inner, inner // 2), *_after(inner // 2, nn.ReLU(inplace=True))]
            inner //= 2
        self.layers = nn.Sequential(*layers, _up(inner, channels), nn.Tanh())
        self.apply(_initialise)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """(N, 100) and (N,) int64 → (N, C, H, W) in [−1, 1]."""
        if self.labels:
            noise = torch.cat([noise, nn.functional.one_hot(labels, self.labels).to(noise.dtype)], dim=1)
        return self.layers(noise[:, :, None, None])


class Discriminator(nn.Module):
    """Image to score: strided 4×4 convolutions, batch normalisation but in the first, LeakyReLU 0.2.

    Args:
        channels: Of the images.
        size: Height and width in pixels, a power of two.
        width: Channels of the first layer; they double towards the score.
        labels: Number of one-hot planes beside the image; 0 for none.
    """

    def __init__(self, *, channels: int, size: int, width: int, labels: int) -> None:
        super().__init__()
        self.labels = labels
        layers: list[nn.Module] = [_down(channels + labels, width), nn.LeakyReLU(0.2, inplace=True)]
        for _ in range(int(math.log2(size)) - 3):
            layers += [_down(width, 2 * width), *_after(2 * width, nn.LeakyReLU(0.2, inplace=True))]
            width *= 2
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, 1, kernel_size=4, bias=False), nn.Flatten(0))
        self.apply(_initialise)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """(N, C, H, W) in [−1, 1] and (N,) int64 → (N,) logits of being real."""
        if self.labels:
            planes = nn.functional.one_hot(labels, self.labels)[:, :, None, None].expand(-1, -1, *images.shape[2:])
            images = torch.cat([images, planes.to(images.dtype)], dim=1)
        return self.layers(images)


class DcGanTraining(GeneratorTraining):
    """One generator and its discriminator in training, by turns one update each.

    Args:
        pool: Training images.
        draws: Which of them come next.
        labels: Number of classes that the networks are told apart; 0 for an unconditional pair.
        steps: Updates that it will get.
        context: What the engine offers.
        noise: Draws z; on the CPU.
    """

    latent = LATENT

    def __init__(
        self,
        pool: ImagePool,
        draws: Draws,
        *,
        labels: int,
        steps: int,
        context: Context,
        noise: torch.Generator,
    ) -> None:
        size, channels = pool.images.shape[2:]
        shape = {"channels": channels, "size": size, "width": context.budget.generator_width, "labels": labels}
        self.generator = Generator(**shape).to(context.device).to(memory_format=torch.channels_last)
        self.discriminator = Discriminator(**shape).to(context.device).to(memory_format=torch.channels_last)
        self._ema = Ema(self.generator, decay_for(steps))
        self.average = self._ema.network
        self._optimise_g = _adam(self.generator)
        self._optimise_d = _adam(self.discriminator)
        self._pool, self._draws, self._noise, self._context = pool, draws, noise, context

    def update(self) -> dict[str, Tensor]:
        """Algorithm 1 of Goodfellow et al. (1406.2661) with one step each, on the same generated images."""
        context = self._context
        real, labels = self._pool.take(self._draws.take(context.budget.batch))
        noise = send(torch.randn(len(real), LATENT, generator=self._noise), context.device)

        with autocast(context.device, context.precision):
            fake = self.generator(noise, labels)
            on_real = self.discriminator(real, labels)
            on_fake = self.discriminator(fake.detach(), labels)
        # max_D  log D(x) + log(1 − D(G(z)))
        loss_d = _cross_entropy(on_real, real=True) + _cross_entropy(on_fake, real=False)
        self._optimise_d.zero_grad()
        loss_d.backward()
        self._optimise_d.step()

        self.discriminator.requires_grad_(False)
        with autocast(context.device, context.precision):
            on_fake = self.discriminator(fake, labels)
        # max_G  log D(G(z)), the form that does not saturate
        loss_g = _cross_entropy(on_fake, real=True)
        self._optimise_g.zero_grad()
        loss_g.backward()
        self._optimise_g.step()
        self.discriminator.requires_grad_(True)

        self._ema.update()
        return {"discriminator_loss": loss_d.detach(), "generator_loss": loss_g.detach()}


def _cross_entropy(logits: Tensor, *, real: bool) -> Tensor:
    """Mean −log σ(logit) for "real", −log(1 − σ(logit)) for "fake", in float32."""
    return nn.functional.softplus(-logits.float() if real else logits.float()).mean()


def _adam(network: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, betas=BETAS, fused=True)


def _up(inputs: int, outputs: int) -> nn.Module:
    return nn.ConvTranspose2d(inputs, outputs, kernel_size=4, stride=2, padding=1, bias=False)


def _down(inputs: int, outputs: int) -> nn.Module:
    return nn.Conv2d(inputs, outputs, kernel_size=4, stride=2, padding=1, bias=False)


def _after(channels: int, activation: nn.Module) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels), activation]


def _initialise(module: nn.Module) -> None:
    """Convolutions N(0, 0.02); normalisation N(1, 0.02) as in pytorch/examples."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
