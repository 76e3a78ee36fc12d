"""Real images of each class above what each method generates."""
# pyright: standard

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from report.style import INK, MUTED, WIDTH, canvas, save
from report.text import short, wrapped

LEFT, HEADING, MARGIN = 1.6, 0.34, 0.06
"""Inches: room for the methods' names, for a class's name above its rows, and below the last row."""

PAGE = 9.0
"""Inches: no picture is higher, if a class fits into that."""

Rows: TypeAlias = Sequence[tuple[NDArray[np.uint8], NDArray[np.uint8]]]
"""For each class a row of real images and one of generated ones, (H, W, 3)."""


def read_rows(path: Path, *, n_classes: int) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]] | None:
    """Cuts a run's ``samples.png`` into its rows: for each class real images, and generated ones below.

    Args:
        path: The picture, of 2 · ``n_classes`` rows of the same height.
        n_classes: Classes in it.

    Returns:
        For each class the real and the generated row, (H, W, 3) uint8; None where the picture is missing, cannot be
        read, or does not hold such rows.
    """
    try:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    height, rest = divmod(len(pixels), 2 * n_classes)
    if rest or not height:
        return None
    rows = [pixels[k * height : (k + 1) * height] for k in range(2 * n_classes)]
    return list(zip(rows[0::2], rows[1::2], strict=True))


def classes_together(pictures: Mapping[str, Rows], rows: int) -> int:
    """How many classes fit on a page, each with this many rows."""
    return max(1, int((PAGE - MARGIN) // _block_height(pictures, rows)))


def _block_height(pictures: Mapping[str, Rows], rows: int) -> float:
    height, width, _ = next(iter(pictures.values()))[0][0].shape
    return HEADING + height * (WIDTH - LEFT) / width * rows


def draw_samples(pictures: Mapping[str, Rows], path: Path, *, classes: Sequence[str]) -> Path:
    """Draws for each class a row of real images, and below it one of each method's.

    Args:
        pictures: Rows by method, as ``read_rows`` gives them; the real row is the first method's.
        path: Ends in ``.svg`` or ``.png``.
        classes: Names, in the order of the rows.
    """
    methods = list(pictures)
    blocks = [
        [("real", pictures[methods[0]][k][0], INK)]
        + [(wrapped(method, 22), pictures[method][k][1], MUTED) for method in methods]
        for k in range(len(classes))
    ]
    return _draw(blocks, path, classes=classes, height=_block_height(pictures, 1 + len(methods)))


def draw_nearest(pictures: Mapping[str, Rows], path: Path, *, classes: Sequence[str]) -> Path:
    """Draws for each class and method a row of generated images above the training images nearest to them.

    Args:
        pictures: Rows by method: generated images, and the nearest training images.
        path: Ends in ``.svg`` or ``.png``.
        classes: Names, in the order of the rows.
    """
    blocks = [
        [
            row
            for method, rows in pictures.items()
            for row in ((wrapped(method, 22), rows[k][0], MUTED), ("nearest in training", rows[k][1], INK))
        ]
        for k in range(len(classes))
    ]
    return _draw(blocks, path, classes=classes, height=_block_height(pictures, 2 * len(pictures)))


Row: TypeAlias = tuple[str, NDArray[np.uint8], str]
"""Label, pixels, and the label's colour."""


def _draw(blocks: Sequence[Sequence[Row]], path: Path, *, classes: Sequence[str], height: float) -> Path:
    """Draws a block of labelled rows for each class.

    Args:
        blocks: The rows of each class.
        path: Ends in ``.svg`` or ``.png``.
        classes: Names.
        height: Of a block, in inches.
    """
    picture_height = (height - HEADING) / len(blocks[0])
    whole = height * len(classes) + MARGIN
    with canvas(WIDTH, whole) as figure:
        figure.set_layout_engine("none")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        for k, (name, rows) in enumerate(zip(classes, blocks, strict=True)):
            top = whole - height * k
            figure.text(
                LEFT / WIDTH,
                (top - HEADING + 0.06) / whole,
                short(name, 60),
                fontweight="bold",
                fontsize=9,
                va="bottom",
            )
            for i, (label, pixels, colour) in enumerate(rows):
                bottom = top - HEADING - (i + 1) * picture_height
                place = (LEFT, WIDTH, bottom, bottom + picture_height)
                axes.imshow(pixels, interpolation="nearest", aspect="auto", extent=place)
                figure.text(
                    (LEFT - 0.08) / WIDTH,
                    (bottom + picture_height / 2) / whole,
                    label,
                    ha="right",
                    va="center",
                    fontsize=7.5,
                    color=colour,
                    linespacing=1.25,
                )
        axes.set(xlim=(0, WIDTH), ylim=(0, whole))  # inches
        return save(figure, path)
