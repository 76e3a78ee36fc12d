"""``none``: the classifier on the real images as they are."""

from __future__ import annotations

from typing import ClassVar

from datasets import LabelledImages
from methods.base import MethodInfo
from methods.catalogue import register
from methods.control.base import Control
from methods.training.classifier import Recipe


@register
class Plain(Control):
    """Epochs over the training images, cross-entropy, nothing else."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="none",
        version=1,
        tier="control",
        summary="the classifier on the real images as they are",
        reference="the baseline of every comparison",
    )

    def recipe(self, train: LabelledImages) -> Recipe:
        """See `Control.recipe`."""
        del train
        return Recipe()
