"""Imbalance protocols: the published counts, by hand, and what they do to a split."""

from __future__ import annotations

import numpy as np
import pytest

from datasets import DATASETS, DatasetError, DatasetInfo, LabelledImages, Places, SpecError
from datasets.base import Dataset, Thinned
from datasets.imbalance import kept_counts, long_tail
from datasets.sources import Collected, Collection

TEN = tuple("0123456789")


def keep(protocol, counts, classes=("red", "ring", "schizont"), dataset="cells"):
    return kept_counts(protocol, np.array(counts), classes=classes, dataset=dataset).tolist()


def test_long_tail_by_hand():
    # μ = 10^(−1/4): 100, 56.2 · 1.2, 31.6, 17.8, 10
    assert long_tail(np.array([100, 120, 100, 100, 100]), 10).tolist() == [100, 67, 32, 18, 10]
    assert long_tail(np.array([5, 5]), 100).tolist() == [5, 1]
    assert long_tail(np.array([7, 9]), 1).tolist() == [7, 9]
    # CIFAR-10-LT of Cui et al. with ratio 100: 5000 … 50, 12 406 images in all.
    tail = long_tail(np.full(10, 5000), 100)
    assert (tail[0], tail[-1]) == (5000, 50)
    assert abs(tail.sum() - 12406) <= 5


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        ("longtail:100", [1000, 20, 1]),
        ("counts:500/20/10", [500, 20, 10]),
        ("minority:ring=40", [1000, 40, 50]),
        ("minority:ring=40/schizont=5", [1000, 40, 5]),
        ("bagan:40", [1000, 200, 30]),  # of the rarest class
        ("bagan:97.5", [1000, 200, 1]),
        ("bagan:97.5/red", [25, 200, 50]),
    ],
)
def test_protocols_by_hand(protocol, expected):
    assert keep(protocol, [1000, 200, 50]) == expected


@pytest.mark.parametrize(
    ("dataset", "published"),
    [
        ("fashion-mnist", [4166, 73, 139, 210, 287, 370, 422, 487, 545, 651]),
        ("cifar10", [3490, 71, 130, 221, 269, 349, 435, 485, 572, 628]),
    ],
)
def test_bagan_gp_has_its_published_counts(dataset, published):
    assert keep("bagan-gp", [4375] * 10, TEN, dataset) == published


def test_bagan_gp_is_published_for_two_sets():
    with pytest.raises(DatasetError, match="published for fashion-mnist and cifar10, not for cells"):
        keep("bagan-gp", [10, 10, 10])


@pytest.mark.parametrize(
    "text",
    ["longtail", "longtail:0.5", "longtail:x", "counts:3/0", "minority:ring", "bagan:100", "bagan-gp:3", "even"],
)
def test_what_is_no_protocol_is_told_apart(text):
    with pytest.raises(SpecError, match="is no protocol; write longtail:100"):
        DATASETS.build({"name": "cells", "imbalance": text})


def test_a_wrong_count_or_class_is_named():
    with pytest.raises(DatasetError, match="has 2 counts for 3 classes"):
        keep("counts:5/5", [10, 10, 10])
    with pytest.raises(DatasetError, match="names class 'gametocyte'; the classes are red, ring, schizont"):
        keep("minority:gametocyte=3", [10, 10, 10])


class Numbered(Dataset):
    """A hundred images of each of two classes; pixel 0 tells which image it is. No registration: a plug-in's class."""

    info = DatasetInfo(name="numbered", version=1, summary="s", reference="r")

    held: float = 0.0

    def open(self, places):
        labels = np.repeat(np.arange(2), 100)
        images = np.zeros((200, 1, 2, 2), dtype=np.uint8)
        images[:, 0, 0, 0] = np.arange(200)
        whole = LabelledImages(images, labels, ("a", "b"))
        return Collected("f" * 64, ("a", "b"), lambda size: Collection(whole), held=self.held)


def numbers(part):
    return set(part.images[:, 0, 0, 0].tolist())


def test_only_training_is_thinned_and_smaller_is_inside_larger():
    whole, many, few = (
        Numbered(imbalance=protocol).open(Places()).split(size=2, seed=3)
        for protocol in (None, "minority:b=30", "minority:b=10")
    )
    assert [s.train.counts.tolist() for s in (whole, many, few)] == [[70, 70], [70, 30], [70, 10]]
    assert numbers(few.train) < numbers(many.train) < numbers(whole.train)
    for part in ("valid", "test"):
        assert numbers(getattr(few, part)) == numbers(getattr(whole, part))
    assert few.fresh is not None
    drawn = few.fresh(np.ones(60, dtype=np.int64), np.random.default_rng(0))
    assert set(drawn[:, 0, 0, 0].tolist()) == numbers(whole.train) - numbers(few.train)
    with pytest.raises(DatasetError, match="no image of class 'a' is held back"):
        few.fresh(np.zeros(1, dtype=np.int64), np.random.default_rng(0))


def test_held_images_and_those_left_out_are_one_pool():
    split = Numbered(imbalance="minority:b=10", held=0.5).open(Places()).split(size=2, seed=3)
    assert split.train.counts.tolist() == [35, 10]
    assert split.fresh is not None
    drawn = split.fresh(np.ones(60, dtype=np.int64), np.random.default_rng(0))
    assert len(set(drawn[:, 0, 0, 0].tolist())) == 60  # 35 held and 25 left out


class Extended(Numbered):
    """What a plug-in may do with a dataset of ours."""

    def open(self, places):
        return super().open(places)


def test_a_dataset_that_extends_another_is_thinned_once():
    for kind in (Numbered, Extended):
        assert kind(imbalance="bagan:50").open(Places()).split(size=2, seed=0).train.counts.tolist() == [70, 35]


def test_the_rarest_class_is_that_of_the_whole_set_in_each_seed():
    assert kept_counts(
        "bagan:90", np.array([60, 50]), classes=("a", "b"), dataset="x", every=np.array([80, 90])
    ).tolist() == [6, 50]
    labels, groups = np.repeat(np.arange(3), [300, 300, 900]), np.repeat(np.arange(60), 25)
    whole = LabelledImages(np.zeros((1500, 1, 2, 2), dtype=np.uint8), labels, ("a", "b", "c"), groups)
    source = Thinned(Collected("f" * 64, ("a", "b", "c"), lambda size: Collection(whole)), "bagan:90", "x")
    thinned = {int(np.argmin(source.split(size=2, seed=seed).train.counts)) for seed in range(10)}
    assert thinned == {1}


def test_more_than_there_are_is_refused():
    with pytest.raises(DatasetError, match="wants 71 training images of class 'b', which has 70; ask for fewer"):
        Numbered(imbalance="counts:70/71").open(Places()).split(size=2, seed=0)


def test_the_protocol_is_part_of_what_a_dataset_is(tmp_path):
    plain, thinned = (DATASETS.build(spec) for spec in ("cells[train=700]", "cells[train=700,imbalance=longtail:100]"))
    assert thinned.name == "cells[imbalance=longtail:100,train=700]"
    places = Places(cache=tmp_path)
    assert plain.open(places).fingerprint != thinned.open(places).fingerprint
    split = thinned.open(places).split(size=8, seed=0)
    # 569/30/11/90 · 100^(−k/3): 569, 6.5, 0.5, 0.9
    assert split.train.counts.tolist() == [569, 6, 1, 1]
    assert split.test.counts.tolist() == [163, 9, 3, 26]
    assert split.fresh is not None
    assert split.fresh(np.array([0, 2]), np.random.default_rng(0)).shape == (2, 3, 8, 8)  # drawn, as many as one likes
