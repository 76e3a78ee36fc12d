"""``strided``: the discriminator of DCGAN with an output for each class."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from torch import nn

from methods.classifiers.base import Classifier, ClassifierInfo, register


@register
class Strided(Classifier):
    """4×4 convolutions of stride 2 down to 4 × 4, width w and doubling; one linear layer.

    As published: LeakyReLU 0.2, batch normalisation but in the first layer, N(0, 0.02) in the convolutions. The last
    layer and the normalisations start as torch's do.

    The learning rate was checked, not chosen: 3e-4 gave .61 and .49, 1e-3 .63 and .56, 3e-3 .62 and .52 (validation
    balanced accuracy on `chula-rbc-4[part=develop]`, seeds 0 and 1, 600 updates of `quick`).
    """

    info: ClassVar[ClassifierInfo] = ClassifierInfo(
        name="strided",
        summary="strided 4×4 convolutions with batch normalisation: DCGAN's discriminator",
        reference="Radford, Metz & Chintala, arXiv 1511.06434",
        learning_rate=1e-3,
    )

    def build(self, *, channels: int, classes: int, size: int, width: int) -> nn.Module:
        """See `Classifier.build`; sizes that are powers of two from 16 on."""
        from methods.networks.convolutions import doubling
        from methods.networks.shape import require_power_of_two

        require_power_of_two("strided", size)
        widths = doubling(width, size=size)
        layers: list[nn.Module] = [_down(channels, widths[0]), nn.LeakyReLU(0.2)]
        for inputs, outputs in pairwise(widths):
            layers += [_down(inputs, outputs), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * widths[-1], classes))


def _down(inputs: int, outputs: int) -> nn.Conv2d:
    layer = nn.Conv2d(inputs, outputs, kernel_size=4, stride=2, padding=1, bias=False)
    nn.init.normal_(layer.weight, 0.0, 0.02)
    return layer
