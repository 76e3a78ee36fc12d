"""Drawn images that come from slides: which slide each is of, and what the images of a slide share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PerSlide:
    """What the images of a slide share; every field of a subclass is an array with a row for each slide."""

    def rows(self, chosen: NDArray[np.int64]) -> Self:
        """The slides at these indices, in this order."""
        return type(self)(*(getattr(self, column.name)[chosen] for column in fields(self)))


P = TypeVar("P", bound=PerSlide)
DrawBlock: TypeAlias = Callable[
    [NDArray[np.int64], P, int, np.random.Generator, np.random.Generator], NDArray[np.uint8]
]
"""(N,) labels, the slide of each, height and width, chance of the scene, chance of the exposure → (N, 3, H, W)."""


def draw_in_blocks(
    draw: DrawBlock[P],
    labels: NDArray[np.int64],
    slides: P,
    slide_of: NDArray[np.int64],
    *,
    size: int,
    at_once: int,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Draws one image for each label, some at a time, for what is drawn together has to fit into memory.

    Args:
        draw: Draws a block.
        labels: (N,) int64.
        slides: Of all slides.
        slide_of: (N,) int64, rows of ``slides``.
        size: Height and width in pixels.
        at_once: Images a block.
        rng: Source of chance; each block has two of its own.

    Returns:
        (N, 3, size, size) uint8.
    """
    images = np.empty((len(labels), 3, size, size), dtype=np.uint8)
    for start in range(0, len(labels), at_once):
        chosen = slice(start, start + at_once)
        scene, exposure = rng.spawn(2)
        images[chosen] = draw(labels[chosen], slides.rows(slide_of[chosen]), size, scene, exposure)
    return images


def assign_slides(
    labels: NDArray[np.int64], *, clustered: Sequence[int], per_slide: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Says which slide each image comes from: what is rare comes mostly from a few patients.

    Args:
        labels: (N,) int64.
        clustered: Labels that are spread unevenly over the slides.
        per_slide: Mean number of images on a slide.
        rng: Source of chance.

    Returns:
        (N,) int64, numbered from 0.
    """
    n = max(1, -(-len(labels) // per_slide))
    slides = rng.integers(0, n, len(labels))
    for label in clustered:
        members = np.flatnonzero(labels == label)
        load = rng.gamma(0.6, 1.0, n) + 1e-6
        slides[members] = rng.choice(n, len(members), p=load / load.sum())
    return np.unique(slides, return_inverse=True)[1]
