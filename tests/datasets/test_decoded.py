"""Sets decoded once: resumed after a kill, built once by two processes, the same pixels by any number of threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from datasets.cache import BUILDING, entries
from datasets.decoded import SHARD, decoded

N = 5 * SHARD + 3


class Counted:
    """Grey images whose pixels are their number; counts what is decoded."""

    contents = "ab" * 32
    channels = 1

    def __init__(self, stop_at=None):
        self.stop_at = stop_at
        self.seen = []

    def __len__(self):
        return N

    def items(self, start, stop):
        return range(start, stop)

    def decode(self, item):
        if item == self.stop_at:
            raise KeyboardInterrupt
        self.seen.append(item)
        return Image.new("L", (4, 4), item % 251)


def expected():
    return np.broadcast_to((np.arange(N) % 251).astype(np.uint8)[:, None, None, None], (N, 1, 4, 4))


@pytest.mark.parametrize("threads", [1, 3])
def test_every_image_is_decoded_once(tmp_path, threads):
    pictures = Counted()
    images = decoded(pictures, 4, tmp_path, threads=threads).images
    assert np.array_equal(images, expected())
    assert sorted(pictures.seen) == list(range(N))
    again = Counted()
    second = decoded(again, 4, tmp_path).images
    assert isinstance(second, np.memmap)
    assert again.seen == []


def test_what_was_decoded_before_a_stop_is_kept(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        decoded(Counted(stop_at=3 * SHARD + 5), 4, tmp_path, threads=1)
    assert [entry.key.endswith(BUILDING) for entry in entries(tmp_path)] == [True]
    again = Counted()
    assert np.array_equal(decoded(again, 4, tmp_path, threads=1).images, expected())
    assert min(again.seen) >= SHARD  # the first shards were kept
    assert [entry.key.endswith(BUILDING) for entry in entries(tmp_path)] == [False]


BUILD = """
import sys, time
from pathlib import Path
from PIL import Image
from datasets.decoded import decoded

class Slow:
    contents, channels = "cd" * 32, 1
    def __len__(self): return 640
    def items(self, start, stop): return range(start, stop)
    def decode(self, item):
        time.sleep(0.001)
        with open(sys.argv[2], "a") as file:
            file.write(f"{item}\\n")
        return Image.new("L", (2, 2), item % 251)

images = decoded(Slow(), 2, Path(sys.argv[1]), threads=2).images
print(int(images[:, 0, 0, 0].astype(int).sum()))
"""
SUM = sum(item % 251 for item in range(640))


def start(tmp_path, log):
    return subprocess.Popen([sys.executable, "-c", BUILD, tmp_path / "cache", log], stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once_decode_each_image_once(tmp_path):
    both = [start(tmp_path, tmp_path / "log") for _ in range(2)]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == [str(SUM)] * 2
    assert sorted(map(int, (tmp_path / "log").read_text().split())) == list(range(640))


def test_a_killed_build_goes_on_where_it_was(tmp_path):
    process = start(tmp_path, tmp_path / "first")
    marks = tmp_path / "cache" / f"images-2-{'cd' * 12}-1x2{BUILDING}" / "shards.jsonl"
    while not (marks.exists() and marks.read_text().count("\n") >= 3):
        time.sleep(0.005)
        assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    again = start(tmp_path, tmp_path / "second")
    assert again.communicate(timeout=60)[0].strip() == str(SUM)
    assert len((tmp_path / "second").read_text().split()) <= 640 - 3 * SHARD
