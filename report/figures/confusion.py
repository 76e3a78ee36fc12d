"""Confusion matrices, a small one for each method."""
# pyright: standard

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from report.style import INK, LINE_HEIGHT, WIDTH, canvas, save
from report.text import wrapped

FIGURES_UP_TO = 12
"""Classes up to which the cells hold their figures."""


def per_page(n_classes: int) -> int:
    """Matrices in one figure: three rows."""
    return 3 * _columns(n_classes)


def _columns(n_classes: int) -> int:
    return 4 if n_classes <= 5 else 3


def draw_confusions(counts: Mapping[str, NDArray[np.int64]], path: Path, *, classes: Sequence[str]) -> Path:
    """Draws shares of each true class, row by row; a class without images stays white.

    Args:
        counts: (K, K) images by true and by called class, by method.
        path: Ends in ``.svg`` or ``.png``.
        classes: Names, in label order.
    """
    k = len(classes)
    columns = min(len(counts), _columns(k))
    rows = math.ceil(len(counts) / columns)
    titles = [wrapped(name, 21 if columns > 3 else 66 // columns) for name in counts]
    title_lines = max(title.count("\n") + 1 for title in titles)
    room = 0.07 * max(map(len, classes)) + 0.1
    side = (WIDTH - room) / columns - 0.15
    height = rows * (side + LINE_HEIGHT * title_lines + 0.2) + room
    with canvas(WIDTH, height) as figure:
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes in grid.flat[len(counts) :]:
            axes.set_visible(False)
        for i, (axes, title, of_method) in enumerate(zip(grid.flat, titles, counts.values(), strict=False)):
            _matrix(axes, of_method, side=side)
            axes.set_title(title, fontsize=7 if columns > 3 else 8)
            axes.set_xticks(range(k), classes if i // columns == rows - 1 else [""] * k, rotation=90)
            if i // columns < rows - 1 and i + columns >= len(counts):
                _hang(axes, classes)
            axes.set_yticks(range(k), classes if i % columns == 0 else [""] * k)
        figure.supxlabel("called", fontsize=8.5)
        figure.supylabel("true", fontsize=8.5)
        return save(figure, path)


def _hang(axes: Axes, classes: Sequence[str]) -> None:
    """Names below a matrix of the last row but one, in the empty place below it, so that they part no rows."""
    low = axes.get_ylim()[0]
    for j, name in enumerate(classes):
        hanging = axes.annotate(
            name, (j, low), (0, -4), textcoords="offset points", rotation=90, ha="center", va="top", fontsize=7
        )
        hanging.set_in_layout(False)


def _matrix(axes: Axes, counts: NDArray[np.int64], *, side: float) -> None:
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
    axes.imshow(shares, vmin=0, vmax=1, cmap="Blues")
    axes.grid(visible=False)
    axes.tick_params(length=0, labelsize=7)
    for spine in axes.spines.values():
        spine.set_visible(True)
    k = len(counts)
    if k > FIGURES_UP_TO:
        return
    size = min(8.0, 72 * side / k / 2.6)
    for i, j in np.ndindex(shares.shape):
        if np.isfinite(shares[i, j]) and shares[i, j] >= 0.005:
            colour = "white" if shares[i, j] > 0.6 else INK
            axes.text(j, i, f"{100 * shares[i, j]:.0f}", ha="center", va="center", fontsize=size, color=colour)
