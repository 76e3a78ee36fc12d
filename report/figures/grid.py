"""Does a verdict hold wherever a parameter stands? A cell a setting."""
# pyright: standard

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import seaborn as sns

from report.figures.forest import Effect
from report.numbers import minus
from report.style import INK, WIDTH, canvas, save


def draw_grid(
    cells: Mapping[tuple[str, str], Effect],
    path: Path,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    names: tuple[str, str],
) -> Path:
    """Draws differences to the reference as a heat map, with figure and verdict in each cell.

    Args:
        cells: By row and column value; settings that were not run stay white.
        path: Ends in ``.svg`` or ``.png``.
        rows: Values of the first parameter, in order.
        columns: Values of the second.
        names: Of the two parameters; the first is empty where only one varies.
    """
    values = np.full((len(rows), len(columns)), np.nan)
    words = np.full(values.shape, "", dtype=object)
    for (row, column), effect in cells.items():
        place = rows.index(row), columns.index(column)
        values[place] = 100 * effect.difference
        words[place] = f"{minus(f'{values[place]:+.1f}')}\n{effect.word}"
    most = max(1.0, float(np.nanmax(np.abs(values))))
    with canvas(WIDTH, 0.5 * len(rows) + 0.9) as figure:
        axes = figure.add_subplot()
        sns.heatmap(
            values,
            ax=axes,
            vmin=-most,
            vmax=most,
            cmap="vlag_r",
            annot=words,
            fmt="",
            annot_kws={"fontsize": 8, "linespacing": 1.05},
            linewidths=1.5,
            linecolor="white",
            xticklabels=list(columns),
            yticklabels=list(rows),
            cbar=False,
        )
        axes.grid(visible=False)
        axes.tick_params(length=0, labelcolor=INK)
        axes.set_yticklabels(axes.get_yticklabels(), rotation=0)
        axes.set_xlabel(names[1])
        axes.set_ylabel(names[0])
        return save(figure, path)
