"""What lies on a blood smear: red cells, the malaria parasites inside them, and what is mistaken for these.

The stages are drawn after their textbook descriptions (WHO, "Basic malaria microscopy", part I, 2nd ed., 2010): a
ring is a thin loop of cytoplasm with a dot of chromatin; a trophozoite is larger and irregular, with pigment; a
schizont is a cluster of merozoites around a clump of pigment. The stages flow into each other, as in a patient;
platelets on top of cells, stain debris and refractile artefacts look like parasites and are none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from datasets.drawing import Floats, Shapes, Slide, disc, ring, spot

EOSIN, AZURE, CHROMATIN, PIGMENT = range(4)
STAINS = np.array([[0.14, 0.46, 0.34], [0.78, 0.72, 0.22], [0.62, 1.10, 0.40], [0.95, 1.10, 1.25]], dtype=np.float32)
"""Optical densities of the four dyes in red, green and blue: pink, blue, purple, brown-black."""


def _uniform(rng: np.random.Generator, low: float, high: float, n: int) -> Floats:
    return rng.uniform(low, high, n).astype(np.float32)


def _normal(rng: np.random.Generator, mean: float, deviation: float, n: int) -> Floats:
    return rng.normal(mean, deviation, n).astype(np.float32)


def _turn(rng: np.random.Generator, n: int) -> Floats:
    return _uniform(rng, 0, 2 * np.pi, n)


def red_cells(*, radius: Floats, pallor: Floats, grown: NDArray[np.bool_], rng: np.random.Generator) -> Shapes:
    """The cell in the middle of each image: round to oval, pale at its centre unless a grown parasite fills it.

    Args:
        radius: (N,) mean radius of the smear's cells.
        pallor: (N,) mean paleness of their centres.
        grown: (N,) whether a grown parasite lies inside, which swells the cell.
        rng: Source of chance.
    """
    n = len(grown)
    pallor = np.clip(pallor + _normal(rng, 0, 0.12, n), 0, 0.85)
    return Shapes(
        image=np.arange(n),
        x=_normal(rng, 0, 0.06, n),
        y=_normal(rng, 0, 0.06, n),
        radius=radius * np.exp(_normal(rng, 0, 0.06, n) + 0.04 * grown).astype(np.float32),
        amount=np.exp(_normal(rng, 0, 0.12, n)),
        stretch=1 + np.abs(_normal(rng, 0, 0.14, n)),
        angle=_turn(rng, n),
        lobes=rng.normal(0, [0.03, 0.025, 0.015, 0.01], (n, 4)).astype(np.float32),
        phases=rng.uniform(0, 2 * np.pi, (n, 4)).astype(np.float32),
        detail=np.where(grown, 0.4, 1.0).astype(np.float32) * pallor,
    )


def add_cells(slide: Slide, cells: Shapes) -> None:
    """Discs of haemoglobin, with the darker line where a cell's edge refracts the light."""
    rims = Shapes(
        image=cells.image,
        x=cells.x,
        y=cells.y,
        radius=cells.radius * np.float32(0.96),
        amount=cells.amount * np.float32(0.22),
        stretch=cells.stretch,
        angle=cells.angle,
        lobes=cells.lobes,
        phases=cells.phases,
        detail=0.04,
    )
    slide.add(cells, disc, EOSIN)
    slide.add(rims, ring, EOSIN)


def add_neighbours(slide: Slide, *, radius: Floats, pallor: Floats, rng: np.random.Generator) -> None:
    """Up to four more cells, cut by the window's border; a few of them hold a parasite, which is not the label."""
    image = np.repeat(np.arange(slide.n), rng.choice(5, slide.n, p=[0.15, 0.3, 0.3, 0.17, 0.08]))
    n = len(image)
    turn, away = _turn(rng, n), _uniform(rng, 1.25, 1.75, n)
    cells = Shapes(
        image=image,
        x=away * np.cos(turn),
        y=away * np.sin(turn),
        radius=radius[image] * np.exp(_normal(rng, 0, 0.07, n)),
        amount=np.exp(_normal(rng, 0, 0.12, n)),
        stretch=1 + np.abs(_normal(rng, 0, 0.14, n)),
        angle=_turn(rng, n),
        detail=np.clip(pallor[image] + _normal(rng, 0, 0.12, n), 0, 0.85),
    )
    add_cells(slide, cells)
    infected = cells.rows(np.flatnonzero(rng.random(n) < 0.08))
    m = len(infected.image)
    for dye, size, amount in ((AZURE, 0.2, 0.35), (CHROMATIN, 0.07, 0.7)):
        x, y = infected.x[:, 0] * np.float32(0.85), infected.y[:, 0] * np.float32(0.85)
        slide.add(
            Shapes(
                image=infected.image,
                x=x + _normal(rng, 0, 0.1, m),
                y=y + _normal(rng, 0, 0.1, m),
                radius=size * np.exp(_normal(rng, 0, 0.3, m)),
                amount=amount * np.exp(_normal(rng, 0, 0.2, m)),
            ),
            disc,
            dye,
        )


