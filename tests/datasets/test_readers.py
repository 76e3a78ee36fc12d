"""Every reader on small files in the true format: exact pixels, labels and groups."""

from __future__ import annotations

import csv
import gzip
import os
import pickle
import shutil
import struct
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from datasets import DATASETS, DatasetError, Places
from datasets.readers import npz
from datasets.readers.medmnist import CLASSES

SIZE = 6


def pixels(seed, channels=3, size=SIZE):
    shape = (size, size, 3) if channels == 3 else (size, size)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def chw(image):
    return image[None] if image.ndim == 2 else image.transpose(2, 0, 1)


def opened(spec, tmp_path, **places):
    return DATASETS.build(spec).open(Places(cache=tmp_path / "cache", **places))


def split_of(spec, tmp_path, seed=0, **places):
    return opened(spec, tmp_path, **places).split(size=SIZE, seed=seed)


def everything(split):
    """Pixels → label's name, over all parts; fails where an image stands twice."""
    found = {}
    for part in (split.train, split.valid, split.test):
        for image, label in zip(part.images, part.labels, strict=True):
            assert image.tobytes() not in found
            found[image.tobytes()] = part.classes[label]
    return found


def write_classes(folder, classes=("cat", "dog"), n=12, channels=3, suffix=".png"):
    """n images a class, and what they should come back as."""
    expected = {}
    for k, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for i in range(n):
            image = pixels(1000 * k + i, channels)
            Image.fromarray(image).save(folder / name / f"{i:03}{suffix}")
            expected[chw(image).tobytes()] = name
    return expected


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".PNG"])
def test_folder_gives_the_exact_pixels(tmp_path, suffix):
    expected = write_classes(tmp_path / "pets", suffix=suffix)
    (tmp_path / "pets" / "cat" / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "pets" / ".git").mkdir()
    split = split_of(f"folder:{tmp_path / 'pets'}", tmp_path)
    assert everything(split) == expected
    assert split.train.counts.tolist() == [8, 8]  # 8.4, 1.2 and 2.4 of 12
    assert (split.rule, split.train.classes) == ("resampled", ("cat", "dog"))


def test_folder_keeps_jpegs_as_pillow_decodes_them(tmp_path):
    expected = set()
    for number, name in enumerate("ab"):
        (tmp_path / "set" / name / "deeper").mkdir(parents=True)
        for i in range(4):
            path = tmp_path / "set" / name / "deeper" / f"{i}.jpg"
            Image.fromarray(pixels(10 * number + i, size=16)).save(path)
            with Image.open(path) as image:
                expected.add(
                    np.asarray(image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)).transpose(2, 0, 1).tobytes()
                )
    assert set(everything(split_of(f"folder:{tmp_path / 'set'}", tmp_path))) == expected


@pytest.mark.parametrize("named", [str.lower, str.title])
def test_folders_train_and_test_are_an_official_split(tmp_path, named):
    for part, n in ((named("train"), 12), (named("val"), 4), (named("test"), 5)):
        for k, name in enumerate(("x", "y")):
            (tmp_path / "set" / part / name).mkdir(parents=True)
            for i in range(n):
                image = pixels(i)
                image[0, 0] = (n, k, i)
                Image.fromarray(image).save(tmp_path / "set" / part / name / f"{i}.png")
    for seed in (0, 1):
        split = split_of(f"folder:{tmp_path / 'set'}", tmp_path, seed=seed)
        assert split.rule == "fixed-test"
        assert split.test.images[:, 0, 0, 0].tolist() == [5] * 10
        assert (len(split.train), len(split.valid)) == (28, 4)  # 7 : 1 of 16 a class


@pytest.mark.parametrize("how", ["regex", "csv"])
def test_groups_come_from_the_path_or_a_table(tmp_path, how):
    folder = tmp_path / "set"
    write_classes(folder, n=30)
    names = [f"{c}/{i:03}.png" for c in ("cat", "dog") for i in range(30)]
    if how == "csv":
        lines = ["image,group", *(f"{name},{name[-6]}" for name in names)]
        (folder / "groups.csv").write_text("\n".join(lines))
    group = "" if how == "csv" else r"[group=(\d)\d\.png$]"
    split = split_of(f"folder:{folder}{group}", tmp_path)
    parts = [set(part.groups.tolist()) for part in (split.train, split.valid, split.test)]
    tens = [{name[-6] for name in part.names.tolist()} for part in (split.train, split.valid, split.test)]
    assert parts == tens
    assert sorted(group for part in parts for group in part) == ["0", "1", "2"]


