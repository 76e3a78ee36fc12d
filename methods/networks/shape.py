"""What every pair of generator and discriminator is built to."""

from __future__ import annotations

from dataclasses import dataclass

from datasets import LabelledImages
from methods.base import Context


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
