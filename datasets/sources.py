"""The two kinds of source: images that lie somewhere, and images that are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from datasets.base import LabelledImages, Pool, Source, Split
from datasets.cache import Arrays, cached
from datasets.errors import DatasetError
from datasets.splits import TRAIN_VALID, TRAIN_VALID_TEST, Part, divide
from datasets.survey import Survey

Draw: TypeAlias = Callable[[NDArray[np.int64], int, np.random.Generator], tuple[NDArray[np.uint8], NDArray[np.int64]]]
"""(N,) labels, size and a generator → (N, C, H, W) uint8 images and (N,) int64 groups."""


@dataclass(frozen=True)
class Collection:
    """All images of a set at one size.

    Attributes:
        images: The images, possibly memory-mapped.
        usable: (M,) int64, rising: which of them take part (part of the set, and readable); None for all.
        fixed_test: (N,) bool: the official test images; None where there is no official split.
        left_out: A sentence for each image that could not be read, or was not looked for where it lies.
    """

    images: LabelledImages
    usable: NDArray[np.int64] | None = None
    fixed_test: NDArray[np.bool_] | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Collected(Source):
    """Images that lie somewhere, split anew by each seed, or with an official test set that no seed moves.

    Attributes:
        fingerprint: See `Source`.
        classes: See `Source`.
        load: Gives all images at a size, always in the same order.
        held: Share of the training images (of whole groups, where there are groups) that no method trains on:
            the pool that `Split.fresh` draws from.
        survey: What the files hold, where the set is made of files.
    """

    fingerprint: str
    classes: tuple[str, ...]
    load: Callable[[int], Collection]
    held: float = 0.0
    survey: Survey | None = None

    def split(self, *, size: int, seed: int) -> Split:
        """Splits 70/10/20, stratified, whole groups on one side; see `Source.split`.

        Where there is an official test set, the rest is split 7 : 1 into train and validation.

        Raises:
            DatasetError: See `Source.split`; or the official test set lacks a class.
        """
        set_ = self.load(size)
        try:
            return self._split(set_, seed)
        except DatasetError as error:
            if not set_.left_out:
                raise
            first, *more = (sentence.rstrip(".") for sentence in set_.left_out)
            were = f"{1 + len(more)} images were" if more else "1 image was"
            raise DatasetError(f"{str(error).rstrip('.')} ({were} left out, the first: {first}).") from error

    def _split(self, set_: Collection, seed: int) -> Split:
        rows = np.arange(len(set_.images)) if set_.usable is None else set_.usable
        rng = np.random.default_rng(seed)
        if set_.fixed_test is None:
            train, valid, test = self._divide(set_.images, rows, TRAIN_VALID_TEST, rng)
        else:
            test = rows[set_.fixed_test[rows]]
            self._whole(set_.images.labels[test])
            train, valid = self._divide(set_.images, rows[~set_.fixed_test[rows]], TRAIN_VALID, rng)
        train, held = self._divide(set_.images, train, (1 - self.held, self.held), rng) if self.held else (train, [])
        return Split(
            train=set_.images.subset(train),
            valid=set_.images.subset(valid),
            test=set_.images.subset(test),
            rule="resampled" if set_.fixed_test is None else "fixed-test",
            fresh=Pool(set_.images.subset(held)) if len(held) else None,
            left_out=set_.left_out,
        )

    def _whole(self, labels: NDArray[np.int64]) -> None:
        """Refuses an official test set, of these labels, that lacks a class."""
        for label, name in enumerate(self.classes):
            if not (labels == label).any():
                raise DatasetError(
                    f"class {name!r} has no image in the official test set; add some there, or leave the class out."
                )

    def _divide(
        self, images: LabelledImages, rows: NDArray[np.int64], shares: Sequence[float], rng: np.random.Generator
    ) -> list[NDArray[np.int64]]:
        groups = None if images.groups is None else images.groups[rows]
        parts = divide(images.labels[rows], groups=groups, classes=self.classes, shares=shares, rng=rng)
        return [rows[part] for part in parts]


@dataclass(frozen=True)
class Drawn(Source):
    """Images that a program draws: each seed has wholly new ones, as many as asked for.

    Attributes:
        fingerprint: See `Source`.
        classes: See `Source`.
        counts: (K,) training images per class; validation gets a seventh and test two sevenths of that, which
            makes 70/10/20.
        draw: Draws images with given labels; numbers their groups from 0.
        part: Development and report draw from disjoint ranges of seeds.
        cache: Folder that keeps what was drawn, so that all methods of a seed share it.
    """

    fingerprint: str
    classes: tuple[str, ...]
    counts: tuple[int, ...]
    draw: Draw
    part: Part
    cache: Path

    def split(self, *, size: int, seed: int) -> Split:
        """Draws train, validation and test with groups of their own; see `Source.split`."""
        kept = cached(self.cache, f"drawn-{self.fingerprint[:24]}-{size}-{seed}", lambda: self._arrays(size, seed))
        train, valid, test = (
            LabelledImages(
                images=kept[f"{name}_images"],
                labels=np.array(kept[f"{name}_labels"]),
                classes=self.classes,
                groups=np.array(kept[f"{name}_groups"]),
            )
            for name in ("train", "valid", "test")
        )

        def fresh(labels: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.uint8]:
            return self.draw(labels, size, generator)[0]

        return Split(train=train, valid=valid, test=test, rule="fresh", fresh=fresh)

    def _arrays(self, size: int, seed: int) -> Arrays:
        arrays: dict[str, NDArray[np.generic]] = {}
        n_groups = 0
        for number, (name, share) in enumerate(zip(("train", "valid", "test"), TRAIN_VALID_TEST, strict=True)):
            # The seed comes last: it alone may fill two words, so no two of these ever name the same stream.
            rng = np.random.default_rng([("develop", "report", "all").index(self.part), number, seed])
            counts = [max(1, round(n * share / TRAIN_VALID_TEST[0])) for n in self.counts]
            labels = rng.permutation(np.repeat(np.arange(len(counts), dtype=np.int64), counts))
            images, groups = self.draw(labels, size, rng)
            arrays |= {
                f"{name}_images": images,
                f"{name}_labels": labels,
                f"{name}_groups": groups + n_groups,
            }
            n_groups += int(groups.max()) + 1
        return arrays
