"""The Method interface: what a method is given, what it gives back, and what it may ask of the suite."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from datasets import Component, LabelledImages, Parameter
from methods.classifiers.base import ClassifierName
from methods.state import HasState

Tier: TypeAlias = Literal["control", "two-stage", "unified"]
Family: TypeAlias = Literal["main", "placebo", "ablation"]
Precision: TypeAlias = Literal["float32", "bfloat16"]
Phase: TypeAlias = Literal["pretrain", "generator", "synthesis", "classifier", "joint"]


class Diverged(RuntimeError):
    """Training left the finite numbers: the method's own result, not a fault of the run.

    Attributes:
        step: Step at which it was seen.
        quantity: Name of the scalar that is no longer finite.
    """

    def __init__(self, step: int, quantity: str) -> None:
        super().__init__(f"{quantity} is not finite at step {step}.")
        self.step = step
        self.quantity = quantity


class NotApplicable(RuntimeError):
    """The method cannot be run on this data, for the reason it states; the run is recorded as skipped."""


@dataclass(frozen=True)
class MethodInfo:
    """What a method is.

    Attributes:
        name: Name in the registry.
        version: Goes up when the method's results change.
        tier: Which of the three.
        summary: One line.
        reference: Paper or source.
        can_sample: Whether what it fits can draw images.
        family: The family of comparisons it is tested in by default.
        parameters: Filled in on registration.
    """

    name: str
    version: int
    tier: Tier
    summary: str
    reference: str
    can_sample: bool = False
    family: Family = "main"
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True)
class Budget:
    """What a run may spend; part of the protocol, the same for every method of a study.

    Attributes:
        size: Height and width of the images in pixels.
        batch: Images per update, of classifier and generator alike.
        classifier_steps: Updates of the class loss.
        classifier_width: Channels of the classifier's first stage.
        generator_steps: Discriminator (critic) updates, shared out among per-class generators; autoencoder updates
            are counted inside.
        generator_width: Channels of the generator's and discriminator's narrowest layer.
    """

    size: int
    batch: int
    classifier_steps: int
    classifier_width: int
    generator_steps: int
    generator_width: int


SampleImages: TypeAlias = Callable[[NDArray[np.int64], torch.Generator], NDArray[np.uint8]]
"""(N,) int64 labels and a CPU generator → (N, C, H, W) uint8 images."""


class Context(Protocol):
    """What the engine offers a method while it fits. A method asks for nothing else of the suite."""

    @property
    def device(self) -> torch.device:
        """Where to compute."""
        ...

    @property
    def precision(self) -> Precision:
        """What networks run in; losses, penalties and statistics stay in float32."""
        ...

    @property
    def threads(self) -> int:
        """CPU threads of this run."""
        ...

    @property
    def budget(self) -> Budget:
        """What may be spent."""
        ...

    @property
    def artifacts(self) -> Path:
        """A folder of this run's own, for files worth keeping."""
        ...

    def seed(self, stream: str) -> int:
        """0…2^63−1: a hash of (dataset fingerprint, seed, stream), the same for every method and machine."""
        ...

    def rng(self, stream: str) -> torch.Generator:
        """A new CPU generator seeded with ``seed(stream)``; asking twice gives the same numbers twice."""
        ...

    def phase(self, name: Phase, steps: int | None = None) -> AbstractContextManager[None]:
        """The clock: what runs inside is timed under this name. Phases do not nest; entering one again adds to it.

        Args:
            name: Which phase.
            steps: How many steps this stretch will log, for the progress display.
        """
        ...

    def steps(self, count: int, state: HasState) -> Iterable[int]:
        """The steps of a training: ``for step in context.steps(count, state)``, within its phase.

        A long run writes the state now and then, together with that of clock, curves and global random generators. If
        it is killed, the next attempt does all again up to its last trainings, which go on from where they were
        written: the state is put back before the first step that is given, and there may be none left.

        Args:
            count: How many.
            state: All that changes in the steps and is used in later ones, or afterwards; see `methods.Stateful`.

        Yields:
            1…count, or the rest of them.
        """
        ...

    def log(self, step: int, **scalars: float | Tensor) -> None:
        """Reports one step of the current phase: progress, curves, and the check for numbers that are not finite.

        Cheap enough to be called at every step: tensors are read only every few steps, so nothing waits for the
        device.

        Args:
            step: 1, 2, … within the phase (or stretch of it).
            **scalars: Curves by name; 0-d tensors may stay on the device.

        Raises:
            Diverged: A scalar that was read is not finite.
        """
        ...

    def fresh(self, labels: NDArray[np.int64]) -> NDArray[np.uint8]:
        """More real images with these labels, (N, C, H, W) uint8.

        Raises:
            NotApplicable: The dataset neither draws images nor holds some back.
        """
        ...

    def quality(self, sample: SampleImages) -> float:
        """How far generated images are from the validation images (KID, ``random`` extractor); lower is better.

        For the choice of a generator's checkpoint, never for a result. NaN where no class has two validation images.
        """
        ...


class Fitted(ABC):
    """What fitting leaves: predictions, and images where the method can sample."""

    @abstractmethod
    def predict_proba(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Class probabilities.

        Args:
            images: (N, C, H, W) uint8.

        Returns:
            (N, K) float32, rows sum to one.
        """

    def sample(self, labels: NDArray[np.int64], generator: torch.Generator) -> NDArray[np.uint8]:
        """Draws an image for each label.

        Args:
            labels: (N,) int64.
            generator: On the CPU; the same state gives the same images.

        Returns:
            (N, C, H, W) uint8.

        Raises:
            NotApplicable: The method cannot sample (``info.can_sample`` is false).
        """
        del labels, generator
        raise NotApplicable(f"{type(self).__name__} does not sample images.")

    @abstractmethod
    def state(self) -> dict[str, Tensor]:
        """All weights by name, on the CPU, for safetensors."""

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Takes over the weights that another fit of the same method left: the way back from ``state``.

        That is how kept weights are used again: the suite fits the method anew, for a few steps on noise of the same
        shape and classes, which makes its networks, and loads what was kept into them.

        Args:
            state: As `state` gave it.

        Raises:
            NotApplicable: The method has no way back.
        """
        del state
        raise NotApplicable(f"{type(self).__name__} cannot take weights back; give it a load(state).")


class Method(Component, ABC):
    """A method as named: parameters only, no state. ``fit`` does the work.

    Subclasses set ``info`` and declare further parameters as fields.
    """

    info: ClassVar[MethodInfo]
    classifier: ClassifierName = Field("cnn", description="the classifier that is judged")

    @property
    def can_sample(self) -> bool:
        """Whether what it fits can draw images, as it is configured."""
        return self.info.can_sample

    @abstractmethod
    def fit(self, train: LabelledImages, valid: LabelledImages, context: Context) -> Fitted:
        """Fits to the training images; the test images are never seen.

        Args:
            train: For fitting.
            valid: For selection and curves.
            context: What the engine offers.

        Raises:
            Diverged: Training left the finite numbers.
            NotApplicable: The method cannot be run on this data.
        """
