"""What crosses a split: by hand-made splits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from datasets import LabelledImages, Split, leaks
from datasets.base import Pool
from datasets.guards import difference_hash, exact_duplicates, near_duplicates


def photo(seed, size=32):
    """Smooth, as photographs are."""
    coarse = np.random.default_rng(seed).integers(30, 225, (3, 5, 5)).astype(float)
    at = np.linspace(0, 4, size)
    rows = np.stack([[np.interp(at, range(5), row) for row in channel] for channel in coarse])
    return np.stack([np.stack([np.interp(at, range(5), column) for column in c.T]).T for c in rows]).astype(np.uint8)


def made(train, valid, test, groups=None):
    def part(number, images, prefix):
        return LabelledImages(
            np.stack(images),
            np.zeros(len(images), dtype=np.int64),
            ("a",),
            None if groups is None else np.array(groups[number]),
            np.array([f"{prefix}{i}.png" for i in range(len(images))]),
        )

    return Split(part(0, train, "t"), part(1, valid, "v"), part(2, test, "e"), rule="resampled")


def test_the_same_image_on_both_sides_is_named():
    split = made([photo(0), photo(1), photo(1)], [photo(2)], [photo(3), photo(0)])
    assert leaks(split) == ["train t0.png is the same image as test e1.png"]
    assert [(d.a, d.b, d.crosses) for d in exact_duplicates(split)] == [
        ("train t1.png", "train t2.png", False),
        ("train t0.png", "test e1.png", True),
    ]


def test_a_group_on_both_sides_is_named():
    split = made([photo(0), photo(1)], [photo(2)], [photo(3)], groups=[["p", "q"], ["r"], ["q"]])
    assert leaks(split) == ["group 'q' has images in train and in test"]


def test_flat_images_are_no_duplicates():
    blank = np.full((3, 8, 8), 255, dtype=np.uint8)
    assert leaks(made([blank, blank], [blank], [blank])) == []


def test_near_duplicates_are_found_and_others_are_not():
    rng = np.random.default_rng(0)
    noisy = np.clip(photo(0) + rng.normal(0, 1, (3, 32, 32)), 0, 255).astype(np.uint8)
    brighter = np.clip(photo(1).astype(int) + 20, 0, 255).astype(np.uint8)
    others = [photo(seed) for seed in range(10, 60)]
    split = made([photo(0), photo(1), *others], [photo(2)], [noisy, brighter, photo(2)])
    assert [(d.a, d.b) for d in near_duplicates(split)] == [
        ("train t0.png", "test e0.png"),
        ("train t1.png", "test e1.png"),
    ]
    assert [(d.a, d.b) for d in exact_duplicates(split)] == [("valid v0.png", "test e2.png")]


def test_difference_hash_says_where_it_grows_brighter():
    ramp = np.broadcast_to(np.arange(17, dtype=np.uint8) * 10, (1, 17, 17))
    assert difference_hash(ramp).all()
    assert not difference_hash(ramp[:, :, ::-1]).any()


def test_what_is_held_back_for_the_oracle_must_not_be_in_the_test_images():
    whole = made([photo(0)], [photo(1)], [photo(2), photo(3)], groups=[["p"], ["q"], ["r", "s"]])
    held = made([photo(3), photo(4), photo(0)], [photo(1)], [photo(2)], groups=[["x", "s", "p"], ["q"], ["r"]]).train
    assert leaks(replace(whole, fresh=Pool(held))) == [
        "group 's' has images held back for oracle and in test",
        "held-back t0.png is the same image as test e1.png",
    ]
    assert leaks(replace(whole, fresh=Pool(held.subset(np.array([2]))))) == []
    assert (Pool(held) + Pool(held)).images.groups.tolist() == ["x", "s", "p"] * 2
