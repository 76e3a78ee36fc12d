"""Recall by class and method, as a heat map."""
# pyright: standard

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import seaborn as sns
from numpy.typing import NDArray

from report.style import INK, LINE_HEIGHT, WIDTH, canvas, save
from report.text import wrapped


def draw_heatmap(
    values: NDArray[np.float64], path: Path, *, rows: Sequence[str], columns: Sequence[tuple[str, str]], label: str
) -> Path:
    """Draws a matrix of shares, each cell with its figure; cells without one stay white.

    The colours end at 1, and begin at 0.5 or lower where a share does.

    Args:
        values: (rows, columns), 0…1 or NaN.
        path: Ends in ``.svg`` or ``.png``.
        rows: Names.
        columns: Names, and what stands below them.
        label: Of the colour bar.
    """
    names = [wrapped(row) for row in rows]
    upright = len(columns) > 6 or any(len(name) > 16 for name, _ in columns)
    heads = [f"{name}{' · ' if upright else chr(10)}{below}" for name, below in columns]
    height = len(names) * max(0.3, 0.12 + LINE_HEIGHT * max(name.count("\n") + 1 for name in names))
    head = 0.075 * max(map(len, heads)) if upright else 0.4
    with canvas(WIDTH, height + head + 0.15) as figure:
        axes = figure.add_subplot()
        sns.heatmap(
            values,
            ax=axes,
            vmin=min(0.5, np.floor(10 * np.nanmin(values)) / 10),
            vmax=1,
            cmap="crest",
            annot=True,
            fmt=".2f",
            annot_kws={"fontsize": 8 if len(columns) < 10 else 6.5},
            linewidths=1.5,
            linecolor="white",
            xticklabels=heads,
            yticklabels=names,
            cbar_kws={
                "label": label,
                "fraction": 0.04,
                "pad": 0.02,
                "aspect": 18,
                "anchor": (0.0, 1.0),
                "shrink": min(1.0, 2.2 / height),
            },
        )
        axes.grid(visible=False)
        axes.tick_params(length=0, labelcolor=INK, top=False, labeltop=True, bottom=False, labelbottom=False)
        axes.set_yticklabels(axes.get_yticklabels(), rotation=0)
        axes.set_xticklabels(axes.get_xticklabels(), rotation=90 if upright else 0)
        bar = figure.axes[-1]
        bar.tick_params(length=0)
        for spine in bar.spines.values():
            spine.set_visible(False)
        return save(figure, path)
