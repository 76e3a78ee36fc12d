"""``mlp-gan``: fully connected generator and discriminator [Goodfellow et al. 1406.2661].

For the question whether a convolutional classifier prefers images that convolutions made. Loss and settings are
those of ``dcgan``.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from datasets import LabelledImages
from methods.base import Context, MethodInfo
from methods.catalogue import register
from methods.training.adversarial import AdversarialTraining, adams, cross_entropy
from methods.training.arrangement import one_each, pooled
from methods.training.draws import Draws
from methods.training.generator import FittedGenerator, train_generator
from methods.training.images import ImagePool
from methods.training.randomness import seeded
from methods.two_stage.base import TwoStage
from methods.two_stage.dcgan import BETAS, LATENT, LEARNING_RATE


@register
class MlpGan(TwoStage):
    """Three hidden layers each; the published widths of such networks, 256 to 1,024, are those of width 64."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="mlp-gan",
        version=1,
        tier="two-stage",
        summary="fully connected GAN, one per class or one for all",
        reference="Goodfellow et al., arXiv 1406.2661; settings of dcgan",
        can_sample=True,
    )
    per_class: bool = Field(True, description="one generator for every class, which share the budget; else one for all")

    def fit_generator(self, train: LabelledImages, context: Context) -> FittedGenerator:
        """See `TwoStage.fit_generator`; any size of image."""
        shape = {
            "channels": train.images.shape[1],
            "size": train.images.shape[2],
            "width": context.budget.generator_width,
            "labels": 0 if self.per_class else len(train.classes),
        }

        def make(pool: ImagePool, draws: Draws, steps: int, noise: torch.Generator) -> Training:
            return Training(
                pool,
                draws,
                generator=Generator(**shape),
                discriminator=Discriminator(**shape),
                optimise=adams(generator=LEARNING_RATE, discriminator=LEARNING_RATE, betas=BETAS),
                latent=LATENT,
                critic_steps=1,
                steps=steps,
                noise=noise,
                context=context,
            )

        with seeded(context.seed("generator")):
            training = (one_each if self.per_class else pooled)(train, context, make)
        return train_generator(training, steps=context.budget.generator_steps, context=context)


class Generator(nn.Module):
    """Noise, with a one-hot label beside it where there are labels → 4 w, 8 w, 16 w → pixels, tanh.

    Args:
        channels: Of the images.
        size: Height and width in pixels.
        width: A quarter of the first hidden layer.
        labels: Length of the one-hot label; 0 for none.
    """

    def __init__(self, *, channels: int, size: int, width: int, labels: int) -> None:
        super().__init__()
        self.labels = labels
        layers: list[nn.Module] = []
        inputs = LATENT + labels
        for outputs in (4 * width, 8 * width, 16 * width):
            layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.LeakyReLU(0.2)]
            inputs = outputs
        last = nn.Linear(inputs, channels * size * size)
        self.layers = nn.Sequential(*layers, last, nn.Tanh(), nn.Unflatten(1, (channels, size, size)))

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """(N, 100) and (N,) int64 → (N, C, H, W) in [−1, 1]."""
        return self.layers(_beside(noise, labels, self.labels))


class Discriminator(nn.Module):
    """Pixels, with a one-hot label beside them where there are labels → 16 w, 8 w, 4 w → one logit.

    Args:
        channels: Of the images.
        size: Height and width in pixels.
        width: A quarter of the last hidden layer.
        labels: Length of the one-hot label; 0 for none.
    """

    def __init__(self, *, channels: int, size: int, width: int, labels: int) -> None:
        super().__init__()
        self.labels = labels
        layers: list[nn.Module] = []
        inputs = channels * size * size + labels
        for outputs in (16 * width, 8 * width, 4 * width):
            layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(0.2)]
            inputs = outputs
        self.layers = nn.Sequential(*layers, nn.Linear(inputs, 1), nn.Flatten(0))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """(N, C, H, W) in [−1, 1] and (N,) int64 → (N,) logits of being real."""
        return self.layers(_beside(images.flatten(1), labels, self.labels))


class Training(AdversarialTraining):
    """1406.2661, eq. 1, with the generator's loss that does not saturate."""

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
        """−E log D(x) − E log(1 − D(G(z)))."""
        on_real, on_fake = self.score(torch.cat([real, fake]), labels.repeat(2)).chunk(2)
        return cross_entropy(on_real, real=True) + cross_entropy(on_fake, real=False)

    def generator_loss(self, fake: Tensor, labels: Tensor) -> Tensor:
        """−E log D(G(z))."""
        return cross_entropy(self.score(fake, labels), real=True)


def _beside(features: Tensor, labels: Tensor, classes: int) -> Tensor:
    if not classes:
        return features
    return torch.cat([features, nn.functional.one_hot(labels, classes).to(features.dtype)], dim=1)
