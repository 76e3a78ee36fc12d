"""The cache on the disk: whole or not there."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from datasets import DatasetError
from datasets.cache import cached, fingerprint

ARRAYS = {"images": np.arange(24, dtype=np.uint8).reshape(2, 3, 2, 2), "labels": np.array([1, 0])}


def never():
    raise AssertionError("built again")


def test_second_use_maps_the_file(tmp_path):
    cached(tmp_path, "key", lambda: ARRAYS)
    again = cached(tmp_path, "key", never)
    assert isinstance(again["images"], np.memmap)
    assert not again["images"].flags.writeable
    assert np.array_equal(again["images"], ARRAYS["images"])
    assert again["labels"].tolist() == [1, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_empty_arrays_can_be_kept(tmp_path):
    for build in (lambda: {"images": np.zeros((0, 3, 4, 4), dtype=np.uint8)}, never):
        assert cached(tmp_path, "empty", build)["images"].shape == (0, 3, 4, 4)


@pytest.mark.parametrize("damage", ["truncate", "delete", "manifest", "header"])
def test_damaged_entries_are_built_again(tmp_path, damage):
    cached(tmp_path, "key", lambda: ARRAYS)
    file = tmp_path / "key" / "images.npy"
    if damage == "truncate":
        os.truncate(file, file.stat().st_size - 5)
    elif damage == "delete":
        file.unlink()
    elif damage == "manifest":
        (tmp_path / "key" / "arrays.json").write_text("[")
    else:
        file.write_bytes(b"x" * file.stat().st_size)
    built = []
    arrays = cached(tmp_path, "key", lambda: built.append(1) or ARRAYS)
    assert built == [1]
    assert np.array_equal(arrays["images"], ARRAYS["images"])
    cached(tmp_path, "key", never)


def test_objects_are_refused_and_leave_nothing(tmp_path):
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        cached(tmp_path, "key", lambda: {"images": np.array([{}], dtype=object)})
    assert list(tmp_path.iterdir()) == []


def test_unwritable_folder_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatasetError, match=r"cannot be written .* --cache-dir or BENCH_CACHE"):
        cached(tmp_path / "file", "key", lambda: ARRAYS)


def test_abandoned_folders_are_swept(tmp_path):
    old, young = tmp_path / ".key.old", tmp_path / ".key.young"
    old.mkdir()
    young.mkdir()
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    cached(tmp_path, "key", lambda: ARRAYS)
    assert not old.exists()
    assert young.exists()


BUILD_AT_ONCE = """
import sys, time
from pathlib import Path
import numpy as np
from datasets.cache import cached

folder, me, other = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def build():
    (folder.parent / me).touch()
    while not (folder.parent / other).exists():  # both are building before either has finished
        time.sleep(0.01)
    return {"images": np.arange(24)}

print(cached(folder, "key", build)["images"].sum())
"""


def test_two_processes_may_build_at_once(tmp_path):
    both = [
        subprocess.Popen(
            [sys.executable, "-c", BUILD_AT_ONCE, tmp_path / "cache", *names], stdout=subprocess.PIPE, text=True
        )
        for names in (("a", "b"), ("b", "a"))
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == ["276", "276"]  # 0 + … + 23
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["key"]


def test_fingerprint_is_sha256_of_json():
    # printf '["cells", 1]' | sha256sum
    assert fingerprint("cells", 1) == "93f708a2e240a8ac795a922b3851039aa670e9c53f2507686d560c30d75ba1e9"
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1}) != fingerprint({"a": 2, "b": 1})
