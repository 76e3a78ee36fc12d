"""``cwgan-gp``: a conditional Wasserstein GAN with gradient penalty, the label multiplied in.

Loss and settings of Gulrajani et al. (1704.00028), but for the learning rate: four times the published one, and
`short_run_rate` on top, which makes ten times at preset ``quick``, where G has 640 updates. At preset ``paper`` it has
20,000, in the published trainings 100,000. The class enters as an embedding *multiplied* with the
latent in G and with the image features in the critic, whose output stays one score: a cross-entropy beside a
Wasserstein loss is known to work badly. Embeddings start around one, and the latent passes a dense layer and a ReLU
first (our reading): the product of a label with noise of mean zero has mean zero for every label.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from torch import Tensor, nn

from methods.base import MethodInfo
from methods.catalogue import register
from methods.networks.convolutions import doubling, strided
from methods.networks.shape import Shape
from methods.training.adversarial import adams, short_run_rate
from methods.training.arrangement import Feed
from methods.two_stage import dcgan
from methods.two_stage.adversarial import Conditional
from methods.two_stage.dcgan import LATENT
from methods.two_stage.wgan import BETAS, CRITIC_STEPS, RATE_PENALISED, PenalisedTraining

LEARNING_RATE = 4 * RATE_PENALISED


@register
class CwganGp(Conditional):
    """One conditional generator for all classes on class-balanced real batches."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="cwgan-gp",
        version=4,
        tier="two-stage",
        summary="conditional Wasserstein GAN with gradient penalty, the label multiplied into latent and features",
        reference="Gulrajani et al., arXiv 1704.00028; conditioning by multiplication as in BAGAN-GP, arXiv 2011.00189",
        can_sample=True,
    )

    def training(self, shape: Shape, feed: Feed) -> PenalisedTraining:
        """See `Conditional.training`."""
        rate = short_run_rate(LEARNING_RATE, steps=feed.steps)
        return PenalisedTraining(
            feed,
            generator=Generator(shape),
            discriminator=Critic(shape),
            latent=LATENT,
            optimise=adams(generator=rate, discriminator=rate, betas=BETAS),
            critic_steps=CRITIC_STEPS,
        )


class Generator(nn.Module):
    """DCGAN's generator on ReLU(dense(z)) × e_y."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.dense = nn.Sequential(nn.Linear(LATENT, LATENT), nn.ReLU())
        self.embedding = _around_one(shape.classes, LATENT)
        self.network = dcgan.Generator(replace(shape, classes=0))

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """(N, 100) and (N,) int64 → (N, C, H, W) in [−1, 1]."""
        return self.network(self.dense(noise) * self.embedding(labels), labels)


class Critic(nn.Module):
    """Strided 4×4 convolutions without normalisation → features × e_y → one score."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        widths = doubling(shape.width, size=shape.size)
        self.trunk = strided([shape.channels, *widths])
        self.embedding = _around_one(shape.classes, 16 * widths[-1])
        self.head = nn.Linear(16 * widths[-1], 1)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """(N, C, H, W) in [−1, 1] and (N,) int64 → (N,) scores."""
        return self.head(self.trunk(images) * self.embedding(labels)).squeeze(1)


def _around_one(classes: int, features: int) -> nn.Embedding:
    """Different enough at the start that a label is heard, near enough to one that no feature is lost."""
    embedding = nn.Embedding(classes, features)
    nn.init.normal_(embedding.weight, 1.0, 0.5)
    return embedding
