"""``resnet18``: the residual network of eighteen layers, with a stem for small images."""

from __future__ import annotations

from typing import ClassVar

from torch import nn

from methods.classifiers.base import Classifier, ClassifierInfo, register

SMALL = 64
"""Largest image in pixels that gets the small stem; the published stem would leave it a map of 2 × 2."""


@register
class ResNet18(Classifier):
    """Four stages of two basic blocks of width w, 2w, 4w, 8w (w = 64 is the published one).

    Images of at most 64 pixels get a 3×3 stem without stride or pooling, as the paper has it for CIFAR-10
    (section 4.2); larger ones the 7×7 stem of section 3.3. Layers carry torchvision's names.

    The learning rate was checked, not chosen: 1e-3 gave .82 and .71, 2e-3 .83 and .79, 4e-3 .81 and .75 (validation
    balanced accuracy on `chula-rbc-4[part=develop]`, seeds 0 and 1, 600 updates of `quick`).
    """

    info: ClassVar[ClassifierInfo] = ClassifierInfo(
        name="resnet18",
        summary="residual network of 18 layers; 3×3 stem up to 64 pixels",
        reference="He et al., arXiv 1512.03385; blocks from torchvision",
        learning_rate=2e-3,
    )

    def build(self, *, channels: int, classes: int, size: int, width: int) -> nn.Module:
        """See `Classifier.build`; any size."""
        return _ResNet(channels=channels, classes=classes, width=width, small=size <= SMALL)


class _ResNet(nn.Sequential):
    def __init__(self, *, channels: int, classes: int, width: int, small: bool) -> None:
        super().__init__()
        if small:
            self.conv1 = nn.Conv2d(channels, width, kernel_size=3, padding=1, bias=False)
        else:
            self.conv1 = nn.Conv2d(channels, width, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        if not small:
            self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = _stage(width, width, stride=1)
        self.layer2 = _stage(width, 2 * width, stride=2)
        self.layer3 = _stage(2 * width, 4 * width, stride=2)
        self.layer4 = _stage(4 * width, 8 * width, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(8 * width, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def _stage(inputs: int, outputs: int, *, stride: int) -> nn.Sequential:
    from torchvision.models.resnet import BasicBlock

    shortcut = None
    if stride != 1 or inputs != outputs:
        shortcut = nn.Sequential(
            nn.Conv2d(inputs, outputs, kernel_size=1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
        )
    return nn.Sequential(BasicBlock(inputs, outputs, stride, shortcut), BasicBlock(outputs, outputs))
