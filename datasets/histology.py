"""What lies in a section of tissue stained with haematoxylin and eosin: stroma, glands, lymphocytes, tumour.

Drawn after textbook descriptions (Rosai and Ackerman's Surgical Pathology, chapter 1): stroma is wavy collagen with
spindle nuclei; a gland is a ring of columnar cells whose nuclei lie at the outer side, around a lumen; lymphocytes
are small, round and dark; tumour nuclei are crowded, large, of unequal size, shape and darkness, with nucleoli and
mitoses, and what glands they form are crowded and without order. Reactive glands and crowded lymphocytes look like
tumour and are none; well-differentiated tumour still forms glands.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from datasets.drawing import Floats, Shapes, Slide, disc, ring, spot

HAEMATOXYLIN, EOSIN = range(2)
STAINS = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]], dtype=np.float32)
"""Optical densities in red, green and blue (Ruifrok and Johnston, Anal. Quant. Cytol. Histol. 23, 2001, table 1)."""


def _uniform(rng: np.random.Generator, low: float, high: float, n: int) -> Floats:
    return rng.uniform(low, high, n).astype(np.float32)


def _spread(rng: np.random.Generator, mean: float | Floats, deviation: float | Floats, n: int) -> Floats:
    """Log-normal numbers around a mean."""
    return (mean * np.exp(rng.normal(0, 1, n) * deviation)).astype(np.float32)


def _waves(rng: np.random.Generator, n: int, amplitude: float | Floats) -> tuple[Floats, Floats]:
    """Amplitudes and phases of an irregular outline."""
    scale = np.broadcast_to(np.asarray(amplitude, dtype=np.float32), n)[:, None] * np.array([1.0, 0.7, 0.4])
    return rng.normal(0, 1, (n, 3)) * scale, rng.uniform(0, 2 * np.pi, (n, 3))


def _nuclei(
    slide: Slide,
    image: NDArray[np.int64],
    x: Floats,
    y: Floats,
    *,
    radius: Floats,
    dark: Floats,
    stretch: Floats | float,
    angle: Floats | float,
    irregular: float | Floats,
    rng: np.random.Generator,
) -> None:
    """Nuclei: a body with a rim of chromatin, and grains inside."""
    n = len(image)
    lobes, phases = _waves(rng, n, irregular)
    shape = {"image": image, "x": x, "y": y, "stretch": stretch, "angle": angle, "lobes": lobes, "phases": phases}
    slide.add(Shapes(**shape, radius=radius, amount=dark), disc, HAEMATOXYLIN)
    slide.add(Shapes(**shape, radius=0.9 * radius, amount=0.5 * dark, detail=0.012), ring, HAEMATOXYLIN)
    of = np.repeat(np.arange(n), rng.poisson(2, n))
    turn, away = _uniform(rng, 0, 2 * np.pi, len(of)), np.sqrt(rng.random(len(of))) * 0.6 * radius[of]
    grains = Shapes(
        image=image[of],
        x=x[of] + away * np.cos(turn),
        y=y[of] + away * np.sin(turn),
        radius=0.22 * radius[of],
        amount=0.6 * dark[of],
    )
    slide.add(grains, spot, HAEMATOXYLIN)


def add_stroma(slide: Slide, *, density: Floats, rng: np.random.Generator) -> None:
    """Collagen that runs in one direction, more or less, and spindle nuclei along it.

    Args:
        slide: Where to.
        density: (N,) mean number of spindle nuclei in a window.
        rng: Source of chance.
    """
    slide.density[:, EOSIN] += _uniform(rng, 0.12, 0.42, slide.n)[:, None]
    course = _uniform(rng, 0, np.pi, slide.n)
    image = np.repeat(np.arange(slide.n), rng.poisson(34, slide.n))
    n = len(image)
    lobes, phases = _waves(rng, n, 0.16)
    fibres = Shapes(
        image=image,
        x=_uniform(rng, -1.1, 1.1, n),
        y=_uniform(rng, -1.1, 1.1, n),
        radius=_spread(rng, 0.24, 0.4, n),
        amount=rng.normal(0.02, 0.09, n).astype(np.float32),
        stretch=_uniform(rng, 3, 11, n),
        angle=course[image] + rng.normal(0, 0.3, n),
        lobes=lobes,
        phases=phases,
    )
    slide.add(fibres, disc, EOSIN)
    image = np.repeat(np.arange(slide.n), rng.poisson(density))
    n = len(image)
    _nuclei(
        slide,
        image,
        _uniform(rng, -1.05, 1.05, n),
        _uniform(rng, -1.05, 1.05, n),
        radius=_spread(rng, 0.06, 0.2, n),
        dark=_spread(rng, 0.75, 0.25, n),
        stretch=_uniform(rng, 1.8, 4.5, n),
        angle=course[image] + rng.normal(0, 0.35, n),
        irregular=0.04,
        rng=rng,
    )


def add_lymphocytes(slide: Slide, image: NDArray[np.int64], rng: np.random.Generator) -> None:
    """Small, round, dark nuclei, one entry of ``image`` each, in loose clusters."""
    n = len(image)
    centre = rng.uniform(-0.7, 0.7, (slide.n, 2))
    tight = _uniform(rng, 0.35, 1.0, slide.n)[image]
    _nuclei(
        slide,
        image,
        (centre[image, 0] + rng.normal(0, 1, n) * tight).astype(np.float32),
        (centre[image, 1] + rng.normal(0, 1, n) * tight).astype(np.float32),
        radius=_spread(rng, 0.068, 0.1, n),
        dark=_spread(rng, 1.15, 0.2, n),
        stretch=1 + np.abs(rng.normal(0, 0.1, n)),
        angle=0.0,
        irregular=0.02,
        rng=rng,
    )


def add_glands(slide: Slide, image: NDArray[np.int64], *, atypia: Floats, rng: np.random.Generator) -> None:
    """Rings of columnar cells around a lumen, one entry of ``image`` each; cut lengthwise now and then.

    Args:
        slide: Where to.
        image: (G,) which window each gland lies in.
        atypia: (G,) 0 calm, 1 as bad as it gets: nuclei swell, darken, crowd and lose their places.
        rng: Source of chance.
    """
    g = len(image)
    x, y = _uniform(rng, -0.75, 0.75, g), _uniform(rng, -0.75, 0.75, g)
    radius = _spread(rng, 0.55, 0.25, g)
    stretch, angle = 1 + np.abs(rng.normal(0, 0.5, g)), _uniform(rng, 0, np.pi, g)
    lobes, phases = _waves(rng, g, 0.05 + 0.06 * atypia)
    shape = {"image": image, "x": x, "y": y, "stretch": stretch, "angle": angle, "lobes": lobes, "phases": phases}
    slide.add(Shapes(**shape, radius=radius, amount=_spread(rng, 0.28, 0.3, g)), disc, EOSIN)
    open_ = rng.random(g) > 0.15 + 0.35 * atypia
    lumen = radius * _uniform(rng, 0.2, 0.55, g) * (1 - 0.4 * atypia) * open_ + 0.01
    slide.add(Shapes(**shape, radius=lumen, amount=np.full(g, -0.7, dtype=np.float32)), disc, EOSIN)

    count = np.maximum(6, 2 * np.pi * radius / 0.105 * (1 + 0.7 * atypia)).astype(np.int64)
    of = np.repeat(np.arange(g), count)
    n = len(of)
    turn = (np.arange(n) - np.repeat(np.cumsum(count) - count, count)) / count[of] * 2 * np.pi
    turn = turn + rng.normal(0, 0.08 + 0.3 * atypia[of])
    away = radius[of] * np.clip(0.86 + rng.normal(0, 0.03 + 0.16 * atypia[of]), 0.25, 1.05)
    along, across = np.sqrt(stretch[of]) * away * np.cos(turn), away * np.sin(turn) / np.sqrt(stretch[of])
    c, s = np.cos(angle[of]), np.sin(angle[of])
    _nuclei(
        slide,
        image[of],
        (x[of] + along * c - across * s).astype(np.float32),
        (y[of] + along * s + across * c).astype(np.float32),
        radius=_spread(rng, 0.068 * (1 + 0.45 * atypia[of]), 0.1 + 0.22 * atypia[of], n),
        dark=_spread(rng, 0.62 + 0.25 * atypia[of], 0.15 + 0.2 * atypia[of], n),
        stretch=np.maximum(1, 1.6 + rng.normal(0, 0.2, n) - 0.4 * atypia[of]),
        angle=np.arctan2(along * s + across * c, along * c - across * s),
        irregular=0.03 + 0.09 * atypia[of],
        rng=rng,
    )


def add_tumour_sheet(slide: Slide, image: NDArray[np.int64], *, atypia: Floats, rng: np.random.Generator) -> None:
    """Crowded tumour cells without order, one entry of ``image`` each: nucleoli in pale ones, mitoses in a few.

    Args:
        slide: Where to.
        image: (T,) which window each cell lies in.
        atypia: (T,) 0…1.
        rng: Source of chance.
    """
    n = len(image)
    x, y = _uniform(rng, -1.05, 1.05, n), _uniform(rng, -1.05, 1.05, n)
    radius = _spread(rng, 0.085 + 0.035 * atypia, 0.14 + 0.22 * atypia, n)
    dark = _spread(rng, 0.55 + 0.2 * atypia, 0.25 + 0.15 * atypia, n)
    body = Shapes(image=image, x=x, y=y, radius=1.7 * radius, amount=_spread(rng, 0.16, 0.3, n))
    slide.add(body, disc, EOSIN)
    turn = _uniform(rng, 0, np.pi, n)
    _nuclei(
        slide,
        image,
        x,
        y,
        radius=radius,
        dark=dark,
        stretch=1 + np.abs(rng.normal(0, 0.35, n)),
        angle=turn,
        irregular=0.05 + 0.07 * atypia,
        rng=rng,
    )
    pale = np.flatnonzero((dark < 0.7) & (rng.random(n) < 0.6))
    nucleoli = Shapes(image=image[pale], x=x[pale], y=y[pale], radius=0.3 * radius[pale], amount=1.1 + 0 * dark[pale])
    slide.add(nucleoli, spot, HAEMATOXYLIN)
    dividing = np.flatnonzero(rng.random(n) < 0.03 * atypia)
    m = len(dividing)
    plates = Shapes(
        image=image[dividing],
        x=x[dividing],
        y=y[dividing],
        radius=_spread(rng, 0.07, 0.15, m),
        amount=_spread(rng, 1.6, 0.1, m),
        stretch=_uniform(rng, 2.0, 3.5, m),
        angle=turn[dividing],
    )
    slide.add(plates, disc, HAEMATOXYLIN)


def add_gaps(slide: Slide, rng: np.random.Generator) -> None:
    """Clefts where the section tore, and fat: places without dye."""
    image = np.flatnonzero(rng.random(slide.n) < 0.18)
    n = len(image)
    lobes, phases = _waves(rng, n, 0.08)
    holes = Shapes(
        image=image,
        x=_uniform(rng, -1, 1, n),
        y=_uniform(rng, -1, 1, n),
        radius=_spread(rng, 0.22, 0.5, n),
        amount=np.full(n, -0.8, dtype=np.float32),
        stretch=_uniform(rng, 1, 6, n),
        angle=_uniform(rng, 0, np.pi, n),
        lobes=lobes,
        phases=phases,
    )
    slide.add(holes, disc, EOSIN)
    np.maximum(slide.density, 0, out=slide.density)
    # A section is a few micrometres thin: nuclei that lie over one another are seldom both whole.
    slide.density[:, HAEMATOXYLIN] = 1.7 * (1 - np.exp(-slide.density[:, HAEMATOXYLIN] / 1.7))
