"""Which classes of folders from anywhere are compared; no image is read for that."""

from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.generative.class_folders import compared_classes


def folder(place: Path, *files: str) -> Path:
    for file in files:
        path = place / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return place


def test_classes_are_those_that_all_folders_have(tmp_path: Path) -> None:
    real = folder(tmp_path / "real", "ring/1.png", "ring/deep/2.JPG", "gametocyte/1.png", "schizont/1.png", "1.png")
    generated = folder(tmp_path / "generated", "schizont/9.png", "ring/1.png", "trophozoite/1.png")
    found = compared_classes([real, generated])
    assert found.classes == ("ring", "schizont")
    assert found.files == (
        {"ring": [real / "ring/1.png", real / "ring/deep/2.JPG"], "schizont": [real / "schizont/1.png"]},
        {"ring": [generated / "ring/1.png"], "schizont": [generated / "schizont/9.png"]},
    )
    assert found.left_out == (
        f"{real}: left out 1 of 3 classes, which not every folder has: gametocyte",
        f"{real}: left out images that lie in no class folder: 1",
        f"{generated}: left out 1 of 3 classes, which not every folder has: trophozoite",
    )


def test_folders_without_subfolders_are_one_class(tmp_path: Path) -> None:
    real, generated = folder(tmp_path / "real", "2.png", "1.png"), folder(tmp_path / "generated", "1.png")
    (real / "empty").mkdir()
    found = compared_classes([real, generated])
    assert found.classes == ("all",)
    assert found.files == ({"all": [real / "1.png", real / "2.png"]}, {"all": [generated / "1.png"]})
    assert found.left_out == ()


@pytest.mark.parametrize(("file", "has"), [("Ring/1.png", "Ring"), ("1.png", "none")])
def test_folders_with_no_class_in_common_are_refused(tmp_path: Path, file: str, has: str) -> None:
    real, generated = folder(tmp_path / "real", "ring/1.png"), folder(tmp_path / "generated", file)
    with pytest.raises(UsageError) as refused:
        compared_classes([real, generated])
    assert str(refused.value) == (
        f"no class folder is common to all folders ({real}: ring; {generated}: {has}); give the folders of a class the "
        "same name in all, or put the images of each into one folder without subfolders."
    )


def test_what_file_managers_leave_behind_is_not_looked_at(tmp_path: Path) -> None:
    real = folder(tmp_path / "real", "ring/1.png", "ring/._1.png", "__MACOSX/1.png", ".cache/1.png", "._a.png")
    found = compared_classes([real, real])
    assert found.files[0] == {"ring": [real / "ring/1.png"]}
    assert found.left_out == ()
    with pytest.raises(UsageError, match=r"left holds no images; give a folder with"):
        compared_classes([folder(tmp_path / "left", "._1.png", "ring/._1.png")])
