"""Drawn red blood cells in thin blood smears, some with malaria parasites, Giemsa-stained.

What is drawn follows the textbook descriptions of the stages (WHO, "Basic malaria microscopy", part I, 2nd ed.,
2010): a ring is a thin loop of cytoplasm with a dot of chromatin; a trophozoite is larger and irregular, with
pigment; a schizont is a cluster of merozoites around a clump of pigment. The stages flow into each other, as in a
patient; platelets on top of cells, stain debris and refractile artefacts look like parasites and are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from datasets.base import Dataset, DatasetInfo, Places
from datasets.cache import fingerprint
from datasets.catalogue import register
from datasets.drawing import Floats, Shapes, Slide, disc, photograph, ring, spot
from datasets.sources import Drawn

CLASSES = ("red blood cell", "ring", "schizont", "trophozoite")
COUNTS = (5600, 292, 106, 887)
RED, RING, SCHIZONT, TROPHOZOITE = range(4)

CELLS_PER_SMEAR = 64
_IMAGES_AT_ONCE = 1024

EOSIN, AZURE, CHROMATIN, PIGMENT = range(4)
STAINS = np.array([[0.14, 0.46, 0.34], [0.78, 0.72, 0.22], [0.62, 1.10, 0.40], [0.95, 1.10, 1.25]], dtype=np.float32)
"""Optical densities of the four dyes in red, green and blue: pink, blue, purple, brown-black."""


@dataclass(frozen=True)
class Smears:
    """What the cells of a smear share; S smears.

    Attributes:
        stains: (S, 4, 3) optical densities of the dyes.
        light: (S, 3) empty background, 0…1.
        tilt: (S, 2) unevenness of the light.
        blur: (S,) mean defocus, in half windows.
        noise: (S,) standard deviation of the sensor's noise.
        radius: (S,) mean radius of the red cells.
        pallor: (S,) mean paleness of their centres.
        debris: (S,) mean number of specks an image.
    """

    stains: Floats
    light: Floats
    tilt: Floats
    blur: Floats
    noise: Floats
    radius: Floats
    pallor: Floats
    debris: Floats


def draw_smears(n: int, rng: np.random.Generator) -> Smears:
    """Stain, light and focus of n smears."""
    strength = np.exp(rng.normal(0, [0.22, 0.22, 0.22, 0.1], (n, 4)))
    hue = np.exp(rng.normal(0, 0.14, (n, 4, 3)))
    # Too acid a buffer makes all pinker, too alkaline bluer.
    acidity = rng.normal(0, 0.16, (n, 1))
    hue[:, :, 0] *= np.exp(-acidity)
    hue[:, :, 2] *= np.exp(acidity)
    warmth = rng.normal(0, 0.035, (n, 1)) * np.array([1.0, 0.0, -1.0])
    return Smears(
        stains=(STAINS * strength[:, :, None] * hue).astype(np.float32),
        light=(rng.uniform(0.80, 0.97, (n, 1)) + warmth + rng.normal(0, 0.012, (n, 3))).astype(np.float32),
        tilt=rng.normal(0, 0.03, (n, 2)).astype(np.float32),
        blur=rng.gamma(3.0, 0.012, n).astype(np.float32),
        noise=rng.uniform(0.010, 0.026, n).astype(np.float32),
        radius=rng.normal(0.66, 0.035, n).astype(np.float32),
        pallor=rng.uniform(0.25, 0.75, n).astype(np.float32),
        debris=rng.gamma(1.0, 0.35, n).astype(np.float32),
    )


def assign_smears(labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """(N,) labels → (N,) smear of each: parasites of one stage come mostly from a few patients."""
    n = max(1, -(-len(labels) // CELLS_PER_SMEAR))
    smears = rng.integers(0, n, len(labels))
    for label in (RING, SCHIZONT, TROPHOZOITE):
        members = np.flatnonzero(labels == label)
        load = rng.gamma(0.6, 1.0, n) + 1e-6
        smears[members] = rng.choice(n, len(members), p=load / load.sum())
    return np.unique(smears, return_inverse=True)[1]


def draw_cells(
    labels: NDArray[np.int64], size: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draws one cell for each label.

    Args:
        labels: (N,) int64, indices into ``CLASSES``.
        size: Height and width in pixels; the same generator draws the same scenes at each size.
        rng: Source of chance.

    Returns:
        (N, 3, size, size) uint8 images and (N,) int64 smears, numbered from 0.
    """
    smear_of = assign_smears(labels, rng)
    smears = draw_smears(int(smear_of.max(initial=-1)) + 1, rng)
    images = np.empty((len(labels), 3, size, size), dtype=np.uint8)
    for start in range(0, len(labels), _IMAGES_AT_ONCE):
        chosen = slice(start, start + _IMAGES_AT_ONCE)
        scene, exposure = rng.spawn(2)
        images[chosen] = _draw_block(labels[chosen], smears, smear_of[chosen], size, scene, exposure)
    return images, smear_of


