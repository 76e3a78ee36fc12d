"""``cwgan-gp``: a conditional Wasserstein GAN with gradient penalty, the label multiplied in.

Loss and settings of Gulrajani et al. (1704.00028). The class enters as an embedding *multiplied* with the latent in
G and with the image features in the critic, whose output stays one score: a cross-entropy beside a Wasserstein loss
is known to work badly. Embeddings start around one (our reading).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from datasets import LabelledImages
from methods.base import Context, MethodInfo
from methods.catalogue import register
from methods.training.adversarial import adams, short_run_rate
from methods.training.arrangement import pooled
from methods.training.draws import Draws
from methods.training.generator import FittedGenerator, train_generator
from methods.training.images import ImagePool
from methods.training.randomness import seeded
from methods.two_stage import dcgan
from methods.two_stage.base import TwoStage, require_power_of_two
from methods.two_stage.wgan import BETAS, CRITIC_STEPS, RATE_PENALISED, PenalisedTraining


@register
class CwganGp(TwoStage):
    """One conditional generator for all classes on class-balanced real batches."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="cwgan-gp",
        version=1,
        tier="two-stage",
        summary="conditional Wasserstein GAN with gradient penalty, the label multiplied into latent and features",
        reference="Gulrajani et al., arXiv 1704.00028; conditioning by multiplication as in BAGAN-GP, arXiv 2011.00189",
        can_sample=True,
    )

    def fit_generator(self, train: LabelledImages, context: Context) -> FittedGenerator:
        """See `TwoStage.fit_generator`."""
        require_power_of_two(self.info.name, train)
        shape = {
            "channels": train.images.shape[1],
            "size": train.images.shape[2],
            "width": context.budget.generator_width,
            "classes": len(train.classes),
        }

        def make(pool: ImagePool, draws: Draws, steps: int, noise: torch.Generator) -> PenalisedTraining:
            rate = short_run_rate(RATE_PENALISED, steps=steps)
            return PenalisedTraining(
                pool,
                draws,
                generator=Generator(**shape),
                discriminator=Critic(**shape),
                optimise=adams(generator=rate, discriminator=rate, betas=BETAS),
                latent=dcgan.LATENT,
                critic_steps=CRITIC_STEPS,
                steps=steps,
                noise=noise,
                context=context,
            )

        with seeded(context.seed("generator")):
            training = pooled(train, context, make)
        return train_generator(training, steps=context.budget.generator_steps, context=context)


class Generator(nn.Module):
    """DCGAN's generator on z × e_y.

    Args:
        channels: Of the images.
        size: Height and width in pixels, a power of two.
        width: Channels of the last hidden layer.
        classes: How many.
    """

    def __init__(self, *, channels: int, size: int, width: int, classes: int) -> None:
        super().__init__()
        self.embedding = _around_one(classes, dcgan.LATENT)
        self.network = dcgan.Generator(channels=channels, size=size, width=width, labels=0)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """(N, 100) and (N,) int64 → (N, C, H, W) in [−1, 1]."""
        return self.network(noise * self.embedding(labels), labels)


class Critic(nn.Module):
    """Strided 4×4 convolutions without normalisation → features × e_y → one score.

    Args:
        channels: Of the images.
        size: Height and width in pixels, a power of two.
        width: Channels of the first layer; they double towards the score.
        classes: How many.
    """

    def __init__(self, *, channels: int, size: int, width: int, classes: int) -> None:
        super().__init__()
        widths = [channels, *(width << k for k in range(int(math.log2(size)) - 2))]
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [nn.Conv2d(inputs, outputs, kernel_size=4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        self.trunk = nn.Sequential(*layers, nn.Flatten())
        self.embedding = _around_one(classes, 16 * widths[-1])
        self.head = nn.Linear(16 * widths[-1], 1)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """(N, C, H, W) in [−1, 1] and (N,) int64 → (N,) scores."""
        return self.head(self.trunk(images) * self.embedding(labels)).squeeze(1)


def _around_one(classes: int, features: int) -> nn.Embedding:
    """Different enough at the start that a label is heard, near enough to one that no feature is lost."""
    embedding = nn.Embedding(classes, features)
    nn.init.normal_(embedding.weight, 1.0, 0.5)
    return embedding
