"""Quality against cost: one point a method."""
# pyright: standard

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from matplotlib.transforms import blended_transform_factory
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from report.aggregate import Spread
from report.style import INK, MUTED, TIER_COLOURS, TIER_MARKERS, WIDTH, canvas, save, settle, tier_handles
from report.text import amount, wrapped

LOG_FROM = 4.0
"""From this ratio of the dearest to the cheapest method on, the cost axis is logarithmic."""

NAMES_AT = 1.07
"""Where the column of names begins, in widths of the axes."""

FRONT = MUTED
"""Colour of the Pareto front."""

GAP_PX = 11.0
"""Least distance between two names, in pixels."""


@dataclass(frozen=True)
class Point:
    """One method.

    Attributes:
        name: As it stands beside the point.
        tier: Colour and marker.
        cost: Seconds a run.
        score: 0…1.
    """

    name: str
    tier: str
    cost: Spread
    score: Spread


def draw_scatter(
    points: Sequence[Point], path: Path, *, score_label: str, cost_label: str, more_is_better: bool = True
) -> Path:
    """Draws mean ± sd of score against cost; names stand in a column at the right, so that none hides another.

    A stepped line joins the Pareto front.

    Args:
        points: At least one.
        path: Ends in ``.svg`` or ``.png``.
        score_label: Of the vertical axis.
        cost_label: Of the horizontal axis.
        more_is_better: Whether higher scores are.
    """
    labels = [wrapped(point.name, 26) for point in points]
    n_lines = sum(label.count("\n") + 1 for label in labels) + 0.5 * len(labels)
    with canvas(WIDTH, max(3.4, 0.9 + 0.155 * n_lines)) as figure:
        axes = figure.add_subplot()
        front = pareto_front(points, more_is_better=more_is_better)
        axes.step(
            [point.cost.mean for point in front],
            [point.score.mean for point in front],
            where="post",
            color=FRONT,
            linewidth=1.6,
            zorder=2.5,
        )
        for point in points:
            _mark(axes, point)
        logarithmic = _cost_axis(axes, [point.cost.mean for point in points])
        axes.set_xlabel(f"{cost_label}, log scale" if logarithmic else cost_label)
        axes.set_ylabel(score_label)
        axes.margins(y=0.12)
        _legend(axes, points, front)
        _name(figure, axes, points, labels)
        return save(figure, path)


def pareto_front(points: Sequence[Point], *, more_is_better: bool = True) -> list[Point]:
    """Points that no other beats or equals in one of mean cost and mean score without losing in the other.

    Returns:
        From the cheapest to the dearest.
    """
    sign = 1 if more_is_better else -1
    front: list[Point] = []
    for point in sorted(points, key=lambda point: (point.cost.mean, -sign * point.score.mean)):
        if not front or sign * point.score.mean > sign * front[-1].score.mean:
            front.append(point)
    return front


def _mark(axes: Axes, point: Point) -> None:
    colour = TIER_COLOURS.get(point.tier, INK)
    at = point.cost.mean, point.score.mean
    xerr, yerr = point.cost.sd, point.score.sd
    axes.errorbar(*at, xerr=xerr, yerr=yerr, fmt="none", ecolor=colour, elinewidth=1, alpha=0.5, zorder=2)
    marker = TIER_MARKERS.get(point.tier, "o")
    axes.plot(*at, marker, markersize=6.5, color=colour, markeredgecolor="white", markeredgewidth=0.8, zorder=3)


def _cost_axis(axes: Axes, costs: Sequence[float]) -> bool:
    """Whether it is logarithmic."""
    logarithmic = min(costs) > 0 and max(costs) / min(costs) >= LOG_FROM
    if logarithmic:
        axes.set_xscale("log")
        axes.set_xlim(min(costs) / 1.6, max(costs) * 1.6)
        wide = max(costs) / min(costs) > 300
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_xlim(0, max(costs) * 1.15 or 1.0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if value < 1000 else amount(value)))
    return logarithmic


def _legend(axes: Axes, points: Sequence[Point], front: Sequence[Point]) -> None:
    handles = tier_handles({point.tier for point in points})
    if len(front) > 1:
        handles.append(Line2D([], [], color=FRONT, linewidth=1.6, label="Pareto front"))
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0.3, columnspacing=1.2)


def _name(figure: Figure, axes: Axes, points: Sequence[Point], labels: Sequence[str]) -> None:
    """Puts the names into a column right of the axes, in the order of the points, a thin line from each to its point.

    The layout has to be known first, since distances between names are distances on paper.
    """
    place = blended_transform_factory(axes.transAxes, axes.transData)
    texts = [
        axes.text(
            NAMES_AT,
            point.score.mean,
            label,
            transform=place,
            va="center",
            fontsize=8,
            color=TIER_COLOURS.get(point.tier, INK),
            linespacing=1.05,
        )
        for point, label in zip(points, labels, strict=True)
    ]
    axes.tick_params(colors=MUTED, labelcolor=INK)
    settle(figure)
    heights = np.array([text.get_window_extent().height for text in texts]) + GAP_PX
    lower, upper = axes.get_ylim()
    bottom, top = (float(axes.transData.transform((1, y))[1]) for y in (lower, upper))
    wanted = np.array([axes.transData.transform((1, point.score.mean))[1] for point in points])
    middles = spread_out(wanted, heights, bottom, top)
    begin = axes.transData.inverted().transform(axes.transAxes.transform((NAMES_AT - 0.005, 0)))[0]
    for point, text, middle in zip(points, texts, middles, strict=True):
        y = lower + (middle - bottom) / (top - bottom) * (upper - lower)
        text.set_y(y)
        line = ([begin, point.cost.mean], [y, point.score.mean])
        axes.plot(
            *line,
            color=text.get_color(),
            alpha=0.35,
            linewidth=0.7,
            clip_on=False,
            zorder=1,
            scalex=False,
            scaley=False,
        )


def spread_out(
    wanted: NDArray[np.float64], heights: NDArray[np.float64], bottom: float, top: float
) -> NDArray[np.float64]:
    """Moves intervals apart until none overlaps, each as near to where it was wanted as can be.

    Least squares under an order constraint: subtracting each interval's own offset in the stack leaves an isotonic
    regression, which pooling adjacent violators solves.

    Args:
        wanted: (n,) wanted middles.
        heights: (n,) heights.
        bottom: Lower end of the room.
        top: Upper end; the stack is centred where it does not fit.

    Returns:
        (n,) middles.
    """
    order = np.argsort(wanted, kind="stable")
    h = heights[order]
    offsets = np.concatenate([[0.0], np.cumsum((h[1:] + h[:-1]) / 2)])
    room = top - h[-1] / 2 - offsets[-1], bottom + h[0] / 2
    starts = isotonic_regression(wanted[order] - offsets).x
    starts = np.full_like(starts, sum(room) / 2) if room[0] < room[1] else np.clip(starts, room[1], room[0])
    middles = np.empty_like(starts)
    middles[order] = starts + offsets
    return middles
