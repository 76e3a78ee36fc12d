"""The picture of a run: real images of each class, and generated ones below them."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from datasets import LabelledImages
from methods import Fitted
from results import write_whole

PER_CLASS = 10
MARGIN = 2
SMALLEST = 48
"""Pixels that an image has in the picture at least; smaller ones are magnified by a whole factor."""


def write_samples(path: Path, *, fitted: Fitted, train: LabelledImages, generator: torch.Generator) -> None:
    """Writes ``samples.png``: two rows a class, real images above generated ones, classes in label order.

    Args:
        path: Where to.
        fitted: A method that can sample.
        train: Where the real images come from.
        generator: For the generated ones.
    """
    labels = np.repeat(np.arange(len(train.classes)), PER_CLASS)
    generated = fitted.sample(labels, generator)
    rows: list[NDArray[np.uint8]] = []
    for k in range(len(train.classes)):
        rows += [_row(_spread(train, k)), _row(generated[labels == k])]
    write_png(path, np.concatenate(rows, axis=0))


def write_classes(path: Path, images: LabelledImages) -> None:
    """Writes a row a class: up to ten images, classes in label order."""
    write_png(path, np.concatenate([_row(_spread(images, k)) for k in range(len(images.classes))], axis=0))


def _spread(images: LabelledImages, k: int) -> NDArray[np.uint8]:
    """Up to ten images of a class, evenly spread over the set, so that they come from many groups."""
    indices = np.flatnonzero(images.labels == k)
    chosen = np.unique(np.linspace(0, max(0, len(indices) - 1), PER_CLASS).round().astype(int))
    return np.asarray(images.images[indices[chosen[: len(indices)]]])


def write_pairs(path: Path, pairs: Sequence[tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> None:
    """Writes two rows a class, each of up to ten (n, C, H, W) images; n may be 0."""
    write_png(path, np.concatenate([_row(images[:PER_CLASS]) for pair in pairs for images in pair], axis=0))


def write_png(path: Path, picture: NDArray[np.uint8]) -> None:
    """Writes an (H, W, 3) uint8 picture whole."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG", optimize=True)
    write_whole(path, buffer.getvalue())


def _row(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, C, H, W), n ≤ 10 → one white-framed row (H', W', 3); missing images stay white."""
    _, channels, height, width = images.shape
    zoom = max(1, -(-SMALLEST // max(height, width)))
    cell_h, cell_w = height * zoom + 2 * MARGIN, width * zoom + 2 * MARGIN
    row = np.full((cell_h, cell_w * PER_CLASS, 3), 255, dtype=np.uint8)
    for i, image in enumerate(images):
        shown = np.moveaxis(image if channels == 3 else np.repeat(image, 3, axis=0), 0, -1)
        shown = shown.repeat(zoom, axis=0).repeat(zoom, axis=1)
        row[MARGIN : cell_h - MARGIN, i * cell_w + MARGIN : (i + 1) * cell_w - MARGIN] = shown
    return row
