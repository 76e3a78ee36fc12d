"""The drawn smears: bit for bit again, disjoint smears, the counts of the published proportion."""

from __future__ import annotations

import numpy as np
import pytest

from datasets import DATASETS, Places
from datasets.cells import CLASSES, RED, RING, SCHIZONT, TROPHOZOITE, draw_cells
from datasets.drawing import Shapes, Slide, disc, photograph, spot


def open_cells(cache, spec="cells[train=700]"):
    return DATASETS.build(spec).open(Places(cache=cache))


def test_counts_keep_the_proportion(tmp_path):
    split = open_cells(tmp_path).split(size=8, seed=0)
    # 5600/292/106/887 of 6885, scaled to 700: 569.4, 29.7, 10.8, 90.2; a seventh and two sevenths of these.
    assert split.train.counts.tolist() == [569, 30, 11, 90]
    assert split.valid.counts.tolist() == [81, 4, 2, 13]
    assert split.test.counts.tolist() == [163, 9, 3, 26]
    # 2754 · (5600, 292, 106, 887) / 6885: 2240.0, 116.8, 42.4, 354.8.
    assert DATASETS.build("cells").open(Places(cache=tmp_path)).counts == (2240, 117, 42, 355)
    assert split.rule == "fresh"
    assert split.train.classes == ("red blood cell", "ring", "schizont", "trophozoite") == CLASSES


def test_redraws_are_identical_to_the_bit(tmp_path):
    first, again = (open_cells(tmp_path / name).split(size=16, seed=5) for name in ("a", "b"))
    for one, other in ((first.train, again.train), (first.valid, again.valid), (first.test, again.test)):
        assert np.array_equal(one.images, other.images)
        assert np.array_equal(one.labels, other.labels)
        assert np.array_equal(one.groups, other.groups)
    assert first.fresh is not None
    assert again.fresh is not None
    labels = np.array([0, 1, 2, 3])
    drawn = [split.fresh(labels, np.random.default_rng(9)) for split in (first, again)]
    assert np.array_equal(*drawn)
    assert drawn[0].shape == (4, 3, 16, 16)


def test_smears_and_images_never_cross(tmp_path):
    split = open_cells(tmp_path).split(size=16, seed=0)
    smears = [set(part.groups.tolist()) for part in (split.train, split.valid, split.test)]
    assert sum(map(len, smears)) == len(set.union(*smears))
    assert split.fresh is not None
    fresh = split.fresh(split.train.labels, np.random.default_rng(0))
    drawn = [fresh, split.train.images, split.valid.images, split.test.images]
    for other in (
        open_cells(tmp_path).split(size=16, seed=1),
        open_cells(tmp_path, "cells[train=700,part=develop]").split(size=16, seed=0),
    ):
        drawn += [other.train.images, other.valid.images, other.test.images]
    bytes_of = [image.tobytes() for images in drawn for image in images]
    assert len(set(bytes_of)) == len(bytes_of)


def test_parameters_enter_the_fingerprint():
    specs = ("cells", "cells[part=develop]", "cells[train=700]")
    assert len({DATASETS.build(spec).open(Places()).fingerprint for spec in specs}) == 3
    assert (
        DATASETS.build("cells[part=report]").open(Places()).fingerprint
        == DATASETS.build("cells").open(Places()).fingerprint
    )


def test_no_labels_give_no_images():
    images, smears = draw_cells(np.zeros(0, dtype=np.int64), 32, np.random.default_rng(0))
    assert images.shape == (0, 3, 32, 32)
    assert smears.shape == (0,)


def test_sizes_show_the_same_scene():
    labels = np.repeat(np.arange(4), 16)
    small, large = (draw_cells(labels, size, np.random.default_rng(2))[0].astype(float) for size in (32, 64))
    shrunk = large.reshape(64, 3, 32, 2, 32, 2).mean(axis=(3, 5))
    assert np.abs(shrunk - small).mean() < 5  # of 255: the noise of both, and the softer edges of the smaller
    other = draw_cells(labels, 32, np.random.default_rng(3))[0]
    assert np.abs(shrunk - other).mean() > 20


def test_parasites_stain_blue_and_schizonts_darkest():
    labels = np.repeat(np.arange(4), 200)
    images = draw_cells(labels, 32, np.random.default_rng(0))[0].astype(float)
    red = images[:, 0, 8:24, 8:24].reshape(800, -1)  # dyes of parasites absorb red, haemoglobin hardly does
    darkest = np.array([np.median(np.percentile(red[labels == label], 5, axis=1)) for label in range(4)])
    assert darkest[RED] > darkest[RING] + 10 > darkest[TROPHOZOITE]
    assert darkest[SCHIZONT] == darkest.min()


def one(**given):
    columns = {"x": 0.0, "y": 0.0, "radius": 0.5, "amount": 1.0} | given
    arrays = {name: np.array([value], dtype=np.float32) for name, value in columns.items()}
    return Shapes(image=np.array([0]), **arrays)


@pytest.mark.parametrize(("stretch", "angle"), [(1.0, 0.0), (1.7, 0.6)])
def test_a_disc_has_the_area_of_its_ellipse(stretch, angle):
    slide = Slide(1, 128, 1, np.zeros(1, dtype=np.float32))
    slide.add(one(stretch=stretch, angle=angle), disc, 0)
    area = slide.density.sum() * (2 / 128) ** 2
    assert area == pytest.approx(np.pi * 0.5**2, rel=0.01)


@pytest.mark.parametrize("blur", [0.0, 0.05, 0.1])
def test_a_spot_keeps_its_dye_when_out_of_focus(blur):
    slide = Slide(1, 64, 1, np.full(1, blur, dtype=np.float32))
    slide.add(one(radius=0.1), spot, 0)
    assert slide.density.sum() * (2 / 64) ** 2 == pytest.approx(2 * np.pi * 0.1**2, rel=0.01)


def test_light_falls_with_the_sum_of_the_densities():
    """Beer and Lambert: densities of overlapping layers add up."""
    slide = Slide(1, 16, 2, np.zeros(1, dtype=np.float32))
    slide.density[0, 0], slide.density[0, 1] = 0.5, 2.0
    stains = np.array([[[0.2, 0.4, 0.0], [0.1, 0.0, 0.3]]], dtype=np.float32)
    shone = slide.shine(stains=stains, light=np.array([[1.0, 0.9, 0.8]]), tilt=np.zeros((1, 2)))
    expected = np.array([1.0, 0.9, 0.8]) * np.exp([-0.3, -0.2, -0.6])
    assert shone[0, :, 3, 7] == pytest.approx(expected, rel=1e-5)
    photo = photograph(shone, np.zeros(1), np.random.default_rng(0))
    assert photo[0, :, 3, 7].tolist() == np.rint(expected * 255).tolist()
