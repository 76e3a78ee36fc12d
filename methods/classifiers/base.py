"""The Classifier interface and the registry: a name with parameters, which builds a network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar, TypeAlias

from pydantic import AfterValidator
from torch import nn

from datasets import Component, Parameter, Registry


@dataclass(frozen=True)
class ClassifierInfo:
    """What a classifier is.

    Attributes:
        name: Name in the registry.
        summary: One line.
        reference: Paper or source.
        learning_rate: Peak learning rate of AdamW at which it trains well; the same for every method.
        parameters: Filled in on registration.
    """

    name: str
    summary: str
    reference: str
    learning_rate: float
    parameters: tuple[Parameter, ...] = ()


class Classifier(Component, ABC):
    """A classifier as named: parameters only. ``build`` makes the network.

    Subclasses set ``info`` and import their libraries inside ``build``, so that checking a name stays cheap.
    """

    info: ClassVar[ClassifierInfo]

    @abstractmethod
    def build(self, *, channels: int, classes: int, size: int, width: int) -> nn.Module:
        """Makes the network, initialised from torch's global generator.

        Args:
            channels: Of the images, 1 or 3.
            classes: How many.
            size: Height and width of the images in pixels.
            width: Channels of the first stage (``budget.classifier_width``).

        Returns:
            A network from (N, channels, size, size) float32 in [−1, 1] to (N, classes) logits.

        Raises:
            NotApplicable: The architecture does not fit such images.
        """


CLASSIFIERS: Registry[Classifier] = Registry("classifier", package="methods.classifiers", group="bench.classifiers")


def _canonical(name: str) -> str:
    return CLASSIFIERS.build(name).name


ClassifierName: TypeAlias = Annotated[str, AfterValidator(_canonical)]
"""A classifier as a method's parameter: checked when the method is configured, kept in its canonical spelling."""

register = CLASSIFIERS.register
"""Class decorator that enters a classifier under ``cls.info.name``; a name that is taken is a ``SpecError``."""
