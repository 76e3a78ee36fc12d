"""The Dataset interface: from a name with parameters to a source of images, and from a source to a split."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from datasets.component import Component, Parameter

SplitRule: TypeAlias = Literal["fresh", "resampled", "fixed-test"]
"""How the test sets of different seeds relate: drawn anew, resampled from the same images, or the same always."""

SPLIT_VERSION = 1
"""Goes up when the same seed would give another split; enters the protocol."""


class DatasetError(ValueError):
    """A dataset that cannot be read or split; the message names the file and the way out."""


@dataclass(frozen=True)
class DatasetInfo:
    """What a dataset is.

    Attributes:
        name: Name in the registry.
        version: Goes up when the same parameters give other images.
        summary: One line.
        reference: Where the images come from, with licence.
        needs: What has to lie on the disk, and where; empty when nothing.
        parameters: Filled in on registration.
    """

    name: str
    version: int
    summary: str
    reference: str
    needs: str = ""
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True)
class Places:
    """Where data and caches lie. Never part of a run's identity.

    Attributes:
        data: Folder with the user's data sets (``--data-dir``, or ``BENCH_DATA``), if given.
        cache: Folder for decoded and drawn images (``--cache-dir``, or ``BENCH_CACHE``).
    """

    data: Path | None = None
    cache: Path = field(default_factory=lambda: Places.default_cache())  # noqa: PLW0108 - no such name yet

    @staticmethod
    def default_cache() -> Path:
        """``BENCH_CACHE`` or ``XDG_CACHE_HOME/augbench`` or ``~/.cache/augbench``."""
        if given := os.environ.get("BENCH_CACHE"):
            return Path(given)
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "augbench"

    @classmethod
    def choose(cls, data: Path | None = None, cache: Path | None = None) -> Places:
        """Options first, then the environment, then the defaults."""
        from_environment = os.environ.get("BENCH_DATA")
        return cls(
            data=data or (Path(from_environment) if from_environment else None),
            cache=cache or cls.default_cache(),
        )


@dataclass(frozen=True)
class LabelledImages:
    """Images with their labels.

    Attributes:
        images: (N, C, H, W) uint8, 0…255, possibly memory-mapped; C is 1 or 3.
        labels: (N,) int64, 0…K−1.
        classes: K class names.
        groups: (N,) int64 or text: slide, patient or image of origin; None where images stand alone.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    groups: NDArray[np.generic] | None = None

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.dtype != np.uint8:
            raise DatasetError(f"images must be (N, C, H, W) uint8, got {self.images.shape} {self.images.dtype}.")
        if len(self.images) != len(self.labels) or (self.groups is not None and len(self.groups) != len(self.labels)):
            raise DatasetError("images, labels and groups must be equally many.")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def counts(self) -> NDArray[np.int64]:
        """(K,) int64: images per class."""
        return np.bincount(self.labels, minlength=len(self.classes)).astype(np.int64)

    def subset(self, indices: NDArray[np.integer] | Sequence[int]) -> LabelledImages:
        """The images at these indices, in this order."""
        chosen = np.asarray(indices, dtype=np.int64)
        groups = None if self.groups is None else self.groups[chosen]
        return replace(self, images=self.images[chosen], labels=self.labels[chosen], groups=groups)


FreshImages: TypeAlias = Callable[[NDArray[np.int64], np.random.Generator], NDArray[np.uint8]]
"""More real images with the labels asked for: (N,) int64 and a generator → (N, C, H, W) uint8."""


@dataclass(frozen=True)
class Split:
    """What one seed makes of a dataset.

    Attributes:
        train: For fitting.
        valid: For selection.
        test: For the score, touched once.
        rule: How the test sets of different seeds relate.
        fresh: More real images of the training distribution, where the dataset can draw or holds some back.
    """

    train: LabelledImages
    valid: LabelledImages
    test: LabelledImages
    rule: SplitRule
    fresh: FreshImages | None = None


class Source(ABC):
    """An opened dataset: its images can be had, and what they are is known.

    Attributes:
        fingerprint: Hex digest of what the images, labels, classes and groups are: of contents and parameters,
            never of paths. Two machines with the same files have the same.
        classes: K class names, in label order.
    """

    fingerprint: str
    classes: tuple[str, ...]

    @abstractmethod
    def split(self, *, size: int, seed: int) -> Split:
        """Splits 70/10/20 into train, validation and test.

        Args:
            size: Height and width of the images in pixels.
            seed: 0…2^63−1, of the stream ``split``; the same seed gives the same split on every machine.

        Raises:
            DatasetError: A part would lack a class, or an image cannot be read.
        """


class Dataset(Component, ABC):
    """A dataset as named: parameters only; ``open`` looks at the disk.

    Subclasses set ``info`` and declare their parameters as fields.
    """

    info: ClassVar[DatasetInfo]

    @abstractmethod
    def open(self, places: Places) -> Source:
        """Finds the data and reads what is needed to know what it is.

        Raises:
            DatasetError: The data is missing or unreadable; the message says where to put which file.
        """
