"""Where the time goes: stacked phases, one bar a method."""
# pyright: standard

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from report.frame import in_order
from report.style import FAINT, GREY, INK, PHASE_COLOURS, WIDTH, canvas, only_grid, row_places, save
from report.text import amount, wrapped


def draw_phases(bars: Sequence[tuple[str, Mapping[str, float]]], path: Path, *, label: str) -> Path:
    """Draws mean seconds of each phase side by side along a bar, the sum at its end.

    Args:
        bars: Method and seconds by phase, top to bottom.
        path: Ends in ``.svg`` or ``.png``.
        label: Of the horizontal axis.
    """
    names = [wrapped(name) for name, _ in bars]
    order = in_order(phase for _, phases in bars for phase in phases)
    places, height = row_places(names)
    longest = max((sum(phases.values()) for _, phases in bars), default=0.0) or 1.0
    with canvas(WIDTH, height + 0.85) as figure:
        axes = figure.add_subplot()
        ends = [0.0] * len(bars)
        for phase in order:
            widths = [phases.get(phase, 0.0) for _, phases in bars]
            axes.barh(
                places,
                widths,
                left=ends,
                height=0.2,
                color=PHASE_COLOURS.get(phase, GREY),
                edgecolor="white",
                linewidth=0.6,
                label=phase,
            )
            ends = [end + width for end, width in zip(ends, widths, strict=True)]
        for y, end in zip(places, ends, strict=True):
            axes.text(end + 0.012 * longest, y, amount(end), va="center", fontsize=8, color=INK)
        axes.set_yticks(places, names)
        axes.set_ylim(height, 0)
        axes.set_xlim(0, longest * 1.12)
        axes.set_xlabel(label)
        only_grid(axes, "x")
        axes.grid(axis="x", color=FAINT)
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=6,
            columnspacing=1.2,
            handlelength=1,
            handletextpad=0.5,
            borderaxespad=0.3,
        )
        return save(figure, path)