def _draw_block(
    labels: NDArray[np.int64],
    smears: Smears,
    smear_of: NDArray[np.int64],
    size: int,
    scene: np.random.Generator,
    exposure: np.random.Generator,
) -> NDArray[np.uint8]:
    n = len(labels)
    blur = smears.blur[smear_of] * scene.gamma(4.0, 0.25, n).astype(np.float32)
    slide = Slide(n, size, len(STAINS), blur)
    cells = draw_red_cells(labels, smears, smear_of, scene)
    slide.add(cells, disc, EOSIN)
    slide.add(_rims(cells), ring, EOSIN)
    add_neighbours(slide, smears, smear_of, scene)
    add_rings(slide, np.flatnonzero(labels == RING), cells, scene)
    add_trophozoites(slide, np.flatnonzero(labels == TROPHOZOITE), cells, scene)
    add_schizonts(slide, np.flatnonzero(labels == SCHIZONT), cells, scene)
    add_platelets(slide, np.flatnonzero(scene.random(n) < 0.09), scene)
    add_artefacts(slide, np.flatnonzero(scene.random(n) < 0.06), cells, scene)
    add_debris(slide, smears.debris[smear_of], scene)
    stains = smears.stains[smear_of] * np.exp(scene.normal(0, 0.06, (n, 4, 1))).astype(np.float32)
    light = smears.light[smear_of] * np.exp(scene.normal(0, 0.02, (n, 1))).astype(np.float32)
    tilt = smears.tilt[smear_of] + scene.normal(0, 0.02, (n, 2)).astype(np.float32)
    shone = slide.shine(stains=stains, light=light, tilt=tilt)
    return photograph(shone, smears.noise[smear_of], exposure)


def _uniform(rng: np.random.Generator, low: float, high: float, n: int) -> Floats:
    return rng.uniform(low, high, n).astype(np.float32)


def _normal(rng: np.random.Generator, mean: float, deviation: float, n: int) -> Floats:
    return rng.normal(mean, deviation, n).astype(np.float32)


def _turn(rng: np.random.Generator, n: int) -> Floats:
    return _uniform(rng, 0, 2 * np.pi, n)


def draw_red_cells(
    labels: NDArray[np.int64], smears: Smears, smear_of: NDArray[np.int64], rng: np.random.Generator
) -> Shapes:
    """The cell in the middle of each image: round to oval, pale at its centre unless a grown parasite fills it."""
    n = len(labels)
    grown = np.isin(labels, (SCHIZONT, TROPHOZOITE))
    pallor = np.clip(smears.pallor[smear_of] + _normal(rng, 0, 0.12, n), 0, 0.85)
    return Shapes(
        image=np.arange(n),
        x=_normal(rng, 0, 0.06, n),
        y=_normal(rng, 0, 0.06, n),
        radius=smears.radius[smear_of] * np.exp(_normal(rng, 0, 0.06, n) + 0.04 * grown).astype(np.float32),
        amount=np.exp(_normal(rng, 0, 0.12, n)),
        stretch=1 + np.abs(_normal(rng, 0, 0.14, n)),
        angle=_turn(rng, n),
        lobes=rng.normal(0, [0.03, 0.025, 0.015, 0.01], (n, 4)).astype(np.float32),
        phases=rng.uniform(0, 2 * np.pi, (n, 4)).astype(np.float32),
        detail=np.where(grown, 0.4, 1.0).astype(np.float32) * pallor,
    )


