"""``oversample``: every class is drawn equally often."""

from __future__ import annotations

from typing import ClassVar

from datasets import LabelledImages
from methods.base import MethodInfo
from methods.catalogue import register
from methods.control.base import Control
from methods.training.classifier import Recipe


@register
class Oversample(Control):
    """Class-balanced batches of real images, cross-entropy."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="oversample",
        version=1,
        tier="control",
        summary="class-balanced sampling of the real images",
        reference="random oversampling, in the survey of Buda, Maki & Mazurowski, arXiv 1710.05381",
    )

    def recipe(self, train: LabelledImages) -> Recipe:
        """See `Control.recipe`."""
        del train
        return Recipe(balanced=True)
