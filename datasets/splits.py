"""Who lands where: stratified division into parts, whole groups on one side, every class in every part.

Pure functions on labels and groups. Counts are compared with a tolerance and random numbers come from a numpy
``Generator``, so the same seed gives the same split on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from datasets.errors import DatasetError

Part: TypeAlias = Literal["develop", "report", "all"]
"""``develop`` is for tuning and choices, ``report`` for results; ``all`` is both."""

TRAIN_VALID_TEST = (0.7, 0.1, 0.2)
TRAIN_VALID = (0.875, 0.125)
DEVELOP_SHARE = 0.3

_STARTS = 4  # the best of a few: a large group that landed badly is not mended by single moves
_MOST_STARTS = 50  # where a class still lacks
_SWEEPS = 30
_LACK = 1e3  # outweighs any imbalance of the shares, which is below P · K


def in_part(names: Sequence[object] | NDArray[np.generic], part: Part) -> NDArray[np.bool_]:
    """Tells which groups belong to a part: a fixed 30 %, chosen by a hash of the name, are for development.

    Args:
        names: (N,) group of each image, or its index where images stand alone; compared as text.
        part: Which part.

    Returns:
        (N,) bool.
    """
    if part == "all":
        return np.ones(len(names), dtype=np.bool_)
    unique, inverse = np.unique(np.asarray([str(name) for name in names]), return_inverse=True)
    develop = np.array([_uniform(name) < DEVELOP_SHARE for name in unique], dtype=np.bool_)[inverse]
    return develop if part == "develop" else ~develop


def _uniform(name: str) -> float:
    """A fixed number in [0, 1) for a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big") / 2**48


def divide(
    labels: NDArray[np.int64],
    *,
    classes: Sequence[str],
    shares: Sequence[float],
    rng: np.random.Generator,
    groups: NDArray[np.generic] | None = None,
) -> list[NDArray[np.int64]]:
    """Divides images into parts with the same mix of classes, whole groups on one side.

    Args:
        labels: (N,) int64, 0…K−1.
        classes: K class names, for messages.
        shares: P positive shares that sum to 1.
        rng: Source of chance.
        groups: (N,) slide, patient or image of origin; None where images stand alone.

    Returns:
        P arrays of indices, each sorted; together they hold every image once.

    Raises:
        DatasetError: A part would lack a class; the message names the class and its counts.
    """
    if groups is None:
        part_of = _divide_images(labels, classes=classes, shares=shares, rng=rng)
    else:
        _, group_of = np.unique(groups, return_inverse=True)
        counts = np.zeros((group_of.max(initial=-1) + 1, len(classes)), dtype=np.int64)
        np.add.at(counts, (group_of, labels), 1)
        part_of = _divide_groups(counts, classes=classes, shares=shares, rng=rng)[group_of]
    return [np.flatnonzero(part_of == part) for part in range(len(shares))]


def _divide_images(
    labels: NDArray[np.int64], *, classes: Sequence[str], shares: Sequence[float], rng: np.random.Generator
) -> NDArray[np.int64]:
    part_of = np.empty(len(labels), dtype=np.int64)
    for label, name in enumerate(classes):
        members = np.flatnonzero(labels == label)
        if len(members) < len(shares):
            raise DatasetError(
                f"class {name!r} has {len(members)} images, too few for one in each of {len(shares)} parts; "
                "add images of it, or leave the class out."
            )
        parts = np.repeat(np.arange(len(shares)), allot(len(members), shares))
        part_of[rng.permutation(members)] = parts
    return part_of


def allot(n: int, shares: Sequence[float]) -> NDArray[np.int64]:
    """Shares out n ≥ P things in whole numbers: largest remainder, and at least one for each.

    >>> allot(10, (0.7, 0.1, 0.2)).tolist()
    [7, 1, 2]
    """
    exact = n * np.asarray(shares, dtype=np.float64)
    allotted = np.floor(exact + 1e-9).astype(np.int64)
    missing = n - int(allotted.sum())
    allotted[np.argsort(allotted - exact, kind="stable")[:missing]] += 1
    while (allotted == 0).any():
        allotted[allotted.argmax()] -= 1
        allotted[allotted.argmin()] += 1
    return allotted


def _divide_groups(
    counts: NDArray[np.int64], *, classes: Sequence[str], shares: Sequence[float], rng: np.random.Generator
) -> NDArray[np.int64]:
    """(G, K) images per group and class → (G,) part of each group."""
    for label, name in enumerate(classes):
        holding = int(np.count_nonzero(counts[:, label]))
        if holding < len(shares):
            raise DatasetError(
                f"class {name!r} has {counts[:, label].sum()} images in {holding} groups, too few for one group "
                f"in each of {len(shares)} parts; add groups that hold it, or leave the class out."
            )
    wanted = np.asarray(shares, dtype=np.float64)
    lacking = np.zeros(len(classes), dtype=np.bool_)
    best, least = None, np.inf
    for start in range(_MOST_STARTS):
        part_of, have, cost = _descend(counts, shares=wanted, rng=rng)
        lacking |= (have == 0).any(axis=0)
        if have.all() and cost < least - 1e-9:
            best, least = part_of, cost
        if best is not None and start + 1 >= _STARTS:
            return best
    listed = ", ".join(
        f"{name!r} has {counts[:, label].sum()} images in {np.count_nonzero(counts[:, label])} groups"
        for label, name in enumerate(classes)
        if lacking[label]
    )
    raise DatasetError(
        f"no division of the {len(counts)} groups was found that gives each of {len(shares)} parts every class "
        f"({listed}); add groups that hold these classes, or leave them out."
    )


def _descend(
    counts: NDArray[np.int64], *, shares: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:
    """Starts from a division by chance and moves single groups while that brings the class shares closer.

    Returns:
        (G,) part of each group, (P, K) images per part and class, and what their distance from the wanted shares is.
    """
    total = counts.sum(axis=0)
    wanted = shares[:, None] * total

    def cost(have: NDArray[np.int64]) -> NDArray[np.float64]:
        """(P, K) images per part and class → (P,): squared distance to the shares, and classes lacking."""
        return ((have - wanted) ** 2 / (wanted * total)).sum(axis=1) + _LACK * (have == 0).sum(axis=1)

    part_of = np.searchsorted(np.cumsum(shares)[:-1], rng.random(len(counts)), side="right").astype(np.int64)
    have = np.zeros(wanted.shape, dtype=np.int64)
    np.add.at(have, part_of, counts)
    for _ in range(_SWEEPS):
        moved = False
        for group in rng.permutation(len(counts)):
            have[part_of[group]] -= counts[group]
            added = cost(have + counts[group]) - cost(have)
            best = int(added.argmin())
            if added[best] < added[part_of[group]] - 1e-9:
                part_of[group], moved = best, True
            have[part_of[group]] += counts[group]
        if not moved:
            break
    return part_of, have, float(cost(have).sum())
