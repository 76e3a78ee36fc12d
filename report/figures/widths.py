"""How the interval of a difference narrows with the number of seeds."""
# pyright: standard

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.ticker import FuncFormatter, NullFormatter

from report.statistics.paired import Estimate, interval
from report.style import FAINT, WIDTH, canvas, lines, save
from report.text import wrapped

FURTHEST = 200
"""Seeds: the axis ends here at the latest."""

TICKS = (2, 3, 5, 10, 20, 50, 100, 200)


@dataclass(frozen=True)
class Width:
    """One method.

    Attributes:
        name: In the legend.
        found: Its paired differences.
        needed: Seeds that settle it; None where nothing is open, or no number does.
    """

    name: str
    found: Estimate
    needed: int | None


def half_width(found: Estimate, n: int) -> float:
    """Half of the 95 % interval that n seeds of the same spread would give."""
    low, high = interval(found.with_seeds(n))
    return (high - low) / 2


def draw_widths(rows: Sequence[Width], path: Path, *, methods: Sequence[str], rope: float) -> Path:
    """Draws a line a method.

    Args:
        rows: At least one.
        path: Ends in ``.svg`` or ``.png``.
        methods: All methods of the study, so that one keeps its colour in every figure.
        rope: Half-width of practical equivalence.
    """
    looks = lines(methods)
    most = max(row.found.n for row in rows)
    asked = [row.needed for row in rows if row.needed is not None and row.needed <= FURTHEST]
    last = min(FURTHEST, max([2 * most, 10, *(math.ceil(1.3 * n) for n in asked)]))
    names = {row.name: wrapped(row.name, 36) for row in rows}
    legend_lines = math.ceil(sum(name.count("\n") + 1 for name in names.values()) / 2) + 0.5
    grid = np.unique(np.round(np.geomspace(2, last, 60)).astype(int))
    with canvas(WIDTH, 2.7 + 0.18 * legend_lines) as figure:
        axes = figure.add_subplot()
        axes.axhspan(0, 100 * rope, color=FAINT, alpha=0.6, linewidth=0)
        for row in rows:
            colour, dashes = looks[row.name]
            axes.plot(
                grid,
                [100 * half_width(row.found, int(n)) for n in grid],
                color=colour,
                linestyle=dashes,
                label=names[row.name],
            )
            here = 100 * half_width(row.found, row.found.n)
            axes.scatter([row.found.n], [here], s=26, color=colour, edgecolors="white", zorder=3)
            if row.needed is not None and row.found.n < row.needed <= last:
                there = 100 * half_width(row.found, row.needed)
                axes.scatter([row.needed], [there], s=90, color=colour, marker="*", edgecolors="white", zorder=4)
        axes.set_xscale("log")
        axes.set_xlim(1.9, last * 1.05)
        top = max(half_width(row.found, min(5, row.found.n)) for row in rows)
        axes.set_ylim(0, 100 * max(1.2 * top, 1.5 * rope))
        axes.set_xticks([n for n in TICKS if n <= last])
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("seeds")
        axes.set_ylabel("half-width [points]")
        figure.legend(loc="outside lower left", ncols=2, columnspacing=2.0)
        return save(figure, path)
