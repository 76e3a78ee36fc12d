"""``resnet50``: the residual network of fifty layers, torchvision's, with a stem for small images."""

from __future__ import annotations

from typing import ClassVar

from torch import nn

from methods.classifiers.base import Classifier, ClassifierInfo, register
from methods.classifiers.resnet18 import SMALL


@register
class ResNet50(Classifier):
    """Bottleneck blocks 3-4-6-3 of the published widths, whatever the budget's width.

    Images of at most 64 pixels get a 3×3 stem without stride or pooling, as `ResNet18` has it.
    """

    info: ClassVar[ClassifierInfo] = ClassifierInfo(
        name="resnet50",
        summary="residual network of 50 layers, published widths; 3×3 stem up to 64 pixels",
        reference="He et al., arXiv 1512.03385; torchvision.models.resnet50",
        learning_rate=1e-3,
    )

    def build(self, *, channels: int, classes: int, size: int, width: int) -> nn.Module:
        """See `Classifier.build`; any size."""
        from torchvision.models import resnet50

        del width
        network = resnet50(num_classes=classes)
        if size <= SMALL:
            network.conv1 = nn.Conv2d(channels, 64, kernel_size=3, padding=1, bias=False)
            network.maxpool = nn.Identity()  # pyright: ignore[reportAttributeAccessIssue]
        elif channels != 3:
            network.conv1 = nn.Conv2d(channels, 64, kernel_size=7, stride=2, padding=3, bias=False)
        nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
        return network
