"""What goes wrong with single images: one sentence that names the file, and on without it when asked."""

from __future__ import annotations

import errno
import os
import pathlib
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from datasets import DATASETS, DatasetError, Places
from datasets.images import read_image, to_eight_bits

COLOUR = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
GREY = COLOUR[:, :, 0]


def good_folder(folder, n=10, mode="RGB"):
    for k, name in enumerate("ab"):
        (folder / name).mkdir(parents=True)
        for i in range(n):
            pixels = np.random.default_rng(100 * k + i).integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).convert(mode).save(folder / name / f"{i}.png")
    return folder


def split(folder, cache, *, skip=False):
    return DATASETS.build(f"folder:{folder}").open(Places(cache=cache, skip_bad_images=skip)).split(size=8, seed=0)


def bomb(path):
    """A PNG of 60,000 × 60,000 pixels in its header, and next to nothing behind it."""

    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = (60_000).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")))


def truncated(path):
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(path, format="JPEG")
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (truncated, "cannot be read as an image .*truncated"),
        (lambda path: path.write_bytes(b""), r"is empty \(0 bytes\)"),
        (lambda path: path.write_text("hello"), "is no image that can be read"),
        (bomb, "would unpack to more than 89 million pixels"),
        (lambda path: Image.fromarray(np.zeros((4, 4), dtype=np.float32)).save(path, format="TIFF"), "are 32-bit"),
    ],
)
def test_each_fault_is_a_sentence_and_can_be_skipped(tmp_path, damage, sentence):
    folder = good_folder(tmp_path / "my set")
    damage(folder / "b" / "bad.jpg")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(
            DatasetError, match=rf"b/bad\.jpg .*{sentence}.*or leave it out with --skip-bad-images"
        ) as told:
            split(folder, tmp_path / "cache")
    assert str(told.value).count("\n") == 0
    kept = split(folder, tmp_path / "cache", skip=True)
    assert len(kept.train) + len(kept.valid) + len(kept.test) == 20
    assert len(kept.left_out) == 1
    assert kept.left_out[0].startswith("b/bad.jpg ")  # the record names it inside the set, not on this machine
    assert not any((image == 0).all() for image in kept.train.images)


def test_several_bad_images_are_counted(tmp_path):
    folder = good_folder(tmp_path / "set")
    for number in range(3):
        (folder / "a" / f"x{number}.png").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"a/x0\.png is empty .* leave it and 2 more out"):
        split(folder, tmp_path / "cache")


def test_too_few_images_of_a_class_are_named(tmp_path):
    folder = good_folder(tmp_path / "set", n=3)
    (folder / "b" / "2.png").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"class 'b' has 2 images, too few for one in each of 3 parts"):
        split(folder, tmp_path / "cache", skip=True)


def test_a_name_outside_utf8_is_told(tmp_path):
    folder = good_folder(tmp_path / "set")
    os.link(os.fsencode(folder / "a" / "0.png"), os.fsencode(folder / "a") + b"/caf\xe9.png")
    with pytest.raises(DatasetError, match=r"caf\\xe9\.png has a name outside UTF-8; rename it"):
        split(folder, tmp_path / "cache")
    left_out = split(folder, tmp_path / "cache", skip=True).left_out
    assert left_out == ("a/caf\\xe9.png has a name outside UTF-8; rename it.",)
    (folder / "b").rename(os.fsdecode(os.fsencode(folder) + b"/\xff"))
    with pytest.raises(DatasetError, match=r"class folder .*\\xff has a name outside UTF-8"):
        split(folder, tmp_path / "cache", skip=True)


def test_an_empty_class_and_a_single_class_are_told(tmp_path):
    folder = good_folder(tmp_path / "set")
    (folder / "c").mkdir()
    with pytest.raises(DatasetError, match=r"set/c holds no image; put images in, or remove it"):
        split(folder, tmp_path / "cache")
    with pytest.raises(DatasetError, match=r"holds 0 class folders with images; it needs two or more"):
        split(tmp_path / "set" / "a", tmp_path / "cache")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("image,dx\na.png,1\n", r"t\.csv has no column 'label' \(its columns: image, dx\)"),
        ("image,label\na.png,\n", r"t\.csv, line 2, has nothing in column 'label'"),
        ("", r"t\.csv has no column 'image' \(its columns: none\)"),
        ("image,label\na.png,1\n", r"has 1 different labels"),
        ('image,label\n"a.png,1\n', r"t\.csv cannot be read as a table"),
        ("image,label,who\na,ring,p\nb,ring, late,q\n", r"t\.csv, line 3, has 4 cells under a header of 3; put quotes"),
        ("image,label,label\na.png,x,y\n", r"t\.csv has 2 columns 'label'; keep one"),
    ],
)
def test_bad_tables_are_told(tmp_path, text, sentence):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DatasetError, match=sentence):
        DATASETS.build(f"csv:{tmp_path / 't.csv'}").open(Places(cache=tmp_path / "cache"))
    (tmp_path / "t.csv").write_bytes(b"image,label\nk\xe4tze.png,1\n")
    with pytest.raises(DatasetError, match=r"t\.csv is no text in UTF-8"):
        DATASETS.build(f"csv:{tmp_path / 't.csv'}").open(Places(cache=tmp_path / "cache"))