def test_a_group_that_is_not_named_is_told(tmp_path):
    write_classes(tmp_path / "set", n=3)
    with pytest.raises(DatasetError, match=r"group=p\\d does not match 'cat/000\.png'"):
        opened(f"folder:{tmp_path / 'set'}[group=p\\d]", tmp_path)
    (tmp_path / "set" / "groups.csv").write_text("image,group\ncat/000.png,a\n")
    with pytest.raises(DatasetError, match=r"groups\.csv names no group for cat/001\.png"):
        opened(f"folder:{tmp_path / 'set'}", tmp_path)


def test_names_leave_the_path_out_and_tell_folders_apart(tmp_path):
    assert DATASETS.build("folder:/data/private/pets").name == "folder:pets"
    assert DATASETS.build("folder:/data/pets/[held=0.5]").name == "folder:pets[held=0.5]"
    assert DATASETS.build("csv:/a/b/train.csv[label=dx,root=/c]").name == "csv:train.csv[label=dx]"
    assert DATASETS.build("medmnist:bloodmnist_64").name == "medmnist:bloodmnist_64"


def test_fingerprint_is_of_contents(tmp_path):
    write_classes(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")

    def digest(name, spec=""):
        return opened(f"folder:{tmp_path / name}{spec}", tmp_path).fingerprint

    same = digest("one")
    assert digest("two") == same
    others = {digest("one", "[part=develop]"), digest("one", "[held=0.5]"), digest("one", "[imbalance=longtail:3]")}
    Image.fromarray(pixels(77)).save(tmp_path / "two" / "cat" / "000.png")
    others.add(digest("two"))
    (tmp_path / "one" / "dog").rename(tmp_path / "one" / "wolf")
    others.add(digest("one"))
    assert len(others | {same}) == 6


def write_csv(path, rows, header=("image", "label", "patient"), encoding="utf-8"):
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([header, *rows])


def test_csv_reads_columns_groups_and_root(tmp_path):
    expected, rows = {}, []
    (tmp_path / "pictures").mkdir()
    for i in range(24):
        image = pixels(i)
        Image.fromarray(image).save(tmp_path / "pictures" / f"ä {i}.png")
        rows.append((f"ä {i}.png", 10 * (i % 2), f"p{i // 2}"))
        expected[chw(image).tobytes()] = str(10 * (i % 2))
    write_csv(tmp_path / "t.csv", rows, header=("file", "dx", "patient"), encoding="utf-8-sig")
    spec = f"csv:{tmp_path / 't.csv'}[image=file,label=dx,group=patient,root={tmp_path / 'pictures'}]"
    split = split_of(spec, tmp_path)
    assert everything(split) == expected
    groups = [set(part.groups.tolist()) for part in (split.train, split.valid, split.test)]
    assert sum(map(len, groups)) == 12 == len(set.union(*groups))
    assert split.train.classes == ("0", "10")  # numbers by size


def medmnist_arrays(n=(24, 8, 10), channels=3):
    return {
        f"{part}_{what}": np.stack([pixels(100 * number + i, channels) for i in range(m)])
        if what == "images"
        else (np.arange(m) % 2).astype(np.uint8)[:, None]
        for number, (part, m) in enumerate(zip(("train", "val", "test"), n, strict=True))
        for what in ("images", "labels")
    }


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("channels", [1, 3])
def test_npz_keeps_its_test_set(tmp_path, save, channels):
    arrays = medmnist_arrays(channels=channels)
    save(tmp_path / "set.npz", **arrays)
    split = split_of(f"npz:{tmp_path / 'set.npz'}", tmp_path)
    assert split.rule == "fixed-test"
    assert np.array_equal(split.test.images, np.stack([chw(image) for image in arrays["test_images"]]))
    assert split.test.labels.tolist() == [0, 1] * 5
    assert (len(split.train), len(split.valid)) == (28, 4)  # 7/8 and 1/8 of 24 + 8
    rest = [*arrays["train_images"], *arrays["val_images"]]
    assert set(everything(split)) == {chw(image).tobytes() for image in [*rest, *arrays["test_images"]]}


def test_names_that_choose_the_part_enter_the_fingerprint(tmp_path):
    write_classes(tmp_path / "set", n=30)
    parts = ("all", "report", "develop")
    before = [opened(f"folder:{tmp_path / 'set'}[part={part}]", tmp_path).fingerprint for part in parts]
    for path in sorted((tmp_path / "set").rglob("*.png")):
        path.rename(path.with_name(f"x{path.name}"))
    after = [opened(f"folder:{tmp_path / 'set'}[part={part}]", tmp_path).fingerprint for part in parts]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, False]


