"""Somebody's own folder, from a look at it to a report; leaks and bad images on the way."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from bench.commands.app import app
from results import Store


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str):
        result = CliRunner().invoke(app, list(arguments), prog_name="bench")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, " ".join(result.stderr.split())

    return invoke


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Twelve images each of two classes."""
    for k, name in enumerate(("cat", "dog")):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for i in range(12):
            pixels = np.random.default_rng(100 * k + i).integers(0, 256, (20, 24, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{i}.png")
    return tmp_path / "pets"


RUN = ("run", "--methods", "none", "--datasets", "folder:pets", "--preset", "smoke", "--jobs", "1", "--device", "cpu")
RUN_ONE = (*RUN, "--no-reference", "--seeds", "1", "--out", "study")


def test_generators_do_with_one_validation_image_a_class(bench, pets: Path, tmp_path: Path) -> None:
    code, _, err = bench(*RUN_ONE, "--methods", "dcgan,ddpm,unified", "--no-generative-metrics")
    assert code == 0, err
    records = Store(tmp_path / "study").records()
    assert [(record.split.n_valid, record.status) for record in records] == [(2, "ok")] * 3


def test_inspect_counts_and_pictures(bench, pets: Path, tmp_path: Path) -> None:
    (pets / "cat" / "broken.png").write_bytes(b"")
    code, out, err = bench("inspect", "folder:pets", "--json")
    found = json.loads(out)
    assert code == 0, err
    assert found["counts"] == {name: {"train": 8, "valid": 1, "test": 3} for name in ("cat", "dog")}
    assert found["sizes"] == {"24×20": 24, "0×0": 1}
    assert found["modes"] == {"RGB": 24, "?": 1}
    assert found["left_out"] == ["cat/broken.png is empty (0 bytes); replace or remove the file."]
    assert (found["leaks"], found["exact_duplicates"]["pairs"]) == (0, 0)
    assert Image.open(tmp_path / "inspect-folder-pets.png").height == 2 * (64 + 4)  # a row a class, framed
    code, out, _ = bench("inspect", "folder:pets")
    assert code == 0
    assert "no group and no exact duplicate crosses the split" in out


def test_a_duplicate_across_the_split_is_refused_and_leaves_nothing(bench, pets: Path, tmp_path: Path) -> None:
    for i in range(12):
        shutil.copy(pets / "cat" / f"{i}.png", pets / "cat" / f"copy {i}.png")
    code, _, err = bench(*RUN_ONE)
    assert code == 2
    assert "the split of folder:pets leaks: train cat/" in err
    assert "--allow-leaks" in err
    assert not (tmp_path / "study").exists()
    assert json.loads(bench("inspect", "folder:pets", "--json")[1])["leaks"] > 0

    code, _, err = bench(*RUN_ONE, "--allow-leaks")
    assert code == 0, err
    (record,) = Store(tmp_path / "study").records()
    assert record.split is not None
    assert record.split.n_leaks == len(record.split.leaks) > 0
    report = (tmp_path / "study" / "report.md").read_text()
    assert "The split leaks, so scores are too good" in report[:400]
    assert "is the same image as" in report[:400]


def test_bad_images_are_refused_or_left_out_and_listed(bench, pets: Path, tmp_path: Path) -> None:
    (pets / "dog" / "broken.jpg").write_text("no image")
    code, _, err = bench(*RUN_ONE)
    assert code == 2
    assert "pets/dog/broken.jpg is no image that can be read; replace or remove the file, or leave it out with" in err
    assert not (tmp_path / "study").exists()
    code, _, err = bench(*RUN_ONE, "--skip-bad-images")
    assert code == 0, err
    (record,) = Store(tmp_path / "study").records()
    assert record.split is not None
    assert (record.split.n_left_out, record.dataset) == (1, "folder:pets")
    assert record.split.left_out == ["dog/broken.jpg is no image that can be read; replace or remove the file."]
    opening = (tmp_path / "study" / "report.md").read_text()[:600]
    assert "1 image of `folder:pets` was left out, the first: dog/broken.jpg" in opening


def test_doctor_lists_and_clears_caches(bench, pets: Path, tmp_path: Path) -> None:
    bench("inspect", "folder:pets")
    caches = json.loads(bench("doctor", "--json")[1])["caches"]
    assert sorted(name.split("-")[0] for name in caches) == ["images", "survey"]
    (tmp_path / "cache" / "mine.txt").write_text("not a cache")
    code, out, err = bench("doctor", "--clear-cache", "--json")
    assert code == 0, err
    assert json.loads(out)["caches"] == {"none": "nothing is kept yet"}
    assert (tmp_path / "cache" / "mine.txt").exists()
