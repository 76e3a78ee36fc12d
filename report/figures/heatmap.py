"""Recall by class and method, as a heat map."""
# pyright: standard

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import seaborn as sns
from numpy.typing import NDArray

from report.style import INK, WIDTH, canvas, save
from report.text import wrapped


def draw_heatmap(
    values: NDArray[np.float64], path: Path, *, rows: Sequence[str], columns: Sequence[str], label: str
) -> Path:
    """Draws a matrix of shares, each cell with its figure; cells without one stay white.

    Args:
        values: (rows, columns), 0…1 or NaN.
        path: Ends in ``.png``.
        rows: Names.
        columns: Names; line breaks are kept.
        label: Of the colour bar.
    """
    names = [wrapped(row) for row in rows]
    height = 1.1 + sum(0.16 + 0.15 * (name.count("\n") + 1) for name in names)
    slanted = len(columns) > 7
    with canvas(WIDTH, height + 0.5 * slanted) as figure:
        axes = figure.add_subplot()
        sns.heatmap(
            values,
            ax=axes,
            vmin=0,
            vmax=1,
            cmap="crest",
            annot=True,
            fmt=".2f",
            annot_kws={"fontsize": 8 if len(columns) < 10 else 6.5},
            linewidths=1.5,
            linecolor="white",
            xticklabels=list(columns),
            yticklabels=names,
            cbar_kws={"label": label, "fraction": 0.04, "pad": 0.02, "aspect": 18},
        )
        axes.grid(visible=False)
        axes.tick_params(length=0, labelcolor=INK, top=False, labeltop=True, bottom=False, labelbottom=False)
        axes.set_yticklabels(axes.get_yticklabels(), rotation=0)
        axes.set_xticklabels(axes.get_xticklabels(), rotation=40 if slanted else 0, ha="left" if slanted else "center")
        bar = figure.axes[-1]
        bar.tick_params(length=0)
        for spine in bar.spines.values():
            spine.set_visible(False)
        return save(figure, path)
