"""``class-weight``: rare classes weigh more in the loss, by inverse frequency."""

from __future__ import annotations

from typing import ClassVar

from datasets import LabelledImages
from methods.base import MethodInfo
from methods.catalogue import register
from methods.control.base import Control
from methods.training.classifier import Recipe
from methods.training.losses import WeightedLoss, inverse_frequency


@register
class ClassWeight(Control):
    """Cross-entropy with weights N / (K n_k), images in their natural frequency."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="class-weight",
        version=2,
        tier="control",
        summary="inverse-frequency class weights in the loss",
        reference="King & Zeng, Political Analysis 9:137 (2001), as scikit-learn's class_weight='balanced'",
    )

    def recipe(self, train: LabelledImages) -> Recipe:
        """See `Control.recipe`."""
        return Recipe(loss=WeightedLoss(inverse_frequency(train.counts)))
