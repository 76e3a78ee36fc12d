"""``logit-adjusted`` and ``balanced-softmax``: the class prior taken out after training, or put into the loss.

Both are Fisher consistent for the balanced error [Menon et al., arXiv 2007.07314]; they differ in when the prior π
enters, and so in what the network spends itself on.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from datasets import LabelledImages
from methods.base import MethodInfo
from methods.catalogue import register
from methods.control.base import Control
from methods.training.classifier import Recipe
from methods.training.losses import PriorAdjustedLoss, log_prior


@register
class LogitAdjusted(Control):
    """Trains as ``none``; predicts from f_y(x) − τ log π_y [Menon, eq. 9]."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="logit-adjusted",
        version=1,
        tier="control",
        summary="prior correction after training: τ log π taken off the logits",
        reference="Menon et al., arXiv 2007.07314, equation 9",
    )
    tau: float = Field(1.0, ge=0, description="strength of the correction; 0 is none, 1 is consistent")

    def recipe(self, train: LabelledImages) -> Recipe:
        """See `Control.recipe`."""
        return Recipe(offset=-self.tau * log_prior(train.counts))


@register
class BalancedSoftmax(Control):
    """Trains on the cross-entropy of f_y(x) + τ log π_y [Ren, eq. 4; Menon, eq. 10]; predicts from f_y(x)."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="balanced-softmax",
        version=1,
        tier="control",
        summary="prior correction in training: τ log π added to the logits in the loss",
        reference="Ren et al., arXiv 2007.10740, equation 4; Menon et al., arXiv 2007.07314, equation 10",
    )
    tau: float = Field(1.0, ge=0, description="strength of the correction; 1 is Ren's balanced softmax")

    def recipe(self, train: LabelledImages) -> Recipe:
        """See `Control.recipe`."""
        return Recipe(loss=PriorAdjustedLoss(self.tau * log_prior(train.counts)))