def _inside(cells: Shapes, image: NDArray[np.int64], reach: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Points within each image's cell, evenly over a disc of ``reach`` times its radius."""
    turn = _turn(rng, len(image))
    away = np.sqrt(_uniform(rng, 0, 1, len(image))) * reach * cells.radius[image]
    return cells.x[image] + away * np.cos(turn), cells.y[image] + away * np.sin(turn)


def add_rings(slide: Slide, image: NDArray[np.int64], cells: Shapes, rng: np.random.Generator) -> None:
    """Thin loops with a dot of chromatin, now and then two; older ones are thicker and larger."""
    n = len(image)
    age = _uniform(rng, 0, 1, n)
    x, y = _inside(cells, image, 0.6, rng)
    radius = (0.13 + 0.11 * age) * np.exp(_normal(rng, 0, 0.12, n))
    turn = _turn(rng, n)
    loop = Shapes(
        image=image,
        x=x,
        y=y,
        radius=radius,
        amount=(0.55 + 0.25 * age) * np.exp(_normal(rng, 0, 0.25, n)),
        stretch=1 + np.abs(_normal(rng, 0, 0.25, n)),
        lobes=rng.normal(0, 0.06, (n, 2)).astype(np.float32),
        phases=np.stack([turn, _turn(rng, n)], axis=1),
        detail=0.03 + 0.035 * age**2,
        opening=_uniform(rng, 0.2, 0.9, n),
    )
    slide.add(loop, ring, AZURE)
    for share, size in ((1.0, 1.0), (0.18, 0.8)):
        chosen = np.flatnonzero(rng.random(n) < share)
        m = len(chosen)
        at = turn[chosen] + _normal(rng, 0, 0.3 if share == 1 else 1.2, m)
        dot = Shapes(
            image=image[chosen],
            x=x[chosen] + radius[chosen] * np.cos(at),
            y=y[chosen] + radius[chosen] * np.sin(at),
            radius=size * (0.045 + 0.015 * age[chosen]) * np.exp(_normal(rng, 0, 0.2, m)),
            amount=1.1 * np.exp(_normal(rng, 0, 0.25, m)),
        )
        slide.add(dot, spot, CHROMATIN)


def add_trophozoites(slide: Slide, image: NDArray[np.int64], cells: Shapes, rng: np.random.Generator) -> None:
    """Irregular bodies with chromatin and grains of pigment: young ones keep a ring's vacuole, old ones divide."""
    n = len(image)
    age = _uniform(rng, 0, 1, n) ** 1.3
    x, y = _inside(cells, image, 0.35, rng)
    radius = (0.19 + 0.27 * age) * np.exp(_normal(rng, 0, 0.12, n))
    body = Shapes(
        image=image,
        x=x,
        y=y,
        radius=radius,
        amount=(0.42 + 0.12 * age) * np.exp(_normal(rng, 0, 0.25, n)),
        stretch=1 + np.abs(_normal(rng, 0.1, 0.3, n)),
        angle=_turn(rng, n),
        lobes=rng.normal(0, [0.14, 0.11, 0.07], (n, 3)).astype(np.float32),
        phases=rng.uniform(0, 2 * np.pi, (n, 3)).astype(np.float32),
        detail=np.clip(_uniform(rng, 0.4, 1.2, n) - 0.7 * age, 0, 0.9),
    )
    slide.add(body, disc, AZURE, within=cells)
    nuclei = 1 + rng.poisson(0.8 * age)
    _scatter(
        slide, CHROMATIN, image=image, counts=nuclei, x=x, y=y, reach=0.7 * radius, radius=0.06, amount=0.85, rng=rng
    )
    _scatter(
        slide,
        PIGMENT,
        image=image,
        counts=rng.poisson(0.4 + 5 * age),
        x=x,
        y=y,
        reach=radius,
        radius=0.028,
        amount=1.0,
        rng=rng,
    )


def add_schizonts(slide: Slide, image: NDArray[np.int64], cells: Shapes, rng: np.random.Generator) -> None:
    """Merozoites crowded around a clump of pigment: from four in young ones to twenty."""
    n = len(image)
    age = _uniform(rng, 0, 1, n)
    x, y = _inside(cells, image, 0.15, rng)
    radius = (0.27 + 0.2 * age) * np.exp(_normal(rng, 0, 0.14, n))
    body = Shapes(
        image=image,
        x=x,
        y=y,
        radius=radius,
        amount=(0.5 - 0.2 * age) * np.exp(_normal(rng, 0, 0.35, n)),
        stretch=1 + np.abs(_normal(rng, 0, 0.3, n)),
        angle=_turn(rng, n),
        lobes=rng.normal(0, 0.06, (n, 3)).astype(np.float32),
        phases=rng.uniform(0, 2 * np.pi, (n, 3)).astype(np.float32),
    )
    slide.add(body, disc, AZURE, within=cells)
    _scatter(
        slide,
        CHROMATIN,
        image=image,
        counts=4 + rng.poisson(13 * age),
        x=x,
        y=y,
        reach=0.85 * radius,
        radius=0.055,
        amount=0.75,
        rng=rng,
        spread=0.4,
    )
    _scatter(
        slide,
        PIGMENT,
        image=image,
        counts=2 + rng.poisson(3, n),
        x=x,
        y=y,
        reach=0.2 * radius,
        radius=0.035,
        amount=0.8,
        rng=rng,
    )


def _scatter(
    slide: Slide,
    dye: int,
    *,
    image: NDArray[np.int64],
    counts: NDArray[np.int64],
    x: Floats,
    y: Floats,
    reach: Floats,
    radius: float,
    amount: float,
    rng: np.random.Generator,
    spread: float = 0.5,
) -> None:
    """Spots around a point, evenly over a disc of ``reach``; a smaller ``spread`` moves them to its edge."""
    of = np.repeat(np.arange(len(image)), counts)
    n = len(of)
    turn, away = _turn(rng, n), _uniform(rng, 0, 1, n) ** spread * reach[of]
    spots = Shapes(
        image=image[of],
        x=x[of] + away * np.cos(turn),
        y=y[of] + away * np.sin(turn),
        radius=radius * np.exp(_normal(rng, 0, 0.2, n)),
        amount=amount * np.exp(_normal(rng, 0, 0.25, n)),
    )
    slide.add(spots, spot, dye)


def add_platelets(slide: Slide, image: NDArray[np.int64], rng: np.random.Generator) -> None:
    """Granular purple bodies anywhere, also on top of the cell, where they look like parasites."""
    n = len(image)
    x, y = _uniform(rng, -0.85, 0.85, n), _uniform(rng, -0.85, 0.85, n)
    radius = _uniform(rng, 0.12, 0.27, n)
    body = Shapes(
        image=image,
        x=x,
        y=y,
        radius=radius,
        amount=0.4 * np.exp(_normal(rng, 0, 0.25, n)),
        stretch=1 + np.abs(_normal(rng, 0, 0.3, n)),
        angle=_turn(rng, n),
        lobes=rng.normal(0, [0.1, 0.08, 0.05], (n, 3)).astype(np.float32),
        phases=rng.uniform(0, 2 * np.pi, (n, 3)).astype(np.float32),
    )
    slide.add(body, disc, AZURE)
    _scatter(
        slide,
        CHROMATIN,
        image=image,
        counts=2 + rng.poisson(4, n),
        x=x,
        y=y,
        reach=0.7 * radius,
        radius=0.04,
        amount=0.5,
        rng=rng,
    )


def add_artefacts(slide: Slide, image: NDArray[np.int64], cells: Shapes, rng: np.random.Generator) -> None:
    """Refractile loops of dried-on water: like rings, without chromatin."""
    n = len(image)
    x, y = _inside(cells, image, 0.8, rng)
    loop = Shapes(
        image=image,
        x=x,
        y=y,
        radius=_uniform(rng, 0.09, 0.24, n),
        amount=0.6 * np.exp(_normal(rng, 0, 0.3, n)),
        stretch=1 + np.abs(_normal(rng, 0, 0.3, n)),
        angle=_turn(rng, n),
        phases=_turn(rng, n)[:, None],
        detail=_uniform(rng, 0.025, 0.05, n),
        opening=_uniform(rng, 0, 0.9, n),
    )
    slide.add(loop, ring, AZURE)


def add_debris(slide: Slide, mean: Floats, rng: np.random.Generator) -> None:
    """Specks of precipitated stain."""
    image = np.repeat(np.arange(slide.n), rng.poisson(mean))
    n = len(image)
    specks = Shapes(
        image=image,
        x=_uniform(rng, -1, 1, n),
        y=_uniform(rng, -1, 1, n),
        radius=_uniform(rng, 0.02, 0.06, n),
        amount=_uniform(rng, 0.4, 1.3, n),
    )
    slide.add(specks, spot, CHROMATIN)