def _rims(cells: Shapes) -> Shapes:
    """The darker line where the edge of a cell refracts the light."""
    return Shapes(
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


def add_neighbours(slide: Slide, smears: Smears, smear_of: NDArray[np.int64], rng: np.random.Generator) -> None:
    """Up to four more cells, cut by the window's border; a few of them hold a parasite, which is not the label."""
    image = np.repeat(np.arange(slide.n), rng.choice(5, slide.n, p=[0.15, 0.3, 0.3, 0.17, 0.08]))
    n = len(image)
    turn, away = _turn(rng, n), _uniform(rng, 1.25, 1.75, n)
    cells = Shapes(
        image=image,
        x=away * np.cos(turn),
        y=away * np.sin(turn),
        radius=smears.radius[smear_of[image]] * np.exp(_normal(rng, 0, 0.07, n)),
        amount=np.exp(_normal(rng, 0, 0.12, n)),
        stretch=1 + np.abs(_normal(rng, 0, 0.14, n)),
        angle=_turn(rng, n),
        detail=np.clip(smears.pallor[smear_of[image]] + _normal(rng, 0, 0.12, n), 0, 0.85),
    )
    slide.add(cells, disc, EOSIN)
    slide.add(_rims(cells), ring, EOSIN)
    infected = cells.rows(np.flatnonzero(rng.random(n) < 0.08))
    m = len(infected.image)
    for dye, radius, amount in ((AZURE, 0.2, 0.35), (CHROMATIN, 0.07, 0.7)):
        x, y = infected.x[:, 0] * np.float32(0.85), infected.y[:, 0] * np.float32(0.85)
        slide.add(
            Shapes(
                image=infected.image,
                x=x + _normal(rng, 0, 0.1, m),
                y=y + _normal(rng, 0, 0.1, m),
                radius=radius * np.exp(_normal(rng, 0, 0.3, m)),
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
    nuclei = 1 + (rng.random(n) < 0.35 * age) + (rng.random(n) < 0.3 * age)
    _scatter(slide, image, nuclei, x, y, 0.7 * radius, 0.06, 0.85, CHROMATIN, rng)
    _scatter(slide, image, rng.poisson(0.4 + 5 * age), x, y, radius, 0.028, 1.0, PIGMENT, rng)


def add_schizonts(slide: Slide, image: NDArray[np.int64], cells: Shapes, rng: np.random.Generator) -> None:
    """Merozoites crowded around a clump of pigment: from four in young ones to twenty."""
    n = len(image)
    age = _uniform(rng, 0, 1, n)
    x, y = _inside(cells, image, 0.15, rng)
    radius = (0.33 + 0.16 * age) * np.exp(_normal(rng, 0, 0.1, n))
    body = Shapes(
        image=image,
        x=x,
        y=y,
        radius=radius,
        amount=(0.5 - 0.2 * age) * np.exp(_normal(rng, 0, 0.25, n)),
        stretch=1 + np.abs(_normal(rng, 0, 0.15, n)),
        angle=_turn(rng, n),
        lobes=rng.normal(0, 0.06, (n, 3)).astype(np.float32),
        phases=rng.uniform(0, 2 * np.pi, (n, 3)).astype(np.float32),
    )
    slide.add(body, disc, AZURE, within=cells)
    _scatter(slide, image, 4 + rng.poisson(12 * age), x, y, 0.85 * radius, 0.055, 0.75, CHROMATIN, rng, spread=0.4)
    _scatter(slide, image, 2 + rng.poisson(3, n), x, y, 0.2 * radius, 0.035, 0.8, PIGMENT, rng)


def _scatter(
    slide: Slide,
    image: NDArray[np.int64],
    counts: NDArray[np.int64],
    x: Floats,
    y: Floats,
    reach: Floats,
    radius: float,
    amount: float,
    dye: int,
    rng: np.random.Generator,
    spread: float = 0.5,
) -> None:
    """Spots around a point; a small ``spread`` moves them to the edge of the disc they lie in."""
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
    _scatter(slide, image, 2 + rng.poisson(4, n), x, y, 0.7 * radius, 0.04, 0.5, CHROMATIN, rng)


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


@register
class CellsDataset(Dataset):
    """Drawn malaria smears, four classes, imbalanced as published sets are."""

    info = DatasetInfo(
        name="cells",
        version=1,
        summary="drawn malaria smears: red blood cell, ring, schizont, trophozoite; new images for each seed",
        reference="drawn by this program",
    )

    train: Annotated[
        int, Field(ge=70, description="training images, in the proportion 5600/292/106/887; 70 % of all")
    ] = sum(COUNTS)
    part: Annotated[Literal["develop", "report"], Field(description="draws from disjoint ranges of seeds")] = "report"

    def open(self, places: Places) -> Drawn:
        """See `Dataset.open`."""
        counts = tuple(max(1, round(n * self.train / sum(COUNTS))) for n in COUNTS)
        return Drawn(
            fingerprint=fingerprint(self.info.name, self.info.version, self.parameters()),
            classes=CLASSES,
            counts=counts,
            draw=draw_cells,
            part=self.part,
            cache=places.cache,
        )
