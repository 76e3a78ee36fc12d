"""Scores seed by seed: one row a method."""
# pyright: standard

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from report.style import INK, MUTED, TIER_COLOURS, TIER_MARKERS, WIDTH, canvas, only_grid, row_places, save
from report.text import wrapped


@dataclass(frozen=True)
class Row:
    """One method.

    Attributes:
        name: Beside the row.
        tier: Colour and marker.
        values: A score for each seed that is ok.
        reference: Mean of the arm that the method is held against, if any.
    """

    name: str
    tier: str
    values: tuple[float, ...]
    reference: float | None = None


def draw_strip(rows: Sequence[Row], path: Path, *, label: str) -> Path:
    """Draws each seed's score as a point, each method's mean as a bar, its reference's mean as a dashed one.

    Args:
        rows: Top to bottom; one without values stays empty.
        path: Ends in ``.svg`` or ``.png``.
        label: Of the horizontal axis.
    """
    names = [wrapped(row.name) for row in rows]
    places, height = row_places(names, least=0.36)
    with canvas(WIDTH, height + 0.6) as figure:
        axes = figure.add_subplot()
        for y, row in zip(places, rows, strict=True):
            if row.reference is not None:
                axes.plot([row.reference] * 2, [y - 0.16, y + 0.16], color=MUTED, linewidth=1, linestyle=(0, (3, 2)))
            if not row.values:
                continue
            colour = TIER_COLOURS.get(row.tier, INK)
            shifts = np.linspace(-0.07, 0.07, len(row.values)) if len(row.values) > 1 else np.zeros(1)
            axes.plot([np.mean(row.values)] * 2, [y - 0.12, y + 0.12], color=colour, linewidth=2, zorder=2)
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
        axes.set_yticks(places, names)
        axes.set_ylim(height, 0)
        axes.margins(x=0.06)
        axes.set_xlabel(label)
        only_grid(axes, "x")
        return save(figure, path)
