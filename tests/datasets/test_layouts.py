"""Layouts and tables that could be read in two ways: each is refused in a sentence, or read in the one meant."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from datasets import DATASETS, DatasetError, Places


def good_folder(folder, classes="ab", n=10):
    """n different images a class."""
    for k, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for i in range(n):
            pixels = np.random.default_rng(100 * k + i).integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return folder


def split(spec, cache):
    return DATASETS.build(spec).open(Places(cache=cache)).split(size=8, seed=0)


def test_exam_cells_are_paired_by_their_whole_name(tmp_path):
    def opened():
        return DATASETS.build(f"exam-cells:{tmp_path}").open(Places(cache=tmp_path / "cache", skip_bad_images=True))

    for i in range(24):  # cell_1 … cell_12 of class a, cell_001 … cell_012 of class b
        digits = f"{i + 1}" if i < 12 else f"{i - 11:03}"
        Image.fromarray(np.full((8, 8, 3), i, dtype=np.uint8)).save(tmp_path / f"cell_{digits}.png")
        (tmp_path / f"cell_{digits}.txt").write_text("ab"[i >= 12])
    (tmp_path / "cell_05.txt").write_text("b")  # belongs to none
    kept = opened().split(size=8, seed=0)
    labels = {
        int(image[0, 0, 0]): int(label)
        for part in (kept.train, kept.valid, kept.test)
        for image, label in zip(part.images, part.labels, strict=True)
    }
    assert labels == {i: int(i >= 12) for i in range(24)}
    assert kept.left_out == (f"{tmp_path}/cell_05.txt has no image cell_05.png beside it; add it.",)
    (tmp_path / "cell_5.txt").unlink()  # now it may be that of cell_5.png, which has no other
    assert opened().split(size=8, seed=0).left_out == ()
    (tmp_path / "cell_0005.txt").write_text("a")
    with pytest.raises(DatasetError, match=r"cell_05\.txt and cell_0005\.txt have one number .*rename them"):
        opened()


@pytest.mark.parametrize(
    ("tops", "sentence"),
    [
        (("train", "test", "masks"), r"holds test, train, called like a part of a split set, beside masks; keep train"),
        (("train", "val"), r"holds train, val, called like a part of a split set, and no test; add that, or, if it is"),
        (("Val", "TEST"), r"holds TEST, Val, called like a part of a split set, and no train; add that"),
        (("test", "control"), r"holds test, .* beside control; .* if it is a class, give it another name"),
    ],
)
def test_parts_are_never_taken_for_classes(tmp_path, tops, sentence):
    for top in tops:
        good_folder(tmp_path / "set" / top, n=1)
    with pytest.raises(DatasetError, match=sentence):
        split(f"folder:{tmp_path / 'set'}", tmp_path / "cache")


def test_parts_without_class_folders_are_told(tmp_path):
    good_folder(tmp_path / "set" / "train", n=1)
    (tmp_path / "set" / "test").mkdir()
    with pytest.raises(DatasetError, match=r"set/test, called like a part .* holds no class folders; put its images"):
        split(f"folder:{tmp_path / 'set'}", tmp_path / "cache")


def test_a_class_that_the_official_test_set_lacks_is_told(tmp_path):
    good_folder(tmp_path / "set" / "train", classes="abc")
    good_folder(tmp_path / "set" / "test", classes="ab")
    with pytest.raises(
        DatasetError, match=r"class 'c' has no image in the official test set; add some there, or leave"
    ):
        split(f"folder:{tmp_path / 'set'}", tmp_path / "cache")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "./a/3.png,b,p3",
            r"t\.csv names a/3\.png twice, with 'a' and with 'b' in column 'label'; keep the right line",
        ),
        ("a/3.png,a,p4", r"t\.csv names a/3\.png twice, with 'p3' and with 'p4' in column 'who'"),
    ],
)
def test_lines_of_a_table_that_contradict_each_other_are_told(tmp_path, line, sentence):
    folder = good_folder(tmp_path / "set")
    rows = [f"{c}/{i}.png,{c},p{i}" for c in "ab" for i in range(10)]
    (folder / "t.csv").write_text("\n".join(["image,label,who", *rows, line]))
    with pytest.raises(DatasetError, match=sentence):
        split(f"csv:{folder / 't.csv'}[group=who]", tmp_path / "cache")


def test_groups_that_contradict_each_other_are_told(tmp_path):
    folder = good_folder(tmp_path / "set")
    rows = [f"{c}/{i}.png,p{i}" for c in "ab" for i in range(10)]
    (folder / "groups.csv").write_text("\n".join(["image,group", *rows, "a\\3.png,p3", "a/3.png,p7"]))
    with pytest.raises(DatasetError, match=r"groups\.csv names a/3\.png twice, with 'p3' and with 'p7' in column 'gro"):
        split(f"folder:{folder}", tmp_path / "cache")
