"""``focal``: images that are already classified well weigh less in the loss."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from datasets import LabelledImages
from methods.base import MethodInfo
from methods.catalogue import register
from methods.control.base import Control
from methods.training.classifier import Recipe
from methods.training.losses import FocalLoss


@register
class Focal(Control):
    """The loss −(1 − p_y)^γ log p_y, images in their natural frequency."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="focal",
        version=1,
        tier="control",
        summary="focal loss",
        reference="Lin et al., arXiv 1708.02002, equation 4",
    )
    gamma: float = Field(2.0, ge=0, description="focusing; 0 is cross-entropy, 2 the paper's choice")

    def recipe(self, train: LabelledImages) -> Recipe:
        """See `Control.recipe`."""
        del train
        return Recipe(loss=FocalLoss(self.gamma))