def test_medmnist_is_the_same_set_with_and_without_its_library(tmp_path, monkeypatch):
    library = pytest.importorskip("medmnist")
    np.savez(tmp_path / "bloodmnist_64.npz", **medmnist_arrays())
    with_library = opened("medmnist:bloodmnist_64", tmp_path, data=tmp_path)
    monkeypatch.setitem(sys.modules, "medmnist", None)
    without = opened("medmnist:bloodmnist_64", tmp_path, data=tmp_path)
    assert without.fingerprint == with_library.fingerprint
    assert without.classes == with_library.classes == ("basophil", "eosinophil")
    for flag, names in CLASSES.items():
        assert names == tuple(library.INFO[flag]["label"][str(label)] for label in range(len(names)))
        assert len(names) == len(library.INFO[flag]["label"])


def test_medmnist_is_the_file_with_the_names_of_its_classes(tmp_path):
    np.savez(tmp_path / "breastmnist.npz", **medmnist_arrays(channels=1))
    split = split_of("medmnist:breastmnist", tmp_path, data=tmp_path)
    assert split.train.classes == ("malignant", "normal, benign")
    assert split.train.images.shape == (28, 1, SIZE, SIZE)


def test_npz_is_never_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "executed"),))

    arrays = medmnist_arrays()
    for name in ("train_labels", "train_images"):
        np.savez(tmp_path / "set.npz", **{**arrays, name: np.array([Trap()], dtype=object)})
        with pytest.raises(DatasetError, match=r"set\.npz holds pickled objects, which are never loaded"):
            opened(f"npz:{tmp_path / 'set.npz'}", tmp_path)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"test_labels": None}, "has no array test_labels"),
        ({"train_labels": np.zeros((24, 14), dtype=np.uint8)}, "several labels an image"),
        ({"train_labels": np.zeros(3, dtype=np.uint8)}, "has 24 train_images but 3 labels"),
        ({"train_images": np.zeros((24, 6, 6), dtype=np.float32)}, r"type float32; it needs \(N, H, W\)"),
        ({"train_images": np.zeros((24, 6, 6, 6), dtype=np.uint8)}, r"of shape \(24, 6, 6, 6\)"),
        (
            {"val_images": np.zeros((8, 7, 6, 3), dtype=np.uint8)},
            r"\(24, 6, 6, 3\) but val_images of shape \(8, 7, 6, 3\)",
        ),
        (
            {"test_images": np.zeros((10, 6, 6), dtype=np.uint8)},
            r"but test_images of shape \(10, 6, 6\); save all with",
        ),
    ],
)
def test_npz_of_another_layout_is_told(tmp_path, change, sentence):
    arrays = {name: array for name, array in {**medmnist_arrays(), **change}.items() if array is not None}
    np.savez(tmp_path / "set.npz", **arrays)
    with pytest.raises(DatasetError, match=rf"set\.npz .*{sentence}"):
        opened(f"npz:{tmp_path / 'set.npz'}", tmp_path)


def test_npz_cut_short_is_told(tmp_path):
    np.savez(tmp_path / "set.npz", **medmnist_arrays())
    os.truncate(tmp_path / "set.npz", 2000)
    with pytest.raises(DatasetError, match=r"set\.npz cannot be read"):
        opened(f"npz:{tmp_path / 'set.npz'}", tmp_path)


