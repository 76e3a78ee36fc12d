"""The digits: scikit-learn's pixels, and the long tail."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from datasets import DATASETS, Places


def test_training_is_thinned_and_the_rest_is_fresh():
    split = DATASETS.build("digits[part=all]").open(Places()).split(size=8, seed=0)
    # Of 178/182/177/183/181/182/181/179/174/180 images training has 70 %, of which it keeps 10^(−k/9).
    assert split.train.counts.tolist() == [124, 98, 74, 59, 46, 35, 27, 21, 16, 13]
    assert split.test.counts.min() >= 34
    assert split.train.images.shape == (513, 1, 8, 8)
    assert split.fresh is not None
    nines = split.fresh(np.full(50, 9), np.random.default_rng(0))
    bunch = load_digits()
    real = {np.rint(image * (255 / 16)).astype(np.uint8).tobytes() for image in bunch.images[bunch.target == 9]}
    drawn = {image.tobytes() for image in nines}
    assert len(drawn) == 50
    assert drawn <= real
    for part in (split.train, split.valid, split.test):
        assert not drawn & {image.tobytes() for image in part.images}


def test_parts_are_disjoint_and_complete():
    counts = {
        part: sum(
            images.counts
            for split in [DATASETS.build(f"digits[part={part}]").open(Places()).split(size=8, seed=0)]
            for images in (split.valid, split.test)
        ).sum()
        for part in ("develop", "report", "all")
    }
    assert abs(counts["develop"] / counts["all"] - 0.3) < 0.04
    assert abs(counts["develop"] + counts["report"] - counts["all"]) <= 10  # rounding, one a class


def test_upsampled_to_the_size_asked_for():
    split = DATASETS.build("digits").open(Places()).split(size=32, seed=0)
    assert split.train.images.shape[1:] == (1, 32, 32)
    assert (split.train.images.max(), split.train.images.min()) == (255, 0)
