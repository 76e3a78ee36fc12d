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


def split(spec, cache, *, skip=False):
    return DATASETS.build(spec).open(Places(cache=cache, skip_bad_images=skip)).split(size=8, seed=0)


def n_images(whole):
    return len(whole.train) + len(whole.valid) + len(whole.test)


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
    assert kept.left_out == ("cell_05.txt has no image cell_05.png beside it; add it.",)
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


def test_what_lies_beside_the_images_is_listed_and_stops_nothing(tmp_path):
    folder = good_folder(tmp_path / "set")
    Image.new("L", (8, 8)).save(folder / "loose.png")
    (folder / "groups.txt").write_text("of the root")
    for name in ("x.dcm", "IM0001", "Thumbs.db", ".DS_Store", "._0.png", "0.json"):
        (folder / "a" / name).write_bytes(b"x")
    whole = split(f"folder:{folder}", tmp_path / "cache")
    assert n_images(whole) == 20
    assert whole.left_out == (
        "a/IM0001 ends like no image that is read; save it as PNG or TIFF.",
        "a/x.dcm ends like no image that is read; save it as PNG or TIFF.",
        "loose.png lies in no class folder; move it into one.",
    )


def test_loose_images_of_official_parts_are_listed(tmp_path):
    for part in ("train", "test"):
        good_folder(tmp_path / "set" / part)
    Image.new("L", (8, 8)).save(tmp_path / "set" / "train" / "loose.png")
    assert split(f"folder:{tmp_path / 'set'}", tmp_path / "cache").left_out == (
        "train/loose.png lies in no class folder; move it into one.",
    )


def test_links_to_folders_are_followed_and_end(tmp_path):
    folder, elsewhere = good_folder(tmp_path / "set"), good_folder(tmp_path / "elsewhere", classes="c", n=5)
    (folder / "a" / "site2").symlink_to(elsewhere / "c")
    assert n_images(split(f"folder:{folder}", tmp_path / "cache")) == 25
    (folder / "a" / "up").symlink_to(folder)
    (elsewhere / "c" / "self").symlink_to(elsewhere / "c")
    (elsewhere / "c" / "back").symlink_to(folder / "a")
    assert n_images(split(f"folder:{folder}", tmp_path / "cache")) == 25


def test_further_pages_are_listed(tmp_path):
    folder = good_folder(tmp_path / "set")
    page = Image.new("RGB", (8, 8))
    page.save(folder / "a" / "stack.tif", save_all=True, append_images=[page, page])
    assert split(f"folder:{folder}", tmp_path / "cache").left_out == (
        "a/stack.tif holds 3 images, of which the first is read; save the others apart.",
    )


def test_a_class_of_which_nothing_is_read_is_told_with_the_reason(tmp_path):
    folder = good_folder(tmp_path / "set", classes="a")
    (folder / "b").mkdir()
    for i in range(5):
        Image.fromarray(np.full((8, 8), i, dtype=np.float32)).save(folder / "b" / f"{i}.tif")
    with pytest.raises(
        DatasetError, match=r"'b' has 0 images.* \(5 images were left out, the first: b/0\.tif cannot .* are 32-bit"
    ) as told:
        split(f"folder:{folder}", tmp_path / "cache", skip=True)
    assert str(told.value).endswith(").")
    for path in (folder / "b").iterdir():
        path.rename(path.with_suffix(".dcm"))
    with pytest.raises(
        DatasetError, match=r"class folder .*b holds no image that is read \(but b/0\.dcm\); put images"
    ):
        split(f"folder:{folder}", tmp_path / "cache", skip=True)


@pytest.mark.parametrize(("peak", "dark"), [(4095, True), (4096, False)])  # 65,535 / 16 = 4,095.9
def test_sixteen_bits_of_which_twelve_are_used_are_told(tmp_path, peak, dark):
    folder = good_folder(tmp_path / "set")
    Image.fromarray(np.array([[7, peak]], dtype=np.uint16)).save(folder / "a" / "wide.png")
    said = DATASETS.build(f"folder:{folder}").open(Places(cache=tmp_path / "cache")).survey.dark
    assert (said is not None) == dark
    assert not dark or "reach 4,095 at most, where white is 65,535" in said
