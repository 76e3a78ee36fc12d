"""Mean ranks across datasets, with bars over methods that cannot be told apart (Demšar, JMLR 7, 2006, figure 1)."""
# pyright: standard

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.transforms import blended_transform_factory

from report.style import INK, LINE_HEIGHT, MUTED, VERMILLION, WIDTH, canvas, only_grid, row_places, save
from report.text import wrapped


def cliques(ranks: list[float], critical_difference: float) -> list[tuple[int, int]]:
    """Longest runs of neighbours whose ranks lie within the critical difference.

    Args:
        ranks: Increasing.
        critical_difference: In ranks.

    Returns:
        First and last of each run of two or more; none lies within another.
    """
    found: list[tuple[int, int]] = []
    for first, rank in enumerate(ranks):
        last = max(i for i, other in enumerate(ranks) if other - rank <= critical_difference)
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found


def draw_ranks(ranks: Mapping[str, float], path: Path, *, critical_difference: float, n_datasets: int) -> Path:
    """Draws a row a method, best on top; a bar joins methods whose ranks differ by less than the critical difference.

    Rows instead of the usual elbows leave room for long names.

    Args:
        ranks: Mean rank by method; 1 is best.
        path: Ends in ``.svg`` or ``.png``.
        critical_difference: In ranks.
        n_datasets: For the label.
    """
    order = sorted(ranks, key=lambda name: ranks[name])
    values = [ranks[name] for name in order]
    names = [wrapped(name) for name in order]
    places, height = row_places(names)
    bars = cliques(values, critical_difference)
    with canvas(WIDTH, height + 0.75 + LINE_HEIGHT) as figure:
        axes = figure.add_subplot()
        axes.scatter(values, places, s=34, color=INK, zorder=3)
        for y, value in zip(places, values, strict=True):
            axes.annotate(
                f"{value:.2f}",
                (value, y),
                xytext=(7, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
                color=INK,
            )
        right = blended_transform_factory(axes.transAxes, axes.transData)
        for k, (first, last) in enumerate(bars):
            x = 1.03 + 0.025 * k
            ends = [places[first] - 0.08, places[last] + 0.08]
            axes.plot([x, x], ends, transform=right, color=INK, linewidth=2.5, clip_on=False)
        best = values[0]
        axes.plot([best, best + critical_difference], [-0.1, -0.1], color=VERMILLION, linewidth=2.5, clip_on=False)
        axes.annotate(
            f"critical difference {critical_difference:.2f}",
            (best, -0.1),
            xytext=(0, 5),
            textcoords="offset points",
            fontsize=8,
            color=VERMILLION,
        )
        axes.set_yticks(places, names)
        axes.set_ylim(height, -0.3)
        axes.set_xlim(1 - 0.02 * len(order), max(len(order), best + critical_difference) + 0.06 * len(order))
        axes.set_xticks(range(1, len(order) + 1, 1 + len(order) // 12))
        axes.set_xlabel(f"mean rank over {n_datasets} datasets (1 is best)")
        axes.tick_params(colors=MUTED, labelcolor=INK)
        only_grid(axes, "x")
        return save(figure, path)
