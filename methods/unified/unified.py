"""``unified``: one ViT conditional GAN whose discriminator classifies [Li, Li, Peng & Lovell, arXiv 2212.09977].

Only abstracts of the paper could be read. Stated there: a pure ViT conditional GAN with a classification head,
synthesis and classification in one process; conditional class projection; dynamic weighting of the classification
losses; selective augmentation. The rest is our reading, in the line of ViTGAN [2107.04589], AC-GAN [1610.09585] and
HistoGAN [Med. Image Anal. 67 (2021) 101816]; docs/unified.md says what was tried.

    L_D = −log σ(D(x, y)) − log σ(−D(G(z, y), y)) + γ R1 + Σ exp(−s_i) L_i + s_i / 2,   i = real, generated
    L_G = −log σ(D(G(z, y), y)) + 0.1 CE(class head(G(z, y)), y)
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from torch import nn

from datasets import LabelledImages
from methods.base import Context, MethodInfo
from methods.catalogue import register
from methods.classifiers import CLASSIFIERS
from methods.classifiers.base import ClassifierName
from methods.networks.discriminator import NormHead
from methods.networks.shape import Shape, require_power_of_two, require_width
from methods.networks.vit_generator import HEADS, LATENT, Generator, require_whole_patches
from methods.training.arrangement import pooled
from methods.training.draws import Balanced
from methods.training.selection import Selection
from methods.training.transforms import classic
from methods.training.trunk import discriminator, trunk_and_head
from methods.two_stage.cgan_diffaug import Generator as ConvGenerator
from methods.unified.base import Joint
from methods.unified.joint import JointTraining, Settings
from methods.unified.weighting import Weighting

TRUNK = {"vit": "vit", "conv": "cnn"}
"""The classifier whose trunk the discriminator of each backbone has."""


@register
class Unified(Joint):
    """One trunk, a source head and a class head; generated images that pass the selection enter the class loss."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="unified",
        version=5,
        tier="unified",
        summary="ViT conditional GAN with a class head: generates and classifies in one training",
        reference="Li, Li, Peng & Lovell, arXiv 2212.09977 (abstract); our reading",
        can_sample=True,
    )
    classifier: ClassifierName = Field("vit", description="the trunk, and so the classifier that is judged")
    backbone: Literal["vit", "conv"] = Field("vit", description="conv: cnn as trunk, a convolutional generator")
    projection: bool = Field(True, description="class projection in the source head and in G's modulations")
    weighting: Weighting = Field("uncertainty", description="of the class losses on real and on generated images")
    selection: Selection = Field("full", description="which generated images enter the class loss")
    generated: bool = Field(True, description="whether generated images enter the class loss at all")
    adversarial: bool = Field(True, description="false: no GAN, the class loss on real images alone")
    share: float = Field(0.0, ge=0, le=1, description="of the source loss's gradient, what goes on into the trunk")
    warm_up: float = Field(0.5, ge=0, le=1, description="share of the class updates before generated images enter")

    @model_validator(mode="before")
    @classmethod
    def _trunk_of_the_backbone(cls, values: Any) -> Any:
        if isinstance(values, dict) and "classifier" not in values and values.get("backbone") in TRUNK:
            return {**values, "classifier": TRUNK[values["backbone"]]}
        return values

    @model_validator(mode="after")
    def _trunk_fits_the_backbone(self) -> Self:
        if CLASSIFIERS.build(self.classifier).info.name != TRUNK[self.backbone]:
            raise ValueError(
                f"backbone={self.backbone} has the trunk of classifier {TRUNK[self.backbone]}, not of "
                f"{self.classifier}; leave classifier out"
            )
        return self

    @property
    def can_sample(self) -> bool:
        """Not without an adversary."""
        return self.adversarial

    def source_updates(self, context: Context) -> int:
        """See `Joint.source_updates`."""
        return super().source_updates(context) if self.adversarial else 0

    def training(self, train: LabelledImages, context: Context) -> JointTraining:
        """See `Joint.training`."""
        shape = Shape.of(train, context)
        trunk, linear = trunk_and_head(self.classifier, train=train, context=context)
        projected = shape.classes if self.projection else 0
        return JointTraining(
            pooled(train, context, turned=self.classic, rate=self.generator_rate),
            classes=train.classes,
            class_draws=Balanced(train.labels, context.rng("batches")),
            settings=Settings(self.weighting, self.selection, self.generated, self.warm_up, self.share),
            options=CLASSIFIERS.build(self.classifier),
            transform=classic if self.classic else None,
            generator=self.generator(shape, train),
            discriminator=discriminator(
                trunk, train=train, width=shape.width, projected=projected, classify=NormHead(linear)
            ),
            latent=LATENT,
        )

    def generator(self, shape: Shape, train: LabelledImages) -> nn.Module:
        """G of the backbone.

        Raises:
            NotApplicable: The image size or the width does not suit it.
        """
        if self.backbone == "conv":
            require_power_of_two(f"{self.info.name}[backbone=conv]", train.images.shape[2])
            return ConvGenerator(shape)
        require_whole_patches(self.info.name, shape.size)
        require_width(self.info.name, shape.width, HEADS)
        return Generator(shape, projection=self.projection)
