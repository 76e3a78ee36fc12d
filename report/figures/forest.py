"""Paired differences with intervals, against the band of practical equivalence."""
# pyright: standard

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.transforms import blended_transform_factory

from report.style import BLUE, FAINT, GREEN, INK, MUTED, VERMILLION, WIDTH, canvas, only_grid, row_places, save
from report.text import wrapped

WORD_COLOURS = {"better": GREEN, "worse": VERMILLION, "equivalent": BLUE, "undecided": MUTED}
WORD_MARKERS = {"better": "^", "worse": "v", "equivalent": "s", "undecided": "o"}


@dataclass(frozen=True)
class Effect:
    """One comparison.

    Attributes:
        name: Beside the row.
        difference: Method minus reference.
        interval: 95 %; None for one pair.
        word: Verdict: colour and marker.
        verdict: As it stands at the right.
    """

    name: str
    difference: float
    interval: tuple[float, float] | None
    word: str
    verdict: str


def draw_forest(panels: Sequence[tuple[str, Sequence[Effect]]], path: Path, *, rope: float) -> Path:
    """Draws a panel a metric, one above the other, on a common axis.

    Args:
        panels: Metric in words, and its comparisons top to bottom.
        path: Ends in ``.svg`` or ``.png``.
        rope: Half-width of the band.
    """
    laid = [(label, rows, *row_places([wrapped(row.name) for row in rows])) for label, rows in panels]
    total = sum(height for *_, height in laid)
    with canvas(WIDTH, total + 0.55 * len(laid) + 0.35) as figure:
        grid = figure.subplots(len(laid), 1, sharex=True, squeeze=False, height_ratios=[height for *_, height in laid])
        for axes, (label, rows, places, height) in zip(grid[:, 0], laid, strict=True):
            axes.axvspan(-rope, rope, color=FAINT, alpha=0.6, linewidth=0)
            axes.axvline(0, color=INK, linewidth=0.8)
            right = blended_transform_factory(axes.transAxes, axes.transData)
            for y, row in zip(places, rows, strict=True):
                colour = WORD_COLOURS[row.word]
                if row.interval is not None:
                    axes.plot(row.interval, [y, y], color=colour, linewidth=1.8, solid_capstyle="butt", zorder=2)
                marker = WORD_MARKERS[row.word]
                axes.scatter([row.difference], [y], s=34, color=colour, marker=marker, edgecolors="white", zorder=3)
                axes.text(1.02, y, wrapped(row.verdict, 22), transform=right, va="center", color=INK, fontsize=8)
            axes.set_yticks(places, [wrapped(row.name) for row in rows])
            axes.set_ylim(height, 0)
            axes.set_title(label)
            only_grid(axes, "x")
        grid[-1, 0].margins(x=0.05)
        grid[-1, 0].set_xlabel("method minus reference (grey: counts as equivalent)")
        return save(figure, path)
