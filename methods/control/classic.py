"""``classic`` and ``classic-balanced``: label-preserving transforms, the second with class-balanced draws.

``classic-balanced`` is the reference arm: a strong simple baseline wherever flips and quarter turns keep the label.
"""

from __future__ import annotations

from typing import ClassVar

from datasets import LabelledImages
from methods.base import MethodInfo
from methods.catalogue import register
from methods.control.base import Control
from methods.training.classifier import Recipe
from methods.training.transforms import classic

REFERENCE = "flips, quarter turns, shifts, scale, brightness (Shorten & Khoshgoftaar, J. Big Data 6:60, 2019)"


@register
class Classic(Control):
    """Every image is turned, flipped, shifted, scaled and brightened at random, in its natural frequency."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="classic",
        version=1,
        tier="control",
        summary="label-preserving transforms: flips, quarter turns, small shifts and scale, brightness",
        reference=REFERENCE,
    )

    def recipe(self, train: LabelledImages) -> Recipe:
        """See `Control.recipe`."""
        del train
        return Recipe(transform=classic)


@register
class ClassicBalanced(Control):
    """As ``classic``, every class drawn equally often."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="classic-balanced",
        version=1,
        tier="control",
        summary="label-preserving transforms with class-balanced sampling: the reference arm",
        reference=REFERENCE,
    )

    def recipe(self, train: LabelledImages) -> Recipe:
        """See `Control.recipe`."""
        del train
        return Recipe(transform=classic, balanced=True)
