"""``randaugment``: random transforms from torchvision's list, drawn anew for every image."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from datasets import LabelledImages
from methods.base import MethodInfo
from methods.catalogue import register
from methods.control.base import Control
from methods.training.classifier import Recipe
from methods.training.randomness import seeded
from methods.training.transforms import Transform


@register
class RandAugment(Control):
    """``operations`` transforms of the published fourteen in a row, all of one magnitude."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="randaugment",
        version=1,
        tier="control",
        summary="random transforms of geometry and colour, from torchvision's list",
        reference="Cubuk et al., arXiv 1909.13719; torchvision.transforms.v2.RandAugment",
    )
    operations: int = Field(2, ge=1, description="transforms in a row, N of the paper")
    magnitude: int = Field(9, ge=0, le=30, description="of each, M of the paper")

    def recipe(self, train: LabelledImages) -> Recipe:
        """See `Control.recipe`."""
        del train
        return Recipe(transform=randaugment(self.operations, self.magnitude))


def randaugment(operations: int, magnitude: int) -> Transform:
    """The transform; image by image, since the library draws once for whatever it is given.

    Args:
        operations: In a row.
        magnitude: 0…30.
    """
    from torchvision.transforms.v2 import RandAugment as Library

    library = Library(num_ops=operations, magnitude=magnitude)

    def transform(images: Tensor, generator: torch.Generator) -> Tensor:
        seed = int(torch.randint(0, 2**62, (1,), generator=generator))
        pixels = images.add(1.0).mul(127.5).round().to(torch.uint8)
        with seeded(seed):  # the library draws from torch's global generator
            changed = torch.stack([library(image) for image in pixels])
        return changed.to(images.dtype).div(127.5).sub(1.0)

    return transform
