"""The drawn histology: bit for bit again, slides apart, counts in proportion, nuclei as described."""

from __future__ import annotations

import numpy as np

from datasets import DATASETS, Places
from datasets.drawing import Slide
from datasets.histology import HAEMATOXYLIN, add_lymphocytes, add_tumour_sheet
from datasets.slides import assign_slides
from datasets.tissue import CLASSES, GLAND, INFLAMMATION, STROMA, TUMOUR, draw_tissue


def test_counts_slides_and_repetition(tmp_path):
    splits = [
        DATASETS.build("tissue[train=268]").open(Places(cache=tmp_path / name)).split(size=16, seed=4) for name in "ab"
    ]
    # 268 of 2680: a tenth of 1600/800/240/40; a seventh and two sevenths of these.
    assert splits[0].train.counts.tolist() == [160, 80, 24, 4]
    assert splits[0].valid.counts.tolist() == [23, 11, 3, 1]
    assert splits[0].test.counts.tolist() == [46, 23, 7, 1]
    assert splits[0].train.classes == ("stroma", "gland", "inflammation", "tumour") == CLASSES
    assert np.array_equal(splits[0].train.images, splits[1].train.images)
    slides = [set(part.groups.tolist()) for part in (splits[0].train, splits[0].valid, splits[0].test)]
    assert sum(map(len, slides)) == len(set.union(*slides))
    develop = DATASETS.build("tissue[train=268,part=develop]").open(Places(cache=tmp_path)).split(size=16, seed=4)
    known = {image.tobytes() for image in splits[0].train.images}
    assert not known & {image.tobytes() for image in develop.train.images}


def test_sizes_show_the_same_scene():
    labels = np.repeat(np.arange(4), 8)
    small, large = (draw_tissue(labels, size, np.random.default_rng(2))[0].astype(float) for size in (32, 64))
    shrunk = large.reshape(32, 3, 32, 2, 32, 2).mean(axis=(3, 5))
    other = draw_tissue(labels, 32, np.random.default_rng(3))[0]
    assert 3 * np.abs(shrunk - small).mean() < np.abs(shrunk - other).mean()


def test_stroma_has_by_far_the_least_haematoxylin():
    """Red light is what haematoxylin takes and eosin leaves."""
    labels = np.repeat(np.arange(4), 100)
    images = draw_tissue(labels, 32, np.random.default_rng(0))[0].astype(float)
    taken = -np.log(np.maximum(images[:, 0], 1) / 255).mean(axis=(1, 2))
    by_class = np.array([taken[labels == label].mean() for label in range(4)])
    assert 1.5 * by_class[STROMA] < by_class[[GLAND, INFLAMMATION, TUMOUR]].min()


def test_tumour_nuclei_are_larger_than_lymphocytes():
    """Dye of a hundred of each, in a window without anything else."""
    dye = []
    for add in (add_lymphocytes, lambda *given: add_tumour_sheet(*given[:2], atypia=np.ones(100), rng=given[2])):
        slide = Slide(1, 64, 2, np.zeros(1, dtype=np.float32))
        add(slide, np.zeros(100, dtype=np.int64), np.random.default_rng(0))
        dye.append(slide.density[0, HAEMATOXYLIN].sum())
    assert dye[1] > 1.5 * dye[0]


def test_what_is_clustered_comes_from_few_slides():
    labels = np.repeat([0, 1], [9600, 480])
    slides = assign_slides(labels, clustered=(1,), per_slide=96, rng=np.random.default_rng(0))
    assert len(np.unique(slides)) == 105  # 10,080 images, 96 a slide
    largest = np.sort(np.bincount(slides[labels == 1], minlength=105))[::-1]
    assert largest[:20].sum() > 0.5 * 480  # a fifth of the slides holds more than half; evenly they would hold 91
    assert np.bincount(slides[labels == 0]).min() > 50
