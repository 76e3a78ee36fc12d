"""``vit``: a lean vision transformer with a convolutional stem."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from torch import nn

from methods.classifiers.base import Classifier, ClassifierInfo, register


@register
class Vit(Classifier):
    """`methods.networks.vit.Trunk` with tokens of 4 w, and a linear layer on the mean of its tokens."""

    info: ClassVar[ClassifierInfo] = ClassifierInfo(
        name="vit",
        summary="lean vision transformer: convolutional stem, 4 × 4 tokens",
        reference="Dosovitskiy et al., arXiv 2010.11929; stem of Xiao et al., arXiv 2106.14881",
        learning_rate=1e-3,
    )
    depth: int = Field(3, ge=1, description="transformer blocks")
    grid: int = Field(4, ge=1, description="tokens along a side")

    def build(self, *, channels: int, classes: int, size: int, width: int) -> nn.Module:
        """See `Classifier.build`; any size from 8."""
        from methods.networks.vit import Mean, Trunk

        dim = 4 * width
        trunk = Trunk(channels=channels, size=size, dim=dim, depth=self.depth, heads=4, grid=self.grid)
        return nn.Sequential(trunk, Mean(), nn.Linear(dim, classes))
