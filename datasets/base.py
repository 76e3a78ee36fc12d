"""The Dataset interface: from a name with parameters to a source of images, and from a source to a split."""

from __future__ import annotations

import functools
import hashlib
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from datasets.component import Component, Parameter
from datasets.errors import DatasetError
from datasets.gather import gather
from datasets.imbalance import SYNTAX, checked, kept_counts

T = TypeVar("T", bound=np.generic)

SplitRule: TypeAlias = Literal["fresh", "resampled", "fixed-test"]
"""How the test sets of different seeds relate: drawn anew, resampled from the same images, or the same always."""

SPLIT_VERSION = 1
"""Goes up when the same seed would give another split; enters the protocol."""


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
        skip_bad_images: Whether images that cannot be read are left out, and listed, instead of refused.
    """

    data: Path | None = None
    cache: Path = field(default_factory=lambda: Places.default_cache())  # noqa: PLW0108 - no such name yet
    skip_bad_images: bool = False

    @staticmethod
    def default_cache() -> Path:
        """``BENCH_CACHE`` or ``XDG_CACHE_HOME/augbench`` or ``~/.cache/augbench``."""
        if given := os.environ.get("BENCH_CACHE"):
            return Path(given)
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "augbench"

    @classmethod
    def choose(cls, data: Path | None = None, cache: Path | None = None, *, skip_bad_images: bool = False) -> Places:
        """Options first, then the environment, then the defaults."""
        from_environment = os.environ.get("BENCH_DATA")
        return cls(
            data=data or (Path(from_environment) if from_environment else None),
            cache=cache or cls.default_cache(),
            skip_bad_images=skip_bad_images,
        )


@dataclass(frozen=True)
class LabelledImages:
    """Images with their labels.

    Attributes:
        images: (N, C, H, W) uint8, 0…255, possibly memory-mapped; C is 1 or 3.
        labels: (N,) int64, 0…K−1.
        classes: K class names.
        groups: (N,) int64 or text: slide, patient or image of origin; None where images stand alone.
        names: (N,) text: what messages call each image (its path inside the set); None where nothing names them.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    groups: NDArray[np.generic] | None = None
    names: NDArray[np.str_] | None = None

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
        """The images at these indices, in this order; a large pick from a mapped set is mapped again."""
        chosen = np.asarray(indices, dtype=np.int64)
        return replace(
            self,
            images=gather(self.images, chosen),
            labels=self.labels[chosen],
            groups=None if self.groups is None else self.groups[chosen],
            names=None if self.names is None else self.names[chosen],
        )


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
        left_out: A sentence for each image that could not be read, or was not looked for where it lies.
    """

    train: LabelledImages
    valid: LabelledImages
    test: LabelledImages
    rule: SplitRule
    fresh: FreshImages | None = None
    left_out: tuple[str, ...] = ()


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

    Subclasses set ``info`` and declare their parameters as fields. What every dataset can do is done here, so that
    a plug-in's can as well: `imbalance` thins the training images of whatever source ``open`` gives.
    """

    info: ClassVar[DatasetInfo]

    imbalance: Annotated[str | None, AfterValidator(checked)] = Field(default=None, description=SYNTAX)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Makes each subclass's ``open`` obey `imbalance`."""
        super().__pydantic_init_subclass__(**kwargs)
        if "open" in vars(cls):
            cls.open = _thinning(cls.open)  # pyright: ignore[reportAttributeAccessIssue]

    @abstractmethod
    def open(self, places: Places) -> Source:
        """Finds the data and reads what is needed to know what it is.

        Raises:
            DatasetError: The data is missing or unreadable; the message says where to put which file.
        """


def _thinning(opened: Callable[[Any, Places], Source]) -> Callable[[Any, Places], Source]:
    @functools.wraps(opened)
    def open_thinned(self: Dataset, places: Places) -> Source:
        source = opened(self, places)
        if self.imbalance is None or isinstance(source, Thinned):  # by the `open` of the class that it extends
            return source
        return Thinned(source, self.imbalance, self.info.name)

    return open_thinned


@dataclass(frozen=True)
class Pool:
    """More real images out of those that no method trains on: each once before any comes a second time."""

    images: LabelledImages

    def __call__(self, labels: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.uint8]:
        """See `FreshImages`.

        Raises:
            DatasetError: The pool has no image of a class asked for.
        """
        chosen = np.empty(len(labels), dtype=np.int64)
        for label in np.unique(labels):
            asked = np.flatnonzero(labels == label)
            members = np.flatnonzero(self.images.labels == label)
            if not len(members):
                raise DatasetError(
                    f"no image of class {self.images.classes[label]!r} is held back for more real ones; give held=0.5."
                )
            rounds = -(-len(asked) // len(members))
            drawn = np.concatenate([generator.permutation(members) for _ in range(rounds)])
            chosen[asked] = drawn[: len(asked)]
        return self.images.images[chosen]

    def __add__(self, other: Pool) -> Pool:
        """The images of both."""
        a, b = self.images, other.images
        return Pool(
            LabelledImages(
                np.concatenate([a.images, b.images]),
                np.concatenate([a.labels, b.labels]),
                classes=a.classes,
                groups=_both(a.groups, b.groups),
                names=_both(a.names, b.names),
            )
        )


def _both(a: NDArray[T] | None, b: NDArray[T] | None) -> NDArray[T] | None:
    """One behind the other; nothing where one is not known."""
    return None if a is None or b is None else np.concatenate([a, b])


class Thinned(Source):
    """A source of which training keeps as many images of each class as an imbalance protocol says.

    Validation and test images keep their natural counts. Which images stay is drawn from the split's seed; a protocol
    that keeps fewer keeps some of those that one that keeps more does. What is left out joins the pool of fresh images.

    Args:
        source: Where the images come from.
        protocol: See `datasets.imbalance`.
        dataset: Name of the dataset, whose published counts a protocol may mean.
    """

    def __init__(self, source: Source, protocol: str, dataset: str) -> None:
        self.source = source
        self.protocol = protocol
        self.dataset = dataset
        self.classes = source.classes
        named = json.dumps([source.fingerprint, "imbalance", protocol])
        self.fingerprint = hashlib.sha256(named.encode()).hexdigest()

    def split(self, *, size: int, seed: int) -> Split:
        """Splits the source and thins its training images; see `Source.split`.

        Raises:
            DatasetError: A class has fewer training images than the protocol asks for.
        """
        whole = self.source.split(size=size, seed=seed)
        train = whole.train
        every = train.counts + whole.valid.counts + whole.test.counts
        keep = kept_counts(self.protocol, train.counts, classes=self.classes, dataset=self.dataset, every=every)
        for name, wanted, has in zip(self.classes, keep, train.counts, strict=True):
            if wanted > has:
                raise DatasetError(
                    f"imbalance={self.protocol} wants {wanted} training images of class {name!r}, which has {has}; "
                    "ask for fewer."
                )
        rng = np.random.default_rng([_THINNING, seed])
        members = [rng.permutation(np.flatnonzero(train.labels == label)) for label in range(len(self.classes))]
        kept = np.sort(np.concatenate([of[:n] for of, n in zip(members, keep, strict=True)]))
        left = Pool(train.subset(np.setdiff1d(np.arange(len(train)), kept)))
        fresh = whole.fresh
        if fresh is None or isinstance(fresh, Pool):
            fresh = left if fresh is None else fresh + left
        return replace(whole, train=train.subset(kept), fresh=fresh if len(left.images) else whole.fresh)


_THINNING = 0x7_411  # a stream of its own beside the split's, which begins with the same seed
