"""One look for all figures: colours that colour-blind readers tell apart, and where files go."""
# pyright: standard

from __future__ import annotations

import warnings
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import PlaceHolderLayoutEngine
from matplotlib.lines import Line2D

WIDTH = 7.4
"""Inches: a page's text width."""

LINE_HEIGHT = 0.14
"""Inches: a line of a tick label."""

DPI = 160

INK, MUTED, FAINT = "#1f2328", "#656d76", "#d8dee4"

# Okabe and Ito's eight colours (https://jfly.uni-koeln.de/color/), which differ for every kind of colour vision
BLUE, VERMILLION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
SKY, PINK, YELLOW, GREY = "#56B4E9", "#CC79A7", "#F0E442", "#9aa0a6"

TIER_COLOURS = {"control": BLUE, "two-stage": VERMILLION, "unified": GREEN}
TIER_MARKERS = {"control": "o", "two-stage": "s", "unified": "D"}
PHASE_COLOURS = {
    "pretrain": ORANGE,
    "generator": VERMILLION,
    "synthesis": PINK,
    "classifier": BLUE,
    "joint": GREEN,
    "score": GREY,
}

_LINES = [
    (colour, dashes)
    for dashes in ("-", (0, (4, 1.5)), (0, (1, 1.2)))
    for colour in (BLUE, VERMILLION, GREEN, ORANGE, PINK, SKY, INK)
]

_STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "text.color": INK,
    "text.parse_math": False,  # class names may hold dollar signs
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": 8.5,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "axes.grid": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.4,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "augbench",  # the same records give the same file
}


@contextmanager
def canvas(width: float, height: float) -> Generator[Figure]:
    """A new figure in the common style; nothing global is left changed.

    Args:
        width: Inches.
        height: Inches.
    """
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a box stands for it
        figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure


def save(figure: Figure, path: Path) -> Path:
    """Writes a figure.

    Args:
        figure: Drawn inside ``canvas``.
        path: Ends in ``.svg``, or in ``.png``, which suits pictures of pixels.

    Returns:
        ``path``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    settle(figure)
    # not savefig, which would go through all that is drawn once more for each file
    if path.suffix == ".svg":
        FigureCanvasSVG(figure).print_svg(path, metadata={"Date": None, "Creator": None})
    else:
        FigureCanvasAgg(figure).print_png(path, metadata={"Software": None}, pil_kwargs={"compress_level": 4})
    return path


def settle(figure: Figure) -> None:
    """Lays a figure out, once: what is added or moved later changes nothing, and each drawing is spared the layout."""
    engine = figure.get_layout_engine()
    if engine is not None and not isinstance(engine, PlaceHolderLayoutEngine):
        engine.execute(figure)
        figure.set_layout_engine("none")


def row_places(names: Sequence[str], *, least: float = 0.3) -> tuple[list[float], float]:
    """Room for rows with names of one or more lines.

    Args:
        names: Top to bottom.
        least: Inches that a row has at least.

    Returns:
        Middle of each row and the height of all, in inches from the top.
    """
    heights = [max(least, 0.14 + LINE_HEIGHT * (name.count("\n") + 1)) for name in names]
    ends = np.cumsum(heights)
    return [float(end - height / 2) for end, height in zip(ends, heights, strict=True)], float(ends[-1])


def lines(names: Sequence[str]) -> dict[str, tuple[str, Any]]:
    """Colour and dashes for each name; twenty-one can be told apart."""
    return {name: _LINES[i % len(_LINES)] for i, name in enumerate(names)}


def tier_handles(tiers: Collection[str]) -> list[Line2D]:
    """Entries of a legend for those of the tiers that are known, in their order."""
    return [
        Line2D([], [], marker=TIER_MARKERS[tier], color=colour, linestyle="", markersize=5.5, label=tier)
        for tier, colour in TIER_COLOURS.items()
        if tier in tiers
    ]


def only_grid(axes: Axes, axis: Literal["x", "y"]) -> None:
    """Leaves grid lines of one axis (``x`` or ``y``) and takes the other's spine and ticks away."""
    other = "y" if axis == "x" else "x"
    axes.grid(visible=False, axis=other)
    axes.tick_params(axis=other, length=0)
    axes.spines["left" if axis == "x" else "bottom"].set_visible(False)