def test_pcam_reads_hdf5(tmp_path):
    h5py = pytest.importorskip("h5py")
    (tmp_path / "pcam").mkdir()
    images = {}
    for number, (part, n) in enumerate((("train", 24), ("valid", 8), ("test", 6))):
        images[part] = np.stack([pixels(100 * number + i) for i in range(n)])
        for what, array in (("x", images[part]), ("y", (np.arange(n) % 2).astype(np.uint8).reshape(-1, 1, 1, 1))):
            with h5py.File(tmp_path / "pcam" / f"camelyonpatch_level_2_split_{part}_{what}.h5", "w") as file:
                file.create_dataset(what, data=array, compression="gzip")
    split = split_of("pcam", tmp_path, data=tmp_path)
    assert split.rule == "fixed-test"
    assert np.array_equal(split.test.images, images["test"].transpose(0, 3, 1, 2))
    assert split.test.labels.tolist() == [0, 1] * 3
    assert len(everything(split)) == 38


def write_idx(path, array, pack=False):
    data = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(data) if pack else data)


@pytest.mark.parametrize("pack", [False, True])
def test_fashion_mnist_reads_idx(tmp_path, pack):
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    arrays = {}
    for number, (part, n) in enumerate((("train", 80), ("t10k", 20))):
        arrays[part] = np.stack([pixels(100 * number + i, 1) for i in range(n)])
        write_idx(raw / f"{part}-images-idx3-ubyte{'.gz' * pack}", arrays[part], pack)
        write_idx(raw / f"{part}-labels-idx1-ubyte{'.gz' * pack}", (np.arange(n) % 10).astype(np.uint8), pack)
    split = split_of("fashion-mnist", tmp_path, data=tmp_path)
    assert np.array_equal(split.test.images[:, 0], arrays["t10k"])
    assert [split.test.classes[label] for label in split.test.labels[:10]] == list(split.test.classes)
    assert (len(split.train), len(split.valid)) == (70, 10)
    if not pack:
        os.truncate(raw / "train-labels-idx1-ubyte", 50)
        with pytest.raises(DatasetError, match=r"train-labels-idx1-ubyte is no whole idx file"):
            opened("fashion-mnist", tmp_path, data=tmp_path)


def test_fashion_mnist_is_the_same_set_packed_or_not(tmp_path):
    fingerprints = set()
    for pack in (False, True):
        raw = tmp_path / str(pack)
        raw.mkdir()
        for part, n in (("train", 80), ("t10k", 20)):
            write_idx(raw / f"{part}-images-idx3-ubyte{'.gz' * pack}", np.stack([pixels(i, 1) for i in range(n)]), pack)
            labels = (np.arange(n) % 10).astype(np.uint8)
            write_idx(raw / f"{part}-labels-idx1-ubyte{'.gz' * pack}", labels, pack)
        fingerprints.add(opened(f"fashion-mnist[path={raw}]", tmp_path).fingerprint)
    assert len(fingerprints) == 1
    packed = raw / "t10k-images-idx3-ubyte.gz"
    packed.write_bytes(packed.read_bytes()[:200] + b"\0" * 50 + packed.read_bytes()[250:])
    with pytest.raises(DatasetError, match=r"t10k-images-idx3-ubyte.gz"):
        opened(f"fashion-mnist[path={raw}]", tmp_path)


def test_a_resumed_npz_is_not_read_at_once(tmp_path, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (400, 64, 64), dtype=np.uint8)
    np.savez_compressed(tmp_path / "x.npz", train_images=images)
    monkeypatch.setattr(npz, "SKIPPED", 10_000)
    member = npz.Member(tmp_path / "x.npz", "train_images")
    largest, real = [], npz.Member._read
    monkeypatch.setattr(npz.Member, "_read", lambda self, stream, n: largest.append(n) or real(self, stream, n))
    assert np.array_equal(member.rows(390, 392), images[390:392])
    assert max(largest) == 10_000


@pytest.mark.parametrize("name", ["train_images", "train_labels"])
def test_damaged_packed_numbers_are_told(tmp_path, name):
    arrays = medmnist_arrays()
    np.savez_compressed(tmp_path / "x.npz", **arrays)
    data = bytearray((tmp_path / "x.npz").read_bytes())
    with zipfile.ZipFile(tmp_path / "x.npz") as archive:
        start = archive.getinfo(f"{name}.npy").header_offset + 30 + len(name) + 4 + 20
    data[start : start + 8] = b"\xff" * 8
    (tmp_path / "x.npz").write_bytes(bytes(data))
    with pytest.raises(DatasetError, match=r"x\.npz cannot be read as an \.npz file"):
        split_of(f"npz:{tmp_path / 'x.npz'}", tmp_path)


