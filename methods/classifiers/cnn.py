"""``cnn``: three stages of two 3×3 convolutions, the small network that most users would start from."""

from __future__ import annotations

from typing import ClassVar

from torch import nn

from methods.classifiers.base import Classifier, ClassifierInfo, register


@register
class Cnn(Classifier):
    """Stages of width w, 2w, 4w at full, half and quarter resolution; global average; one linear layer."""

    info: ClassVar[ClassifierInfo] = ClassifierInfo(
        name="cnn",
        summary="three stages of two 3×3 convolutions with batch normalisation",
        reference="VGG's stages (Simonyan & Zisserman, arXiv 1409.1556) with batch normalisation",
        learning_rate=3e-3,
    )

    def build(self, *, channels: int, classes: int, size: int, width: int) -> nn.Module:
        """See `Classifier.build`; any size of at least 4."""
        del size
        return nn.Sequential(
            *_stage(channels, width),
            nn.MaxPool2d(2),
            *_stage(width, 2 * width),
            nn.MaxPool2d(2),
            *_stage(2 * width, 4 * width),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(4 * width, classes),
        )


def _stage(inputs: int, outputs: int) -> list[nn.Module]:
    return [*_conv(inputs, outputs), *_conv(outputs, outputs)]


def _conv(inputs: int, outputs: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]
