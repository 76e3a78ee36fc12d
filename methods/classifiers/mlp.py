"""``mlp``: fully connected layers on the pixels, the baseline that knows nothing of images."""

from __future__ import annotations

from typing import ClassVar

from torch import nn

from methods.classifiers.base import Classifier, ClassifierInfo, register


@register
class Mlp(Classifier):
    """Two hidden layers of 16 w and 8 w units with batch normalisation and dropout."""

    info: ClassVar[ClassifierInfo] = ClassifierInfo(
        name="mlp",
        summary="two fully connected hidden layers with batch normalisation and dropout",
        reference="dropout as in Srivastava et al., JMLR 15 (2014), with less of it beside batch normalisation",
        learning_rate=1e-3,
    )
    dropout: float = 0.2

    def build(self, *, channels: int, classes: int, size: int, width: int) -> nn.Module:
        """See `Classifier.build`; any size."""
        first, second = 16 * width, 8 * width
        return nn.Sequential(
            nn.Flatten(),
            *self._hidden(channels * size * size, first),
            *self._hidden(first, second),
            nn.Linear(second, classes),
        )

    def _hidden(self, inputs: int, outputs: int) -> list[nn.Module]:
        return [
            nn.Linear(inputs, outputs, bias=False),
            nn.BatchNorm1d(outputs),
            nn.ReLU(inplace=True),
            nn.Dropout(self.dropout),
        ]
