"""Whole sets decoded once, to one size, into a file that every run maps into its memory.

The file is written shard by shard, so that no more than a few shards are ever in memory and a killed build goes on
where it was. One process builds; others that want the same entry wait for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from PIL import Image

from datasets.cache import BUILDING, open_entry, reopen, save_array, seal, writing
from datasets.images import UnreadableImage, resize
from datasets.survey import cores

_VERSION = 2  # goes up when the same files would be decoded otherwise; what is kept under the last one is not read

SHARD = 64
"""Images in a shard: what a kill costs at most, for each core."""

Faults = list[tuple[int, str]]

_SEEKING = Lock()
"""Held while a file is written that can only be written where it stands."""


class Pictures(Protocol):
    """Images that can be decoded, in a fixed order."""

    @property
    def contents(self) -> str:
        """Hex digest of what the images are."""
        ...

    @property
    def channels(self) -> int:
        """1 or 3, of all images."""
        ...

    def __len__(self) -> int: ...

    def items(self, start: int, stop: int) -> Sequence[Any]:
        """What `decode` needs of the images start…stop−1; called in rising order, by one thread."""
        ...

    def decode(self, item: Any) -> Image.Image:
        """One image, in mode ``L`` or ``RGB``; called by many threads.

        Raises:
            UnreadableImage: It cannot be read.
        """
        ...


@dataclass(frozen=True)
class Decoded:
    """A set at one size.

    Attributes:
        images: (N, C, size, size) uint8, memory-mapped; black where an image could not be read.
        faults: Index of each image that could not be read → the sentence that says why.
    """

    images: NDArray[np.uint8]
    faults: dict[int, str]


def decoded(pictures: Pictures, size: int, cache: Path, *, threads: int | None = None) -> Decoded:
    """Opens the images at a size, decoding them first when nobody has.

    Args:
        pictures: The set.
        size: Height and width in pixels.
        cache: Folder of the cache.
        threads: How many decode at once; all cores by default. Pillow decodes outside the interpreter's lock.

    Raises:
        DatasetError: The cache folder cannot be written.
    """
    key = f"images-{_VERSION}-{pictures.contents[:24]}-{pictures.channels}x{size}"
    place, building = cache / key, cache / f"{key}{BUILDING}"
    arrays = open_entry(place)
    if arrays is None:
        with writing(cache):
            cache.mkdir(parents=True, exist_ok=True)
            with FileLock(cache / f".{key}.lock"):  # the system takes it from a process that is killed
                arrays = open_entry(place)
                if arrays is None:
                    building.mkdir(exist_ok=True)
                    _Build(pictures, size, building).run(threads or cores())
                    seal(building, place)
                    arrays = reopen(place)
    return Decoded(arrays["images"], dict(zip(arrays["rows"].tolist(), arrays["reasons"].tolist(), strict=True)))


class _Build:
    """An entry in the making: ``images.npy`` of its final length, and a line in ``shards.jsonl`` for each shard in it.

    Rows are written, not mapped: pages of a mapped file would count as the process's memory.
    """

    def __init__(self, pictures: Pictures, size: int, folder: Path) -> None:
        self.pictures = pictures
        self.size = size
        self.folder = folder
        self.shape = (len(pictures), pictures.channels, size, size)
        self.row_bytes = pictures.channels * size * size

    def run(self, threads: int) -> None:
        images, log = self.folder / "images.npy", self.folder / "shards.jsonl"
        done = _read_log(log) if images.exists() else {}
        if not done:
            with images.open("wb") as file:
                header = {"descr": "|u1", "fortran_order": False, "shape": self.shape}
                np.lib.format.write_array_header_1_0(file, header)
                file.truncate(file.tell() + len(self.pictures) * self.row_bytes)
        log.write_text("".join(json.dumps(entry) + "\n" for entry in done.items()))  # a cut line goes
        offset = images.stat().st_size - len(self.pictures) * self.row_bytes
        with images.open("r+b") as file, log.open("a", encoding="utf-8") as lines:
            for shard, faults in self._shards(file.fileno(), offset, done, threads):
                done[shard] = faults
                lines.write(json.dumps([shard, faults]) + "\n")
                lines.flush()
            os.fsync(file.fileno())
        faults = sorted(fault for shard in done.values() for fault in shard)
        save_array(self.folder / "rows.npy", np.array([row for row, _ in faults], dtype=np.int64))
        save_array(self.folder / "reasons.npy", np.array([reason for _, reason in faults], dtype=np.str_))
        log.unlink()

    def _shards(self, file: int, offset: int, done: dict[int, Faults], threads: int) -> Iterator[tuple[int, Faults]]:
        """Decodes and writes the shards that are missing; yields each as it ends. Few are in memory at a time."""
        running: dict[Future[Faults], int] = {}
        with ThreadPoolExecutor(threads) as pool:
            try:
                for shard in range(-(-len(self.pictures) // SHARD)):
                    if shard in done:
                        continue
                    start = shard * SHARD
                    items = self.pictures.items(start, min(start + SHARD, len(self.pictures)))
                    where = offset + start * self.row_bytes
                    running[pool.submit(self._write, start, items, file, where)] = shard
                    while len(running) > threads:
                        yield from _ended(running)
                while running:
                    yield from _ended(running)
            finally:
                pool.shutdown(cancel_futures=True)

    def _write(self, start: int, items: Sequence[Any], file: int, where: int) -> Faults:
        faults: Faults = []
        rows = np.zeros((len(items), *self.shape[1:]), dtype=np.uint8)
        for number, item in enumerate(items):
            try:
                image = self.pictures.decode(item)
            except UnreadableImage as error:
                faults.append((start + number, str(error)))
                continue
            mode = "L" if self.shape[1] == 1 else "RGB"
            rows[number] = resize(image if image.mode == mode else image.convert(mode), self.size)
        _write_at(file, rows.tobytes(), where)
        return faults


def _write_at(file: int, data: bytes, where: int) -> None:
    if not hasattr(os, "pwrite"):  # Windows
        with _SEEKING:
            os.lseek(file, where, os.SEEK_SET)
            left = memoryview(data)
            while left:
                left = left[os.write(file, left) :]
        return
    left = memoryview(data)
    while left:
        written = os.pwrite(file, left, where)
        left, where = left[written:], where + written


def _ended(running: dict[Future[Faults], int]) -> Iterator[tuple[int, Faults]]:
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        yield running.pop(future), future.result()


def _read_log(path: Path) -> dict[int, Faults]:
    """The shards that are written; the last line may be cut."""
    done: dict[int, Faults] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return done
    for line in lines:
        try:
            shard, faults = json.loads(line)
        except ValueError:
            break
        done[shard] = [(row, reason) for row, reason in faults]
    return done
