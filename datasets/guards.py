"""What makes a split worthless: a group, or the same image, on both sides of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from datasets.base import LabelledImages, Pool, Split
from datasets.images import resize

HASH_SIDE = 16
NEAR_BITS = 24
"""Bits of 256 in which the hashes of near duplicates differ at most: of 1600 drawn cells, alike as these are, no two
are nearer than 30, and two thirds of them keep within 24 of themselves when saved as a JPEG of quality 90."""

_BANDS = NEAR_BITS + 1
_MOST_IN_BAND = 500  # a band that more images than this share is that of a flat background


@dataclass(frozen=True)
class Duplicate:
    """Two images that are the same, or nearly.

    Attributes:
        a: Part and name of one.
        b: Part and name of the other.
        crosses: Whether they lie in different parts.
        same_label: Whether they have the same class.
    """

    a: str
    b: str
    crosses: bool
    same_label: bool


def parts(split: Split) -> dict[str, LabelledImages]:
    """The parts of a split by name."""
    return {"train": split.train, "valid": split.valid, "test": split.test}


def leaks(split: Split) -> list[str]:
    """What crosses a split, a sentence each: groups first, then images that are the same at the run's size.

    Images that are held back for `oracle` are training images, too. Flat images, of one value all over, say nothing and
    are not looked at.
    """
    return [
        *crossing_groups(split),
        *(f"{d.a} is the same image as {d.b}" for d in exact_duplicates(split) if d.crosses),
        *_held_back_leaks(split),
    ]


def _held_back_leaks(split: Split) -> list[str]:
    """A sentence for each group or image that is held back for `oracle` and lies in validation or test, too."""
    if not isinstance(split.fresh, Pool):
        return []
    held, found = split.fresh.images, list[str]()
    for name, part in (("valid", split.valid), ("test", split.test)):
        if held.groups is not None and part.groups is not None:
            shared = set(held.groups.tolist()) & set(part.groups.tolist())
            found += [
                f"group {group!r} has images held back for oracle and in {name}" for group in sorted(shared, key=str)
            ]
        there = {digest: index for index, digest in _digests(part)}
        found += [
            f"{_called('held-back', held, index)} is the same image as {_called(name, part, there[digest])}"
            for index, digest in _digests(held)
            if digest in there
        ]
    return found


def _digests(part: LabelledImages) -> Iterator[tuple[int, bytes]]:
    """Index and digest of each image that is not flat."""
    for index, image in enumerate(part.images):
        if image.min() != image.max():
            yield index, hashlib.blake2b(image.tobytes(), digest_size=16).digest()


def _called(part: str, of: LabelledImages, index: int) -> str:
    return f"{part} {index if of.names is None else of.names[index]}"


def crossing_groups(split: Split) -> list[str]:
    """A sentence for each group with images in two parts."""
    groups = {name: set(part.groups.tolist()) for name, part in parts(split).items() if part.groups is not None}
    return [
        f"group {group!r} has images in {a} and in {b}"
        for a, b in combinations(groups, 2)
        for group in sorted(groups[a] & groups[b], key=str)
    ]


def exact_duplicates(split: Split) -> list[Duplicate]:
    """Images that are the same to the pixel, at the size of the split; each is paired with the first of its kind."""
    first: dict[bytes, tuple[str, int]] = {}
    found: list[Duplicate] = []
    for name, part in parts(split).items():
        for index, digest in _digests(part):
            before = first.setdefault(digest, (name, index))
            if before != (name, index):
                found.append(_duplicate(split, before, (name, index)))
    return found


def near_duplicates(split: Split) -> list[Duplicate]:
    """Images whose difference hashes nearly agree, the same ones left out.

    The hash has a bit for each of 16 × 16 places: whether the image grows brighter to the right there (Krawetz,
    "Kind of like that", 2013). Two hashes that differ in 24 bits of 256 agree in one of 25 bands at least, so only
    images that share a band are compared.
    """
    whole = [(name, index) for name, part in parts(split).items() for index in range(len(part))]
    images = [image for part in parts(split).values() for image in part.images]
    if len(images) < 2:
        return []
    bits = np.stack([difference_hash(image) for image in images])
    found: dict[tuple[int, int], None] = {}
    for band in np.array_split(np.arange(bits.shape[1]), _BANDS):
        _, of, size = np.unique(np.packbits(bits[:, band], axis=1), axis=0, return_inverse=True, return_counts=True)
        of = of.reshape(-1)
        for value in np.flatnonzero((size > 1) & (size <= _MOST_IN_BAND)):
            members = np.flatnonzero(of == value)
            signs = 2 * bits[members].astype(np.float32) - 1
            apart = (bits.shape[1] - signs @ signs.T) / 2
            for i, j in zip(*np.nonzero(np.triu(apart <= NEAR_BITS, k=1)), strict=True):
                found[int(members[i]), int(members[j])] = None
    pairs = [(i, j) for i, j in sorted(found) if not np.array_equal(images[i], images[j])]
    return [_duplicate(split, whole[i], whole[j]) for i, j in pairs]


def difference_hash(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(C, H, W) uint8 → (256,) bool: whether each of 16 × 16 places is darker than the one to its right."""
    grey = image.mean(axis=0).round().astype(np.uint8)
    wide = np.asarray(resize(grey, HASH_SIDE + 1)[0], dtype=np.int16)
    return (wide[:HASH_SIDE, 1:] > wide[:HASH_SIDE, :-1]).ravel()


def _duplicate(split: Split, a: tuple[str, int], b: tuple[str, int]) -> Duplicate:
    (part_a, i), (part_b, j) = a, b
    of_a, of_b = parts(split)[part_a], parts(split)[part_b]
    return Duplicate(
        a=_called(part_a, of_a, i),
        b=_called(part_b, of_b, j),
        crosses=part_a != part_b,
        same_label=bool(of_a.labels[i] == of_b.labels[j]),
    )
