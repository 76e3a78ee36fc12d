"""Drawn malaria smears: the embedded dataset, with as many images as one asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from datasets import blood
from datasets.base import Dataset, DatasetInfo, Places
from datasets.cache import fingerprint
from datasets.catalogue import register
from datasets.drawing import Floats, Slide, photograph
from datasets.slides import PerSlide, assign_slides, draw_in_blocks
from datasets.sources import Drawn

CLASSES = ("red blood cell", "ring", "schizont", "trophozoite")
COUNTS = (5600, 292, 106, 887)
TRAIN = 2754
"""Leaves 2240 red cells and 42 schizonts: enough that a few dozen are not all that a class can look like."""
RED, RING, SCHIZONT, TROPHOZOITE = range(4)

CELLS_PER_SMEAR = 96
_IMAGES_AT_ONCE = 256


@dataclass(frozen=True)
class Smears(PerSlide):
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
    strength = np.exp(rng.normal(0, [0.28, 0.32, 0.32, 0.2], (n, 4)))
    hue = np.exp(rng.normal(0, 0.2, (n, 4, 3)))
    # Too acid a buffer makes all pinker, too alkaline bluer.
    acidity = rng.normal(0, 0.24, (n, 1))
    hue[:, :, 0] *= np.exp(-acidity)
    hue[:, :, 2] *= np.exp(acidity)
    warmth = rng.normal(0, 0.035, (n, 1)) * np.array([1.0, 0.0, -1.0])
    return Smears(
        stains=(blood.STAINS * strength[:, :, None] * hue).astype(np.float32),
        light=(rng.uniform(0.80, 0.97, (n, 1)) + warmth + rng.normal(0, 0.012, (n, 3))).astype(np.float32),
        tilt=rng.normal(0, 0.03, (n, 2)).astype(np.float32),
        blur=rng.gamma(3.0, 0.012, n).astype(np.float32),
        noise=rng.uniform(0.010, 0.026, n).astype(np.float32),
        radius=rng.normal(0.66, 0.035, n).astype(np.float32),
        pallor=rng.uniform(0.25, 0.75, n).astype(np.float32),
        debris=rng.gamma(1.0, 0.35, n).astype(np.float32),
    )


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
    smear_of = assign_slides(labels, clustered=(RING, SCHIZONT, TROPHOZOITE), per_slide=CELLS_PER_SMEAR, rng=rng)
    smears = draw_smears(int(smear_of.max(initial=-1)) + 1, rng)
    images = draw_in_blocks(_draw_block, labels, smears, smear_of, size=size, at_once=_IMAGES_AT_ONCE, rng=rng)
    return images, smear_of


def _draw_block(
    labels: NDArray[np.int64], smears: Smears, size: int, scene: np.random.Generator, exposure: np.random.Generator
) -> NDArray[np.uint8]:
    """Draws N images from N labels and the smear of each."""
    n = len(labels)
    slide = Slide(n, size, len(blood.STAINS), smears.blur * scene.gamma(4.0, 0.25, n))
    grown = np.isin(labels, (SCHIZONT, TROPHOZOITE))
    cells = blood.red_cells(radius=smears.radius, pallor=smears.pallor, grown=grown, rng=scene)
    blood.add_cells(slide, cells)
    blood.add_neighbours(slide, radius=smears.radius, pallor=smears.pallor, rng=scene)
    blood.add_rings(slide, np.flatnonzero(labels == RING), cells, scene)
    blood.add_trophozoites(slide, np.flatnonzero(labels == TROPHOZOITE), cells, scene)
    blood.add_schizonts(slide, np.flatnonzero(labels == SCHIZONT), cells, scene)
    blood.add_platelets(slide, np.flatnonzero(scene.random(n) < 0.11), scene)
    blood.add_artefacts(slide, np.flatnonzero(scene.random(n) < 0.07), cells, scene)
    blood.add_debris(slide, smears.debris, scene)
    shone = slide.shine(
        stains=smears.stains * np.exp(scene.normal(0, 0.06, (n, 4, 1))).astype(np.float32),
        light=smears.light * np.exp(scene.normal(0, 0.02, (n, 1))).astype(np.float32),
        tilt=smears.tilt + scene.normal(0, 0.02, (n, 2)).astype(np.float32),
    )
    return photograph(shone, smears.noise, exposure)


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
    ] = TRAIN
    part: Annotated[Literal["develop", "report"], Field(description="draws from disjoint ranges of seeds")] = "report"

    def open(self, places: Places) -> Drawn:
        """See `Dataset.open`."""
        counts = tuple(max(1, round(n * self.train / sum(COUNTS))) for n in COUNTS)
        return Drawn(
            fingerprint=fingerprint(self.info.name, self.info.version, self.train, self.part),
            classes=CLASSES,
            counts=counts,
            draw=draw_cells,
            part=self.part,
            cache=places.cache,
        )
