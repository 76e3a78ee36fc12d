"""``mixup`` and ``cutmix``: batches whose images and labels are mixed in pairs, by torchvision."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from datasets import LabelledImages
from methods.base import MethodInfo
from methods.catalogue import register
from methods.control.base import Control
from methods.training.classifier import Recipe


@register
class Mixup(Control):
    """λ x_i + (1 − λ) x_j with the label mixed alike; one λ ~ Beta(α, α) a batch."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="mixup",
        version=1,
        tier="control",
        summary="convex combinations of pairs of images and of their labels",
        reference="Zhang et al., arXiv 1710.09412; torchvision.transforms.v2.MixUp",
    )
    alpha: float = Field(0.2, gt=0, description="of Beta(α, α); the paper takes 0.1 to 0.4 for ImageNet, 1 for CIFAR")

    def recipe(self, train: LabelledImages) -> Recipe:
        """See `Control.recipe`."""
        from torchvision.transforms.v2 import MixUp

        return Recipe(mix=MixUp(alpha=self.alpha, num_classes=len(train.classes)))


@register
class Cutmix(Control):
    """A rectangle of x_j pasted into x_i, the label mixed by area; one rectangle a batch."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="cutmix",
        version=1,
        tier="control",
        summary="a rectangle of one image pasted into another, labels mixed by area",
        reference="Yun et al., arXiv 1905.04899; torchvision.transforms.v2.CutMix",
    )
    alpha: float = Field(1.0, gt=0, description="of Beta(α, α) for the area kept; the paper takes 1")

    def recipe(self, train: LabelledImages) -> Recipe:
        """See `Control.recipe`."""
        from torchvision.transforms.v2 import CutMix

        return Recipe(mix=CutMix(alpha=self.alpha, num_classes=len(train.classes)))
