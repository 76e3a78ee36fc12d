"""Real images of each class above what each method generates."""
# pyright: standard

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from PIL import Image

from report.style import INK, MUTED, WIDTH, canvas, save
from report.text import short, wrapped


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


def draw_samples(
    pictures: Mapping[str, Sequence[tuple[NDArray[np.uint8], NDArray[np.uint8]]]], path: Path, *, classes: Sequence[str]
) -> Path:
    """Draws for each class a row of real images, and below it one of each method's.

    Args:
        pictures: Rows by method, as ``read_rows`` gives them; the real row is the first method's.
        path: Ends in ``.png``.
        classes: Names, in the order of the rows.
    """
    methods = list(pictures)
    first = pictures[methods[0]][0][0]
    width = 5.0
    row_height = width * first.shape[0] / first.shape[1]
    heights = [0.3, *([row_height] * (1 + len(methods)))] * len(classes)
    with canvas(WIDTH, sum(heights) + 0.1) as figure:
        engine = figure.get_layout_engine()
        if engine is not None:
            engine.set(w_pad=0.02, h_pad=0.0, hspace=0.0, wspace=0.0)  # pyright: ignore[reportCallIssue]
        grid = figure.subplots(len(heights), 1, height_ratios=heights)
        for k, name in enumerate(classes):
            block = grid[k * (2 + len(methods)) : (k + 1) * (2 + len(methods))]
            block[0].set_axis_off()
            block[0].text(0, 0.1, short(name, 60), transform=block[0].transAxes, fontweight="bold", fontsize=9)
            block[1].imshow(pictures[methods[0]][k][0], interpolation="nearest", aspect="auto")
            _label(block[1], "real", INK)
            for axes, method in zip(block[2:], methods, strict=True):
                axes.imshow(pictures[method][k][1], interpolation="nearest", aspect="auto")
                _label(axes, wrapped(method, 24), MUTED)
        return save(figure, path, vector=False)


def _label(axes: Axes, name: str, colour: str) -> None:
    axes.set(xticks=[], yticks=[])
    axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=7.5, color=colour, labelpad=5)
    for spine in axes.spines.values():
        spine.set_visible(False)