def test_cells_and_tables_that_name_no_place_are_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(DatasetError, match="is a file; give the folder that holds the cells"):
        opened(f"exam-cells:{tmp_path / 'file'}", tmp_path)
    write_classes(tmp_path / "pets")
    rows = [(f"pets/{name}/{i:03}.png", name, "p") for name in ("cat", "dog") for i in range(12)]
    write_csv(tmp_path / "t.csv", [*rows, ("pets/a\0b.png", "cat", "p")])
    spec = f"csv:{tmp_path / 't.csv'}"
    with pytest.raises(DatasetError, match="is missing or cannot be opened"):
        split_of(spec, tmp_path)


def test_cifar10_reads_the_binary_version_and_no_pickle(tmp_path):
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    images = {}
    for number, name in enumerate([*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]):
        batch = [(i % 10, chw(pixels(100 * number + i, size=32))) for i in range(20)]
        (folder / name).write_bytes(b"".join(bytes([label]) + image.tobytes() for label, image in batch))
        images[name] = np.stack([image for _, image in batch])
    split = opened("cifar10", tmp_path, data=tmp_path).split(size=32, seed=0)
    assert np.array_equal(split.test.images, images["test_batch.bin"])
    assert split.test.labels.tolist() == list(range(10)) * 2
    assert len(everything(split)) == 120
    (tmp_path / "py" / "cifar-10-batches-py").mkdir(parents=True)
    (tmp_path / "py" / "cifar-10-batches-py" / "test_batch").write_bytes(pickle.dumps({}))
    with pytest.raises(DatasetError, match=r"get cifar-10-binary\.tar\.gz .*the Python version is pickled and is not"):
        opened("cifar10", tmp_path, data=tmp_path / "py")


def test_isic_groups_by_patient(tmp_path):
    folder = tmp_path / "isic"
    (folder / "jpeg" / "train").mkdir(parents=True)
    rows = [(f"ISIC_{i:07}", f"IP_{i // 4}", int(i % 4 == 0)) for i in range(40)]
    for i, (name, _, _) in enumerate(rows):
        Image.fromarray(pixels(i)).save(folder / "jpeg" / "train" / f"{name}.jpg")
    write_csv(folder / "train.csv", rows, header=("image_name", "patient_id", "target"))
    split = split_of("isic", tmp_path, data=tmp_path)
    assert split.train.classes == ("benign", "malignant")
    assert [part.counts.tolist() for part in (split.train, split.valid, split.test)] == [[21, 7], [3, 1], [6, 2]]
    groups = [set(part.groups.tolist()) for part in (split.train, split.valid, split.test)]
    assert sum(map(len, groups)) == 10 == len(set.union(*groups))


def test_exam_cells_pairs_images_and_labels(tmp_path):
    folder = tmp_path / "exam"
    folder.mkdir()
    expected = {}
    for i in range(20):
        image = pixels(i)
        Image.fromarray(image).save(folder / f"cell_{i}.png")
        (folder / f"cell_{i}.txt").write_text(("ring" if i % 2 else "red blood cell") + "\n")
        expected[chw(image).tobytes()] = "ring" if i % 2 else "red blood cell"
    (folder / "notes.txt").write_text("not a label")
    split = split_of(f"exam-cells:{folder}", tmp_path)
    assert everything(split) == expected


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("isic", r"isic is not found .*train\.csv and jpeg/train/ from https://www\.kaggle\.com"),
        ("pcam", r"pcam is not found .*camelyonpatch_level_2_split_train_x\.h5"),
        ("cifar10", r"is not found .*cifar-10-binary"),
        ("folder:nowhere", r"there is no folder nowhere"),
        ("csv:no.csv", r"there is no CSV file no\.csv"),
    ],
)
def test_what_is_missing_is_told_with_where_to_put_it(tmp_path, spec, sentence):
    with pytest.raises(DatasetError, match=sentence):
        opened(spec, tmp_path, data=tmp_path)
