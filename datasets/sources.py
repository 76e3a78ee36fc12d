"""The two kinds of source: images that lie somewhere, and images that are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from datasets.base import FreshImages, LabelledImages, Source, Split
from datasets.cache import Arrays, cached
from datasets.splits import TRAIN_VALID_TEST, Part, divide

Draw: TypeAlias = Callable[[NDArray[np.int64], int, np.random.Generator], tuple[NDArray[np.uint8], NDArray[np.int64]]]
"""(N,) labels, size and a generator → (N, C, H, W) uint8 images and (N,) int64 groups."""

Thin: TypeAlias = Callable[[NDArray[np.int64]], NDArray[np.int64]]
"""(K,) training images per class → (K,) how many of them training keeps."""


@dataclass(frozen=True)
class Collected(Source):
    """Images that lie somewhere, split anew by each seed.

    Attributes:
        fingerprint: See `Source`.
        classes: See `Source`.
        load: Gives all images at a size, always in the same order.
        held: Share of the training images (of whole groups, where there are groups) that no method trains on:
            the pool that `Split.fresh` draws from.
        thin: An imbalance protocol for the training images; those it leaves out join the pool.
    """

    fingerprint: str
    classes: tuple[str, ...]
    load: Callable[[int], LabelledImages]
    held: float = 0.0
    thin: Thin | None = None

    def split(self, *, size: int, seed: int) -> Split:
        """Splits 70/10/20, stratified, whole groups on one side; see `Source.split`."""
        images = self.load(size)
        rng = np.random.default_rng(seed)
        train, valid, test = divide(
            images.labels, groups=images.groups, classes=self.classes, shares=TRAIN_VALID_TEST, rng=rng
        )
        train, held = self._hold(images, train, rng)
        train, left = self._thin(images, train, rng)
        pool = np.concatenate([held, left])
        return Split(
            train=images.subset(train),
            valid=images.subset(valid),
            test=images.subset(test),
            rule="resampled",
            fresh=from_pool(images.subset(pool)) if len(pool) else None,
        )

    def _hold(
        self, images: LabelledImages, train: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        if not self.held:
            return train, train[:0]
        kept, held = divide(
            images.labels[train],
            groups=None if images.groups is None else images.groups[train],
            classes=self.classes,
            shares=(1 - self.held, self.held),
            rng=rng,
        )
        return train[kept], train[held]

    def _thin(
        self, images: LabelledImages, train: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        if self.thin is None:
            return train, train[:0]
        labels = images.labels[train]
        keep = self.thin(np.bincount(labels, minlength=len(self.classes)).astype(np.int64))
        kept = [rng.permutation(train[labels == label])[: keep[label]] for label in range(len(self.classes))]
        chosen = np.sort(np.concatenate(kept))
        return chosen, np.setdiff1d(train, chosen)


def from_pool(pool: LabelledImages) -> FreshImages:
    """More real images out of a pool: each once before any comes a second time."""

    def fresh(labels: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.uint8]:
        chosen = np.empty(len(labels), dtype=np.int64)
        for label in np.unique(labels):
            asked = np.flatnonzero(labels == label)
            members = np.flatnonzero(pool.labels == label)
            rounds = -(-len(asked) // len(members))
            drawn = np.concatenate([generator.permutation(members) for _ in range(rounds)])
            chosen[asked] = drawn[: len(asked)]
        return pool.images[chosen]

    return fresh


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