def test_a_table_that_names_a_missing_file_or_no_label_goes_on_when_asked(tmp_path):
    folder = good_folder(tmp_path / "set")
    rows = [f"{c}/{i}.png,{c}" for c in "ab" for i in range(10)]
    (folder / "t.csv").write_text("\n".join(["image,label", *rows, "a/none.png,a", "a/0.png,"]) + "\n")
    dataset = DATASETS.build(f"csv:{folder / 't.csv'}")
    whole = dataset.open(Places(cache=tmp_path / "cache", skip_bad_images=True)).split(size=8, seed=0)
    assert len(whole.train) + len(whole.valid) + len(whole.test) == 20
    assert [sentence.split(";")[0] for sentence in whole.left_out] == [
        "t.csv, line 23, has nothing in column 'label'",
        "a/none.png is missing or cannot be opened",
    ]
    (folder / "t.csv").write_text("\n".join(["image,label", *rows, "a/none.png,a"]) + "\n")
    with pytest.raises(DatasetError, match=r"a/none\.png is missing or cannot be opened"):
        dataset.open(Places(cache=tmp_path / "cache")).split(size=8, seed=0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda f: (f / "cell_3.png").unlink(), r"cell_3\.txt has no image cell_3\.png beside it"),
        (lambda f: (f / "cell_3.txt").unlink(), r"cell_3\.png has no label file cell_3\.txt beside it"),
        (lambda f: (f / "cell_3.txt").write_text(" \n"), r"cell_3\.txt holds no label"),
        (lambda f: (f / "cell_3.txt").write_bytes(b"\xff"), r"cell_3\.txt holds no label"),
    ],
)
def test_exam_cells_without_their_other_half(tmp_path, change, sentence):
    for i in range(24):
        Image.fromarray(np.full((8, 8, 3), i, dtype=np.uint8)).save(tmp_path / f"cell_{i}.png")
        (tmp_path / f"cell_{i}.txt").write_text("ab"[i % 2])
    change(tmp_path)
    dataset = DATASETS.build(f"exam-cells:{tmp_path}")
    with pytest.raises(DatasetError, match=sentence):
        dataset.open(Places(cache=tmp_path / "cache"))
    kept = dataset.open(Places(cache=tmp_path / "cache", skip_bad_images=True)).split(size=8, seed=0)
    assert len(kept.train) + len(kept.valid) + len(kept.test) == 23
    assert [sentence.split()[0][:7] for sentence in kept.left_out] == ["cell_3."]


def test_grey_sets_have_one_channel_and_mixed_ones_three(tmp_path):
    assert split(good_folder(tmp_path / "grey", mode="L"), tmp_path / "cache").train.images.shape[1] == 1
    mixed = good_folder(tmp_path / "mixed", mode="L")
    Image.fromarray(np.zeros((8, 8, 3), dtype=np.uint8)).save(mixed / "a" / "colour.png")
    whole = split(mixed, tmp_path / "cache").train.images
    assert whole.shape[1] == 3
    assert (whole[:, 0] == whole[:, 2]).all()


def saved(tmp_path, image, name="x.png", **options):
    image.save(tmp_path / name, **options)
    return np.asarray(read_image(tmp_path / name))


def test_sixteen_bits_become_eight(tmp_path):
    wide = np.array([[0, 128, 129, 257, 65535 - 257, 65535]], dtype=np.uint16)  # 257 · 255 = 65535
    for name in ("x.png", "x.tif"):
        assert saved(tmp_path, Image.fromarray(wide), name).tolist() == [[0, 0, 1, 1, 254, 255]]


def test_palettes_become_colours(tmp_path):
    palette = Image.fromarray(COLOUR).quantize(16)
    assert np.array_equal(saved(tmp_path, palette), np.asarray(palette.convert("RGB")))
    assert saved(tmp_path, palette, "x.gif").shape == (4, 5, 3)


