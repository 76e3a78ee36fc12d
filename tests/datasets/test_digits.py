"""The digits: scikit-learn's pixels, and the long tail."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from datasets import DATASETS, Places
from datasets.digits import long_tail


def test_long_tail_by_hand():
    # 100 · 10^(−k/4): 100, 56.2, 31.6, 17.8, 10
    assert long_tail(np.array([100, 120, 100, 100, 100]), 10).tolist() == [100, 56, 32, 18, 10]
    assert long_tail(np.array([5, 5]), 100).tolist() == [5, 1]
    assert long_tail(np.array([7, 9]), 1).tolist() == [7, 7]


def test_training_is_thinned_and_the_rest_is_fresh():
    split = DATASETS.build("digits[part=all]").open(Places()).split(size=8, seed=0)
    # The rarest digit, 8, has 174 images: 121.8 in training, 122 by largest remainder; 122 · 10^(−k/9) rounded.
    assert split.train.counts.tolist() == [122, 94, 73, 57, 44, 34, 26, 20, 16, 12]
    assert split.test.counts.min() >= 34
    assert split.train.images.shape == (498, 1, 8, 8)
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
