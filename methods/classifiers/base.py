"""The Classifier interface and the registry: a name with parameters, which builds a network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, Field, PlainSerializer, SerializationInfo
from torch import nn

from datasets import Component, Parameter, Registry
from methods.classifiers.weights_file import WeightsFile, content_hash


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

    Its parameters also say how it is trained, so that every method with this classifier, the reference arms too,
    trains it alike. Subclasses set ``info`` and import their libraries inside ``build``, so that checking a name
    stays cheap.
    """

    info: ClassVar[ClassifierInfo]

    learning_rate: float | None = Field(None, gt=0, description="peak of AdamW's; none for the classifier's own")
    schedule: Literal["cosine", "constant"] = Field("cosine", description="of the learning rate after its warm-up")
    warm_up: float = Field(0.05, ge=0, lt=1, description="share of the updates over which the learning rate rises")
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="share of a target spread evenly over all classes")
    mixup: float = Field(0.0, ge=0, description="α of Beta(α, α) for mixing pairs of a batch; 0 for none")
    weights: WeightsFile = Field(
        None, description="file of pretrained weights (.safetensors, .pt); a head of another size starts anew"
    )

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

    def parameters(self) -> dict[str, Any]:
        """All parameters as JSON values; in the place of a weights file's path its content's hash."""
        known = super().parameters()
        return known if self.weights is None else {**known, "weights": content_hash(self.weights)}


CLASSIFIERS: Registry[Classifier] = Registry("classifier", package="methods.classifiers", group="bench.classifiers")


def _as_given(spec: str) -> str:
    return CLASSIFIERS.build(spec).spelling


def _as_named(spec: str, info: SerializationInfo) -> str:
    return spec if info.context and info.context.get("paths") else CLASSIFIERS.build(spec).name


ClassifierName: TypeAlias = Annotated[str, AfterValidator(_as_given), PlainSerializer(_as_named)]
"""A classifier as a method's parameter: checked when the method is configured, kept in its canonical spelling."""

register = CLASSIFIERS.register
"""Class decorator that enters a classifier under ``cls.info.name``; a name that is taken is a ``SpecError``."""
