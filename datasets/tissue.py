"""Drawn histology: patches of tissue stained with haematoxylin and eosin, as many as one asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from datasets import histology
from datasets.base import Dataset, DatasetInfo, Places
from datasets.cache import fingerprint
from datasets.catalogue import register
from datasets.drawing import Floats, Slide, photograph
from datasets.slides import PerSlide, assign_slides, draw_in_blocks
from datasets.sources import Drawn

CLASSES = ("stroma", "gland", "inflammation", "tumour")
COUNTS = (1600, 800, 240, 40)
STROMA, GLAND, INFLAMMATION, TUMOUR = range(4)

PATCHES_PER_SLIDE = 96
_IMAGES_AT_ONCE = 128


@dataclass(frozen=True)
class Sections(PerSlide):
    """What the patches of a slide share; S slides.

    Attributes:
        stains: (S, 2, 3) optical densities of haematoxylin and eosin.
        light: (S, 3) empty background, 0…1.
        blur: (S,) mean defocus, in half windows.
        noise: (S,) standard deviation of the sensor's noise.
        grade: (S,) how far the slide's tumour is from normal tissue, 0…1.
    """

    stains: Floats
    light: Floats
    blur: Floats
    noise: Floats
    grade: Floats


def draw_sections(n: int, rng: np.random.Generator) -> Sections:
    """Stain, thickness, light and focus of n slides; laboratories differ more than days within one."""
    thickness = np.exp(rng.normal(0, 0.15, (n, 1)))
    strength = np.exp(rng.normal(0, [0.32, 0.36], (n, 2))) * thickness
    hue = np.exp(rng.normal(0, 0.22, (n, 2, 3)))
    return Sections(
        stains=(histology.STAINS * strength[:, :, None] * hue).astype(np.float32),
        light=(rng.uniform(0.86, 0.98, (n, 1)) + rng.normal(0, 0.012, (n, 3))).astype(np.float32),
        blur=rng.gamma(3.0, 0.007, n).astype(np.float32),
        noise=rng.uniform(0.006, 0.02, n).astype(np.float32),
        grade=rng.beta(1.3, 1.3, n).astype(np.float32),
    )


def draw_tissue(
    labels: NDArray[np.int64], size: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draws one patch for each label.

    Args:
        labels: (N,) int64, indices into ``CLASSES``.
        size: Height and width in pixels; the same generator draws the same scenes at each size.
        rng: Source of chance.

    Returns:
        (N, 3, size, size) uint8 images and (N,) int64 slides, numbered from 0.
    """
    slide_of = assign_slides(labels, clustered=(INFLAMMATION, TUMOUR), per_slide=PATCHES_PER_SLIDE, rng=rng)
    sections = draw_sections(int(slide_of.max(initial=-1)) + 1, rng)
    images = draw_in_blocks(_draw_block, labels, sections, slide_of, size=size, at_once=_IMAGES_AT_ONCE, rng=rng)
    return images, slide_of


def _draw_block(
    labels: NDArray[np.int64], sections: Sections, size: int, scene: np.random.Generator, exposure: np.random.Generator
) -> NDArray[np.uint8]:
    """Draws N patches from N labels and the slide of each."""
    n = len(labels)
    slide = Slide(n, size, len(histology.STAINS), sections.blur * scene.gamma(4.0, 0.25, n).astype(np.float32))
    tumour = labels == TUMOUR
    histology.add_stroma(slide, density=np.where(tumour, 5, 14) * scene.gamma(4.0, 0.25, n), rng=scene)

    glandular = np.where(labels == GLAND, scene.choice((1, 2, 3), n), 0)
    well = tumour & (scene.random(n) > 0.2 + 0.7 * sections.grade)  # tumour that still forms glands
    glandular = np.where(well, scene.choice((2, 3, 4), n), glandular)
    glands = np.repeat(np.arange(n), glandular)
    calm = np.where(scene.random(n) < 0.25, scene.uniform(0.1, 0.5, n), 0.06)  # a quarter of the normal is reactive
    atypia = np.where(tumour, 0.25 + 0.6 * sections.grade, calm).astype(np.float32)
    histology.add_glands(slide, glands, atypia=atypia[glands], rng=scene)

    inflamed = labels == INFLAMMATION
    infiltrating = tumour & ~well & (scene.random(n) < 0.25)  # single cells on their way, and what fights them
    sheet = np.where(tumour & ~well, scene.poisson(scene.uniform(16, 65, n)), 0)
    sheet = np.where(infiltrating, 8 + scene.poisson(8, n), sheet)
    activated = scene.poisson(np.where(scene.random(n) < 0.2, 1.5, 0))  # large lymphoid cells
    sheet = np.where(inflamed, activated, sheet)
    cells = np.repeat(np.arange(n), sheet)
    histology.add_tumour_sheet(slide, cells, atypia=(sections.grade * tumour)[cells], rng=scene)

    few = scene.poisson(np.where(scene.random(n) < 0.3, 9, 1.5))
    many = scene.poisson(scene.uniform(25, 110, n))
    lymphocytes = np.where(inflamed | (infiltrating & (scene.random(n) < 0.5)), many, few)
    histology.add_lymphocytes(slide, np.repeat(np.arange(n), lymphocytes), scene)
    histology.add_gaps(slide, scene)
    shone = slide.shine(
        stains=sections.stains * np.exp(scene.normal(0, 0.07, (n, 2, 1))).astype(np.float32),
        light=sections.light,
        tilt=scene.normal(0, 0.02, (n, 2)).astype(np.float32),
    )
    return photograph(shone, sections.noise, exposure)


@register
class Tissue(Dataset):
    """Drawn sections of tissue, four classes, the tumour rare; grouped by slide."""

    info = DatasetInfo(
        name="tissue",
        version=1,
        summary="drawn histology (H&E): stroma, gland, inflammation, rare tumour; new images for each seed",
        reference="drawn by this program",
    )

    train: Annotated[
        int, Field(ge=70, description="training images, in the proportion 1600/800/240/40; 70 % of all")
    ] = sum(COUNTS)
    part: Annotated[Literal["develop", "report"], Field(description="draws from disjoint ranges of seeds")] = "report"

    def open(self, places: Places) -> Drawn:
        """See `Dataset.open`."""
        return Drawn(
            fingerprint=fingerprint(self.info.name, self.info.version, self.train, self.part),
            classes=CLASSES,
            counts=tuple(max(1, round(n * self.train / sum(COUNTS))) for n in COUNTS),
            draw=draw_tissue,
            part=self.part,
            cache=places.cache,
        )
