"""Chula RBC-12: a tiny layout to the exact pixels, bad files, and the real smears where they are at hand."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets import DATASETS, DatasetError, Places, SpecError
from datasets.chula import WINDOW, crop_cells, find_folder, photographs, read_labels

REAL_PLACES = [os.environ.get("BENCH_DATA"), Path(__file__).parents[2].parent / "shared" / "data"]
CLASSES = "chula-rbc-12[part=all,classes=normal/teardrop]"


def write_layout(folder: Path, labels: dict[str, str], *, width: int = 90, height: int = 80) -> dict[str, np.ndarray]:
    """Lossless pixels under the public names; PIL goes by contents, not by ending."""
    (folder / "Dataset").mkdir(parents=True)
    (folder / "Label").mkdir()
    images = {}
    for number, (name, text) in enumerate(labels.items()):
        pixels = np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "Dataset" / f"{name}.jpg", format="PNG")
        (folder / "Label" / f"{name}.txt").write_text(text)
        images[name] = pixels
    return images


def write_six_images(folder: Path) -> dict[str, np.ndarray]:
    return write_layout(folder, {str(n): f"40 40 0\n{30 + n} 20 7\n50 60 4\n" for n in range(6)})


def places(tmp_path: Path) -> Places:
    return Places(cache=tmp_path / "cache")


def test_crops_are_the_windows_pixels(tmp_path):
    images = write_layout(tmp_path / "set", {"8": "45 40 0\n3 79 7\n"})
    crops = crop_cells(tmp_path / "set", read_labels(tmp_path / "set"), WINDOW)
    assert np.array_equal(crops[0], images["8"][4:76, 9:81].transpose(2, 0, 1))
    # Column 0 shows x = 3 − 36 = −33, reflected 33; row 71 shows y = 79 + 35 = 114, reflected 2·79 − 114 = 44.
    assert np.array_equal(crops[1][:, 71, 0], images["8"][44, 33])
    assert np.array_equal(crops[1][:, 36, 36], images["8"][79, 3])


def test_split_carries_the_right_pixels_labels_and_groups(tmp_path):
    images = write_six_images(tmp_path / "set")
    source = DATASETS.build(f"{CLASSES[:-1]},path={tmp_path / 'set'}]").open(places(tmp_path))
    split = source.split(size=WINDOW, seed=3)
    assert source.classes == ("normal", "teardrop")
    seen = []
    for part in (split.train, split.valid, split.test):
        for pixels, label, name in zip(part.images, part.labels, part.groups, strict=True):
            x, y = (40, 40) if label == 0 else (30 + int(name), 20)
            padded = np.pad(images[str(name)], ((36, 36), (36, 36), (0, 0)), mode="reflect")
            assert np.array_equal(pixels, padded[y : y + 72, x : x + 72].transpose(2, 0, 1))
            seen.append((str(name), int(label)))
    assert sorted(seen) == [(str(n), label) for n in range(6) for label in (0, 1)]
    assert (split.rule, split.fresh) == ("resampled", None)


def test_a_photograph_under_two_names_is_one_group(tmp_path):
    write_six_images(tmp_path / "set")
    shutil.copy(tmp_path / "set" / "Dataset" / "2.jpg", tmp_path / "set" / "Dataset" / "9.jpg")
    (tmp_path / "set" / "Label" / "9.txt").write_text("41 39 0\n70 60 7\n")
    source = DATASETS.build(f"{CLASSES[:-1]},path={tmp_path / 'set'}]").open(places(tmp_path))
    for seed in range(20):
        split = source.split(size=8, seed=seed)
        assert sorted(str(g) for of in (split.train, split.valid, split.test) for g in of.groups) == sorted(
            name for name in ("0", "1", "2", "2", "3", "4", "5") for _ in range(2)
        )


def test_fingerprint_survives_a_move_and_sees_a_changed_pixel_or_label(tmp_path):
    def digest() -> str:
        return DATASETS.build(CLASSES).open(Places(data=tmp_path / "set", cache=tmp_path / "cache")).fingerprint

    images = write_six_images(tmp_path / "set")
    before = digest()
    shutil.copytree(tmp_path / "set", tmp_path / "other" / "chula-rbc-12")  # new dates, and found by its parent
    moved = DATASETS.build(CLASSES).open(Places(data=tmp_path / "other", cache=tmp_path / "elsewhere"))
    assert moved.fingerprint == before
    (tmp_path / "set" / "Label" / ".DS_Store").write_bytes(b"\0\1")
    (tmp_path / "set" / "Label" / "._1.txt").write_bytes(b"\0\1")
    Image.new("RGB", (90, 80)).save(tmp_path / "set" / "Dataset" / "unlabelled.jpg")
    assert digest() == before
    changed = images["0"].copy()
    changed[0, 0, 0] ^= 1
    Image.fromarray(changed).save(tmp_path / "set" / "Dataset" / "0.jpg", format="PNG")
    pixel = digest()
    (tmp_path / "set" / "Label" / "1.txt").write_text("40 40 0\n")
    assert len({before, pixel, digest()}) == 3


def test_parameters_enter_the_fingerprint_and_paths_the_name_never(tmp_path):
    write_six_images(tmp_path / "set")
    specs = [CLASSES, "chula-rbc-12[part=all,classes=teardrop/normal]", "chula-rbc-12[part=all,classes=0/4]"]
    specs.append("chula-rbc-12[part=all,classes=0/7,held=0.5]")
    datasets = [DATASETS.build(spec) for spec in specs]
    where = Places(data=tmp_path / "set", cache=tmp_path / "cache")
    assert len({dataset.open(where).fingerprint for dataset in datasets}) == 4
    assert DATASETS.build("chula-rbc-12[path=/x]").name == "chula-rbc-12"
    assert DATASETS.build("chula-rbc-12[part=all,classes=0/7]").name == "chula-rbc-12[classes=normal/teardrop,part=all]"


def test_held_images_are_the_pool_of_fresh_ones(tmp_path):
    images = write_layout(tmp_path / "set", {str(n): "40 40 0\n45 42 7\n" for n in range(12)})
    where = Places(data=tmp_path / "set", cache=tmp_path / "cache")
    whole = DATASETS.build(CLASSES).open(where).split(size=WINDOW, seed=0)
    split = DATASETS.build(f"{CLASSES[:-1]},held=0.25]").open(where).split(size=WINDOW, seed=0)
    assert set(split.test.groups) == set(whole.test.groups)
    assert set(split.train.groups) < set(whole.train.groups)
    held = sorted(set(whole.train.groups) - set(split.train.groups))
    assert len(held) == 2  # a quarter of eight images
    assert split.fresh is not None
    drawn = split.fresh(np.array([1, 0, 1, 1, 1]), np.random.default_rng(0))
    teardrops = [images[name][42 - 36 : 42 + 36, 45 - 36 : 45 + 36].transpose(2, 0, 1) for name in held]
    first_round = {pixels.tobytes() for pixels in drawn[[0, 2]]}
    assert first_round == {pixels.tobytes() for pixels in teardrops}  # each once before any comes again
    assert {pixels.tobytes() for pixels in drawn[[3, 4]]} == first_round


@pytest.mark.parametrize("line", ["40 40", "40 40 13", "a b c", "40 40 0 0", "-1 40 0", "40.5 40 0", "\ufffd"])
def test_garbled_lines_are_named(tmp_path, line):
    write_layout(tmp_path, {"5": f"40 40 0\n\n{line}\n"})
    with pytest.raises(DatasetError, match=r"5\.txt, line 3: .* is no 'x y type' with a type from 0 to 12"):
        read_labels(tmp_path)


def test_bad_folders_get_a_sentence(tmp_path):
    with pytest.raises(
        DatasetError, match=r"not found \(no place is named\); get it from https://github.com/.*BENCH_DATA"
    ):
        find_folder(None, Places(data=None, cache=tmp_path))
    with pytest.raises(DatasetError, match=r"holds no Dataset/ and Label/"):
        find_folder(None, Places(data=tmp_path, cache=tmp_path))
    write_layout(tmp_path / "a", {"1": "\n"})
    with pytest.raises(DatasetError, match=r"holds no labels"):
        read_labels(tmp_path / "a")
    write_layout(tmp_path / "b", {"1": "3 3 0\n"})
    (tmp_path / "b" / "Dataset" / "1.jpg").unlink()
    with pytest.raises(DatasetError, match=r"1\.txt has no image .*1\.jpg"):
        read_labels(tmp_path / "b")
    write_layout(tmp_path / "c", {"1": "90 3 0\n"})
    with pytest.raises(DatasetError, match=r"a cell at 90 3, outside its 90 × 80 image"):
        crop_cells(tmp_path / "c", read_labels(tmp_path / "c"), 32)


@pytest.mark.parametrize("contents", [b"", b"no image", b"\x89PNG\r\n\x1a\n"])
def test_broken_images_are_named(tmp_path, contents):
    write_layout(tmp_path, {"1": "3 3 0\n"})
    (tmp_path / "Dataset" / "1.jpg").write_bytes(contents)
    with pytest.raises(DatasetError, match=r"1\.jpg (is empty|is no image|cannot be read as an image)"):
        crop_cells(tmp_path, read_labels(tmp_path), 32)


@pytest.mark.parametrize("classes", ["normal", "normal/0", "normal/dog", "0/13"])
def test_wrong_classes_are_refused(classes):
    with pytest.raises(SpecError, match=r"two or more different types out of normal/macrocyte"):
        DATASETS.build(f"chula-rbc-12[classes={classes}]")


@pytest.fixture(scope="module")
def real() -> Path:
    for place in REAL_PLACES:
        if place and (Path(place) / "chula-rbc-12" / "Label").is_dir():
            return Path(place)
    pytest.skip("the real smears are not here; BENCH_DATA names the folder that holds chula-rbc-12")


def test_real_counts_are_the_published_ones(real):
    cells = read_labels(find_folder(None, Places(data=real)))
    published = [6330, 689, 461, 3449, 2753, 1996, 2140, 307, 785, 897, 184, 1063, 1052]
    assert np.bincount(cells.type).tolist() == published
    assert len(cells.type) == 22_106


def test_real_files_that_are_copies_of_others_are_known(real):
    folder = find_folder(None, Places(data=real))
    cells = read_labels(folder)
    first = photographs(folder, cells)
    copies = {cells.images[of] + "=" + cells.images[n] for n, of in enumerate(first) if of != n}
    assert len(copies) == 21 and {"296=298", "564=611", "52=54"} <= copies


@pytest.mark.slow
def test_real_split_keeps_images_whole_and_parts_apart(real, tmp_path):
    where = Places(data=real, cache=tmp_path)
    counts = np.zeros(4, dtype=np.int64)
    groups = {}
    for part in ("develop", "report"):
        split = DATASETS.build(f"chula-rbc-4[part={part}]").open(where).split(size=32, seed=1)
        parts = (split.train, split.valid, split.test)
        held = [set(images.groups) for images in parts]
        assert sum(map(len, held)) == len(set.union(*held))
        groups[part] = set.union(*held)
        total = sum(images.counts for images in parts)
        counts += total
        for images, share in zip(parts, (0.7, 0.1, 0.2), strict=True):
            assert np.abs(images.counts / total - share).max() < 0.03
    assert counts.tolist() == [6330, 2753, 785, 307]
    assert not groups["develop"] & groups["report"]