def test_what_is_transparent_shows_white(tmp_path):
    alpha = np.full((4, 5), 255, dtype=np.uint8)
    alpha[0, 0] = 0
    expected = COLOUR.copy()
    expected[0, 0] = 255
    assert np.array_equal(saved(tmp_path, Image.fromarray(np.dstack([COLOUR, alpha]))), expected)
    grey = saved(tmp_path, Image.fromarray(np.dstack([GREY, alpha])))
    assert grey.shape == (4, 5)
    assert (grey[0, 0], grey[1, 1]) == (255, GREY[1, 1])
    keyed = Image.fromarray(COLOUR).quantize(16)
    index = keyed.getpixel((0, 0))
    assert saved(tmp_path, keyed, transparency=index)[0, 0].tolist() == [255, 255, 255]


def test_exif_turns_the_image_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90° clockwise to be seen upright
    shown = saved(tmp_path, Image.fromarray(COLOUR), "x.tif", exif=exif)
    assert np.array_equal(shown, np.rot90(COLOUR, -1))
    assert saved(tmp_path, Image.fromarray(COLOUR), "x.jpg", exif=exif).shape == (5, 4, 3)


@pytest.mark.parametrize("name", ["x.bmp", "x.tif", "x.png"])
def test_lossless_formats_are_exact(tmp_path, name):
    assert np.array_equal(saved(tmp_path, Image.fromarray(COLOUR), name), COLOUR)
    assert np.array_equal(saved(tmp_path, Image.fromarray(GREY), name), GREY)


def test_black_and_white_and_inks(tmp_path):
    bits = Image.fromarray(GREY > 127)
    assert np.array_equal(saved(tmp_path, bits), np.where(GREY > 127, 255, 0))
    assert to_eight_bits(Image.fromarray(COLOUR).convert("CMYK")).mode == "RGB"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("mode", "suffix"),
    [(mode, ".tif") for mode in ("L", "P", "RGB", "RGBA", "CMYK", "I;16")] + [("L", ".png"), ("RGB", ".png")],
)
def test_what_lies_on_its_side_comes_upright_pixel_by_pixel(tmp_path, mode, orientation, suffix):
    """Uncompressed TIFFs, too, which Pillow maps into memory when it is given their name."""
    image = Image.fromarray(COLOUR).convert("RGBA" if mode == "RGBA" else "RGB" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(GREY.astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(tmp_path / f"x{suffix}", exif=exif)
    turned = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: lambda a: np.swapaxes(a, 0, 1),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: np.rot90(np.swapaxes(a, 0, 1), 2),
        8: np.rot90,
    }[orientation]
    assert np.array_equal(np.asarray(read_image(tmp_path / f"x{suffix}")), turned(np.asarray(to_eight_bits(image))))


def test_a_sound_image_with_an_odd_tag_is_read(tmp_path):
    """XResolution, which is a ratio, as a whole number: Pillow reads it, and cannot write it again."""
    entries = [(0x0112, 3, 1, 6), (0x011A, 3, 1, 7)]
    odd = struct.pack("<H", 2) + b"".join(struct.pack("<HHIHxx", *entry) for entry in entries) + bytes(4)
    Image.fromarray(COLOUR).save(tmp_path / "x.jpg", exif=b"Exif\0\0II*\0" + struct.pack("<I", 8) + odd)
    with Image.open(tmp_path / "x.jpg") as stored:
        assert np.array_equal(np.asarray(read_image(tmp_path / "x.jpg")), np.rot90(np.asarray(stored), -1))


def test_what_may_pass_is_not_kept_as_a_fault_of_the_file(tmp_path, monkeypatch):
    folder = good_folder(tmp_path / "pets")
    whole = split(folder, tmp_path / "other")
    real = Image.open

    def busy(*args, **kwargs):
        raise OSError(errno.EMFILE, "Too many open files")

    DATASETS.build(f"folder:{folder}").open(Places(cache=tmp_path / "cache"))  # surveyed while all was well
    monkeypatch.setattr(Image, "open", busy)
    with pytest.raises(DatasetError, match=r"cannot be read now \(Too many open files\); run again"):
        split(folder, tmp_path / "cache", skip=True)
    monkeypatch.setattr(Image, "open", real)
    again = split(folder, tmp_path / "cache", skip=True)
    assert again.left_out == ()
    assert np.array_equal(again.train.images, whole.train.images)


def test_a_file_that_cannot_be_read_now_gives_no_fingerprint(tmp_path, monkeypatch):
    folder = good_folder(tmp_path / "pets")
    place = Places(cache=tmp_path / "cache")

    def broken(self):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(pathlib.Path, "read_bytes", broken)
        with pytest.raises(DatasetError, match=r"cannot be read now \(Input/output error\)"):
            DATASETS.build(f"folder:{folder}").open(place)
    fingerprint = DATASETS.build(f"folder:{folder}").open(place).fingerprint
    assert fingerprint == DATASETS.build(f"folder:{folder}").open(Places(cache=tmp_path / "other")).fingerprint
