"""Real and generated images in one plane of features, a panel a method."""
# pyright: standard

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from report.style import LINE_HEIGHT, WIDTH, canvas, lines, save
from report.text import wrapped

MARKERS = ("o", "s", "D", "^", "v", "P", "*")
"""One for each round through the seven colours."""


@dataclass(frozen=True)
class Cloud:
    """Images as points.

    Attributes:
        points: (N, 2).
        labels: (N,) class numbers.
    """

    points: NDArray[np.floating]
    labels: NDArray[np.int64]


def draw_embedding(clouds: Mapping[str, tuple[Cloud, Cloud]], path: Path, *, classes: Sequence[str]) -> Path:
    """Draws each method's real images pale and its generated ones as crosses, a colour a class, on common axes.

    Args:
        clouds: Real and generated images by method.
        path: Ends in ``.svg`` or ``.png``.
        classes: Names, in label order.
    """
    columns = min(3, len(clouds))
    rows = math.ceil(len(clouds) / columns)
    titles = [wrapped(name, 32) for name in clouds]
    looks = lines([str(k) for k in range(len(classes))])
    legend_rows = math.ceil((len(classes) + 2) / 4)
    heading = LINE_HEIGHT * max(title.count("\n") + 1 for title in titles)
    with canvas(WIDTH, rows * (WIDTH / columns * 0.85 + heading) + 0.19 * legend_rows + 0.3) as figure:
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        for axes in grid.flat[len(clouds) :]:
            axes.set_visible(False)
        for axes, title, (real, made) in zip(grid.flat, titles, clouds.values(), strict=False):
            for k in range(len(classes)):
                colour, marker = looks[str(k)][0], MARKERS[k // 7 % len(MARKERS)]
                of_real, of_made = real.points[real.labels == k], made.points[made.labels == k]
                axes.scatter(of_real[:, 0], of_real[:, 1], s=14, color=colour, marker=marker, alpha=0.3, linewidths=0)
                axes.scatter(of_made[:, 0], of_made[:, 1], s=13, color=colour, marker="x", linewidths=0.8)
            axes.set_title(title, fontsize=8)
            axes.set_xticklabels([])
            axes.set_yticklabels([])
            axes.tick_params(length=0)
        first = grid.flat[0]
        handles = [
            first.scatter([], [], s=22, color=looks[str(k)][0], marker=MARKERS[k // 7 % len(MARKERS)], label=name)
            for k, name in enumerate(classes)
        ]
        handles.append(first.scatter([], [], s=22, color="grey", alpha=0.4, linewidths=0, label="pale: real"))
        handles.append(first.scatter([], [], s=20, color="grey", marker="x", label="cross: generated"))
        figure.legend(handles=handles, loc="outside lower left", ncols=4, columnspacing=1.4, handletextpad=0.3)
        return save(figure, path)
