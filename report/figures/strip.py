"""Scores seed by seed: one row a method."""
# pyright: standard

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from report.style import INK, MUTED, TIER_COLOURS, TIER_MARKERS, WIDTH, canvas, only_grid, save
from report.text import wrapped


@dataclass(frozen=True)
class Row:
    """One method.

    Attributes:
        name: Beside the row.
        tier: Colour and marker.
        values: A score for each seed that is ok.
    """

    name: str
    tier: str
    values: tuple[float, ...]


def draw_strip(rows: Sequence[Row], path: Path, *, label: str, reference: str | None = None) -> Path:
    """Draws each seed's score as a point and each method's mean as a line.

    Args:
        rows: Top to bottom; one without values stays empty.
        path: Ends in ``.png``.
        label: Of the horizontal axis.
        reference: Row whose mean goes through as a dashed line.
    """
    names = [wrapped(row.name) for row in rows]
    height = 0.75 + sum(0.17 + 0.14 * (name.count("\n") + 1) for name in names)
    with canvas(WIDTH, max(1.8, height)) as figure:
        axes = figure.add_subplot()
        for y, row in enumerate(rows):
            if not row.values:
                continue
            colour = TIER_COLOURS.get(row.tier, INK)
            shifts = np.linspace(-0.16, 0.16, len(row.values)) if len(row.values) > 1 else np.zeros(1)
            axes.plot([np.mean(row.values)] * 2, [y - 0.32, y + 0.32], color=colour, linewidth=2, zorder=2)
            axes.scatter(
                row.values,
                y + shifts,
                s=26,
                color=colour,
                marker=TIER_MARKERS.get(row.tier, "o"),
                alpha=0.75,
                edgecolors="white",
                linewidths=0.6,
                zorder=3,
            )
        held = next((row.values for row in rows if row.name == reference), ())
        if held:
            axes.axvline(float(np.mean(held)), color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        axes.set_yticks(range(len(rows)), names)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.margins(x=0.06)
        axes.set_xlabel(label)
        only_grid(axes, "x")
        return save(figure, path)
