"""Paired differences with intervals, against the band of practical equivalence."""
# pyright: standard

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory

from report.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    MUTED,
    TIER_COLOURS,
    TIER_MARKERS,
    VERMILLION,
    WIDTH,
    canvas,
    only_grid,
    row_places,
    save,
    tier_handles,
)
from report.text import wrapped

WORD_COLOURS = {"better": GREEN, "worse": VERMILLION, "equivalent": BLUE, "undecided": MUTED}

CAP = 0.07
"""Inches from an interval's line to the end of its cap: more than a marker has, so that none hides a short interval."""


@dataclass(frozen=True)
class Effect:
    """One comparison.

    Attributes:
        name: Beside the row.
        difference: Method minus reference.
        interval: 95 %; None for one pair.
        word: Verdict.
        verdict: As it stands at the right.
        tier: Colour and marker.
    """

    name: str
    difference: float
    interval: tuple[float, float] | None
    word: str
    verdict: str
    tier: str = ""


@dataclass(frozen=True)
class Group:
    """Comparisons with one reference arm.

    Attributes:
        heading: Which arm it is, and its score.
        rows: Top to bottom.
    """

    heading: str
    rows: Sequence[Effect]


def draw_forest(panels: Sequence[tuple[str, Sequence[Group]]], path: Path, *, rope: float) -> Path:
    """Draws a panel a metric, one above the other, on a common axis in points (hundredths of a metric).

    Args:
        panels: Metric in words, and its comparisons, group by group.
        path: Ends in ``.svg`` or ``.png``.
        rope: Half-width of the band.
    """
    laid = [(label, _lines(groups)) for label, groups in panels]
    placed = [(label, lines, *row_places([_taller(text, row) for text, row in lines])) for label, lines in laid]
    tiers = {effect.tier for _, lines in laid for _, effect in lines if effect is not None}
    with canvas(WIDTH, sum(height for *_, height in placed) + 0.55 * len(placed) + 0.6) as figure:
        ratios = [height for *_, height in placed]
        grid = figure.subplots(len(placed), 1, sharex=True, squeeze=False, height_ratios=ratios)
        for axes, (label, lines, places, height) in zip(grid[:, 0], placed, strict=True):
            axes.axvspan(-100 * rope, 100 * rope, color=FAINT, alpha=0.6, linewidth=0)
            axes.axvline(0, color=INK, linewidth=0.8)
            right = blended_transform_factory(axes.transAxes, axes.transData)
            for y, (text, row) in zip(places, lines, strict=True):
                if row is None:
                    axes.text(0, y + 0.04, text, transform=right, va="center", color=MUTED, fontsize=8, style="italic")
                    continue
                _mark(axes, y, row)
                decided = {"color": INK, "weight": "bold"} if row.word != "undecided" else {"color": MUTED}
                axes.text(1.02, y, _said(row), transform=right, va="center", fontsize=8, **decided)
            named = [(y, text) for y, (text, row) in zip(places, lines, strict=True) if row is not None]
            axes.set_yticks([y for y, _ in named], [text for _, text in named])
            axes.set_ylim(height, 0)
            axes.set_title(label)
            only_grid(axes, "x")
        grid[-1, 0].margins(x=0.05)
        grid[-1, 0].set_xlabel("method minus reference [points] (grey: counts as equivalent)")
        if handles := tier_handles(tiers):
            figure.legend(handles=handles, loc="outside upper left", ncols=len(handles), columnspacing=1.2)
        return save(figure, path)


def _lines(groups: Sequence[Group]) -> list[tuple[str, Effect | None]]:
    """Headings, without an effect, and rows, as they stand from top to bottom."""
    found: list[tuple[str, Effect | None]] = []
    for group in groups:
        found.append((wrapped(group.heading, 70), None))
        found += [(wrapped(row.name), row) for row in group.rows]
    return found


def _said(row: Effect) -> str:
    return wrapped(row.verdict, 22)


def _taller(text: str, row: Effect | None) -> str:
    """What of a row needs more lines: its name or its verdict."""
    return text if row is None else max(text, _said(row), key=lambda words: words.count("\n"))


def _mark(axes: Axes, y: float, row: Effect) -> None:
    colour = TIER_COLOURS.get(row.tier, MUTED)
    if row.interval is not None:
        ends = [100 * end for end in row.interval]
        axes.plot(ends, [y, y], color=colour, linewidth=1.8, solid_capstyle="butt", zorder=2)
        axes.vlines(ends, y - CAP, y + CAP, color=colour, linewidth=1.2, zorder=4)
    marker = TIER_MARKERS.get(row.tier, "o")
    axes.scatter([100 * row.difference], [y], s=22, color=colour, marker=marker, edgecolors="white", zorder=3)
