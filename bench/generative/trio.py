"""What is measured on what: generated, test and training images of one class, or of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.generative.extractor import Embedding, Extractor
from datasets import LabelledImages

LEAST = 10
"""Images on either side that a figure needs at least."""


@dataclass(frozen=True)
class Seen:
    """Images, (N, C, H, W) uint8, and how the extractor sees them."""

    images: NDArray[np.uint8]
    embedding: Embedding

    def __len__(self) -> int:
        return len(self.images)

    @property
    def features(self) -> NDArray[np.float64]:
        """(N, D)."""
        return self.embedding.features

    def first(self, n: int) -> Seen:
        """The first n of them."""
        return Seen(self.images[:n], self.embedding[slice(n)])


@dataclass(frozen=True)
class Trio:
    """What one class, or all together, are measured on.

    Attributes:
        generated: Asked for as this class.
        test: The reference.
        train: What the generator may have learnt from, in random order; None where that is not known.
        beside_train: Test images that those are held against, in the same proportions of classes; all by default.
    """

    generated: Seen
    test: Seen
    train: Seen | None
    beside_train: Seen | None = None

    @property
    def too_few(self) -> str:
        """Why a figure cannot be had; empty if it can."""
        for side, seen in (("test", self.test), ("generated", self.generated)):
            if len(seen) < LEAST:
                return f"{len(seen)} {side} images, needs at least {LEAST}"
        return ""

    def alike(self) -> Trio:
        """As many generated, and at most as many training, images as test ones."""
        n = min(len(self.generated), len(self.test))
        train = None if self.train is None else self.train.first(n)
        return Trio(self.generated.first(n), self.test.first(n), train)


@dataclass
class Figures:
    """Figures as they come in, and why others do not."""

    values: dict[str, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def lack(self, reason: str, *metrics: str) -> None:
        """These metrics cannot be had."""
        self.missing |= dict.fromkeys(metrics, reason)

    def add(self, other: Figures) -> None:
        """The other's figures and reasons too."""
        self.values |= other.values
        self.missing |= other.missing


def trio_of_class(
    label: int,
    *,
    generated: LabelledImages,
    test: LabelledImages,
    train: LabelledImages | None,
    extractor: Extractor,
    rng: np.random.Generator,
) -> Trio | None:
    """One class's images as the extractor sees them; None without generated or test images."""

    def seen(of: LabelledImages | None, *, shuffled: bool = False) -> Seen | None:
        chosen = np.array([], np.int64) if of is None else np.flatnonzero(of.labels == label)
        if of is None or not len(chosen):
            return None
        images = np.asarray(of.images[rng.permutation(chosen) if shuffled else chosen])
        return Seen(images, extractor.embed(images))

    of_generated, of_test = seen(generated), seen(test)
    if of_generated is None or of_test is None:
        return None
    return Trio(of_generated, of_test, seen(train, shuffled=True))


def together(trios: Sequence[Trio]) -> Trio:
    """All classes as one, in the proportions of the test images.

    Where a class has fewer training than test images, the floor is of as few test images of it: else it would measure
    that training images are of other proportions.
    """
    alike = [trio.alike() for trio in trios]
    trains = [trio.train for trio in alike if trio.train is not None]
    known = len(trains) == len(alike)
    return Trio(
        _joined([trio.generated for trio in alike]),
        _joined([trio.test for trio in alike]),
        _joined(trains) if known else None,
        _joined([trio.test.first(len(train)) for trio, train in zip(alike, trains, strict=True)]) if known else None,
    )


def _joined(parts: Sequence[Seen]) -> Seen:
    images = np.concatenate([part.images for part in parts])
    logits = [part.embedding.logits for part in parts if part.embedding.logits is not None]
    features = np.concatenate([part.features for part in parts])
    return Seen(images, Embedding(features, np.concatenate(logits) if logits else None))
