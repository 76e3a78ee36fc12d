"""What each switch of a method is worth: bars of differences to the method with nothing switched."""
# pyright: standard

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from report.figures.forest import WORD_COLOURS, Effect
from report.style import FAINT, INK, WIDTH, canvas, only_grid, row_places, save
from report.text import wrapped


def draw_ablation(panels: Sequence[tuple[str, Sequence[Effect]]], path: Path, *, rope: float, label: str) -> Path:
    """Draws a panel a method, a bar a variant, its interval as a whisker.

    Args:
        panels: Base method, and its variants' differences to it.
        path: Ends in ``.svg`` or ``.png``.
        rope: Half-width of the band of practical equivalence.
        label: Of the horizontal axis.
    """
    laid = [(base, rows, *row_places([wrapped(row.name) for row in rows])) for base, rows in panels]
    with canvas(WIDTH, sum(height for *_, height in laid) + 0.45 * len(laid) + 0.45) as figure:
        ratios = [height for *_, height in laid]
        grid = figure.subplots(len(laid), 1, sharex=True, squeeze=False, height_ratios=ratios)
        for axes, (base, rows, places, height) in zip(grid[:, 0], laid, strict=True):
            axes.axvspan(-rope, rope, color=FAINT, alpha=0.6, linewidth=0)
            axes.axvline(0, color=INK, linewidth=0.8)
            for y, row in zip(places, rows, strict=True):
                axes.barh(y, row.difference, height=0.17, color=WORD_COLOURS[row.word], alpha=0.85)
                if row.interval is not None:
                    axes.plot(row.interval, [y, y], color=INK, linewidth=1.1)
            axes.set_yticks(places, [wrapped(row.name) for row in rows])
            axes.set_ylim(height, 0)
            axes.set_title(wrapped(base, 60))
            only_grid(axes, "x")
        grid[-1, 0].margins(x=0.05)
        grid[-1, 0].set_xlabel(label)
        return save(figure, path)
