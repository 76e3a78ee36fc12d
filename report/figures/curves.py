"""Learning curves: one panel a scalar, one line a method, a band over seeds."""
# pyright: standard

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from report.style import WIDTH, canvas, lines, save
from report.text import wrapped


@dataclass(frozen=True)
class Curve:
    """One scalar of one method, over its seeds.

    Attributes:
        steps: (n,) increasing.
        mean: (n,) over the seeds that reached the step.
        low: (n,) smallest of them.
        high: (n,) largest of them.
    """

    steps: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def over_seeds(runs: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> Curve:
    """Puts the curves of several seeds together, step by step; values that are not finite are left out.

    Args:
        runs: Steps and values, (n,) each; a run may have stopped early or logged at other steps.
    """
    steps = np.concatenate([run[0] for run in runs])
    values = np.concatenate([run[1] for run in runs])
    steps, values = steps[np.isfinite(values)], values[np.isfinite(values)]
    grid, place = np.unique(steps, return_inverse=True)
    low, high = np.full(len(grid), np.inf), np.full(len(grid), -np.inf)
    np.minimum.at(low, place, values)
    np.maximum.at(high, place, values)
    mean = np.bincount(place, weights=values, minlength=len(grid)) / np.bincount(place, minlength=len(grid))
    return Curve(steps=grid, mean=mean, low=low, high=high)


def draw_curves(panels: Mapping[str, Mapping[str, Curve]], path: Path, *, methods: Sequence[str]) -> Path:
    """Draws panels in a grid, with one legend for all.

    Args:
        panels: Curves by method, by scalar.
        path: Ends in ``.svg`` or ``.png``.
        methods: All methods of the study, so that one keeps its colour in every figure.
    """
    looks = lines(methods)
    shown = [method for method in methods if any(method in curves for curves in panels.values())]
    columns = 2 if len(panels) in (2, 4) else min(3, len(panels))
    rows = math.ceil(len(panels) / columns)
    legend = {method: wrapped(method, 36) for method in shown}
    legend_lines = math.ceil(sum(name.count("\n") + 1 for name in legend.values()) / 2) + 0.5
    with canvas(WIDTH, 2.0 * rows + 0.18 * legend_lines + 0.2) as figure:
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
        for axes, (scalar, curves) in zip(grid.flat, panels.items(), strict=False):
            for method in shown:
                if method in curves:
                    colour, dashes = looks[method]
                    _draw(axes, curves[method], colour, dashes)
            axes.set_title(scalar)
            axes.set_xlabel("step")
            values = np.concatenate([[], *(end for curve in curves.values() for end in (curve.low, curve.high))])
            if values.size and values.min() >= 0 and values.max() <= 1:
                axes.set_ylim(top=min(1.0, axes.get_ylim()[1]))
        handles = [
            grid.flat[0].plot([], [], color=looks[method][0], linestyle=looks[method][1], label=legend[method])[0]
            for method in shown
        ]
        figure.legend(handles=handles, loc="outside lower left", ncols=2, columnspacing=2.0)
        return save(figure, path)


def _draw(axes: Axes, curve: Curve, colour: str, dashes: object) -> None:
    if len(curve.steps) == 0:
        return
    axes.fill_between(curve.steps, curve.low, curve.high, color=colour, alpha=0.15, linewidth=0)
    marker = "o" if len(curve.steps) == 1 else None
    axes.plot(curve.steps, curve.mean, color=colour, linestyle=dashes, marker=marker, markersize=4)
