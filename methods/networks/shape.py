"""What every pair of generator and discriminator is built to."""

from __future__ import annotations

import math
from dataclasses import dataclass

from datasets import LabelledImages
from methods.base import Context, NotApplicable


@dataclass(frozen=True)
class Shape:
    """Size of images and of networks.

    Attributes:
        channels: Of the images.
        size: Height and width of the images in pixels.
        width: Channels of the narrowest layer; what deeper layers have is a multiple of it.
        classes: How many the networks tell apart; 0 for an unconditional pair.
    """

    channels: int
    size: int
    width: int
    classes: int

    @classmethod
    def of(cls, train: LabelledImages, context: Context) -> Shape:
        """For these images, all their classes, and the width of the budget."""
        _, channels, size, _ = train.images.shape
        return cls(channels, size, context.budget.generator_width, len(train.classes))


def require_power_of_two(name: str, size: int) -> None:
    """Raises NotApplicable where convolutions of stride 2 do not lead from the image down to 4 × 4.

    Args:
        name: Of the method or classifier.
        size: Height and width of the images in pixels.
    """
    if size < 16 or size & (size - 1):
        raise NotApplicable(
            f"{name} needs an image size that is a power of two from 16 on, got {size}; write for example "
            f"--budget size={max(16, 2 ** round(math.log2(size)))}."
        )


def require_width(name: str, width: int, multiple: int) -> None:
    """Raises NotApplicable where networks cannot be built to a width.

    Args:
        name: Of the method.
        width: ``budget.generator_width``.
        multiple: What it has to be a multiple of.
    """
    if width < 1 or width % multiple:
        raise NotApplicable(
            f"{name} needs a generator width that is a multiple of {multiple}, got {width}; write for example "
            f"--budget generator_width={max(1, round(width / multiple)) * multiple}."
        )
