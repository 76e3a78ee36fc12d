"""``vitgan``: the two-stage counterpart of ``unified``: the same networks and budgets, one after the other.

The generator, the discriminator's trunk and its source head, their losses, learning rates and transforms are those of
``unified``; there is no class head. Then the same trunk, from the same initial weights, is trained as classifier on
real and generated images, as every two-stage method does.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from datasets import LabelledImages
from methods.base import Context, MethodInfo
from methods.catalogue import register
from methods.classifiers import CLASSIFIERS
from methods.classifiers.base import ClassifierName
from methods.networks.shape import Shape, require_width
from methods.networks.vit_generator import HEADS, LATENT, Generator, require_whole_patches
from methods.training.arrangement import pooled
from methods.training.fitted import FittedGenerator
from methods.training.generator import train_generator
from methods.training.projection import ProjectionTraining
from methods.training.randomness import seeded
from methods.training.transforms import classic
from methods.training.trunk import discriminator, trunk_and_head
from methods.two_stage.base import TwoStage


@register
class VitGan(TwoStage):
    """ViT generator, ViT discriminator with projection; then a ViT classifier from scratch."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="vitgan",
        version=3,
        tier="two-stage",
        summary="ViT conditional GAN, then a ViT classifier: the two-stage counterpart of unified",
        reference="Lee et al., arXiv 2107.04589; Miyato & Koyama, arXiv 1802.05637; our reading",
        can_sample=True,
    )
    classifier: ClassifierName = Field("vit", description="the classifier that is judged")
    classic: bool = Field(
        True,
        description="the transforms of `classic` on what classifier and discriminator see, DiffAugment and the "
        "square's symmetries",
    )

    def fit_generator(self, train: LabelledImages, context: Context) -> FittedGenerator:
        """See `TwoStage.fit_generator`."""
        shape = Shape.of(train, context)
        require_whole_patches(self.info.name, shape.size)
        require_width(self.info.name, shape.width, HEADS)
        steps = context.budget.generator_steps
        with seeded(context.seed("generator")):
            trunk, _ = trunk_and_head(self.trunk, train=train, context=context)
            training = ProjectionTraining(
                pooled(train, context, turned=self.classic, rate=self.generator_rate),
                options=CLASSIFIERS.build(self.trunk),
                transform=classic if self.classic else None,
                generator=Generator(shape, projection=True),
                discriminator=discriminator(
                    trunk, train=train, width=shape.width, projected=shape.classes, classify=None
                ),
                latent=LATENT,
            )
        return train_generator(training, steps=steps, context=context)

    @property
    def trunk(self) -> str:
        """The classifier whose trunk the discriminator has: the judged one where that is a ViT."""
        return self.classifier if CLASSIFIERS.build(self.classifier).info.name == "vit" else "vit"
