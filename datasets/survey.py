"""What a set's files are before they are decoded: their contents' digest, size and mode, read once and kept."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from datasets.cache import cached, fingerprint
from datasets.errors import DatasetError
from datasets.images import BROKEN, GREY, readable, refuse_passing

_VERSION = 2  # goes up when a survey holds more; what is kept under the last one is not read

UNKNOWN = "?"
"""Mode of a file that is no image."""

WHITE = 65535
"""Of an image with 16 bits."""


@dataclass(frozen=True)
class Survey:
    """What N files hold.

    Attributes:
        digests: (N, 32) uint8: SHA-256 of each file.
        sizes: (N, 2) int64: width and height in pixels; 0 where the file is no image.
        modes: (N,) text: Pillow's mode, ``?`` where the file is no image.
        pages: (N,) int64: images in the file, more than 1 in a TIFF of several pages or an animation.
        peaks: (N,) int64: the largest value of a 16-bit image, 0 of others.
    """

    digests: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    modes: NDArray[np.str_]
    pages: NDArray[np.int64]
    peaks: NDArray[np.int64]

    @property
    def contents(self) -> str:
        """Hex digest of all files in their order."""
        return hashlib.sha256(self.digests.tobytes()).hexdigest()

    @property
    def channels(self) -> int:
        """1 where every image is stored without colour, else 3."""
        known = self.modes[self.modes != UNKNOWN]
        return 1 if len(known) and np.isin(known, sorted(GREY)).all() else 3

    @property
    def dark(self) -> str | None:
        """A sentence where the 16-bit images use less than a sixteenth of their range, as those of 12 bits do."""
        peak = int(self.peaks.max(initial=0))
        if not 0 < peak * 16 < WHITE:
            return None
        return (
            f"the 16-bit images reach {peak:,} at most, where white is {WHITE:,}, so they are read as nearly black; "
            "multiply all by one factor, or save them with 8 bits."
        )


def survey_images(files: Sequence[Path], cache: Path) -> Survey:
    """Surveys image files; those of the same place, size and date are not read again.

    A file that is missing or no image has mode ``?``: whether that is an error is decided when it is decoded.
    """

    def build() -> dict[str, NDArray[np.generic]]:
        with ThreadPoolExecutor(cores()) as pool:
            rows = list(pool.map(_survey, files, chunksize=16))
        return {
            "digests": np.frombuffer(b"".join(row[0] for row in rows), dtype=np.uint8).reshape(-1, 32),
            "sizes": np.array([row[1] for row in rows], dtype=np.int64).reshape(-1, 2),
            "modes": np.array([row[2] for row in rows], dtype=np.str_),
            "pages": np.array([row[3] for row in rows], dtype=np.int64),
            "peaks": np.array([row[4] for row in rows], dtype=np.int64),
        }

    kept = cached(cache, f"survey-{_VERSION}-{_dates(files)[:24]}", build)
    return Survey(**kept)


def digest_files(files: Sequence[Path], cache: Path) -> str:
    """Hex digest of the contents of files in their order; unchanged files are not read again.

    Raises:
        DatasetError: A file cannot be read.
    """

    def build() -> dict[str, NDArray[np.generic]]:
        whole = hashlib.sha256()
        for path in files:
            whole.update(_of_file(path))
        return {"digest": np.frombuffer(whole.digest(), dtype=np.uint8)}

    return cached(cache, f"digest-{_dates(files)[:24]}", build)["digest"].tobytes().hex()


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _dates(files: Sequence[Path]) -> str:
    """Changes when a file does, as far as its place, size and date tell."""
    folders: dict[str, str] = {}
    rows: list[tuple[str, int, int, int]] = []
    for path in map(str, files):
        parent, name = os.path.split(path)
        if parent not in folders:
            folders[parent] = readable(os.path.realpath(parent))
        try:
            status = os.stat(path)  # noqa: PTH116 - a Path for each of a million files takes longer than the rest
            dates = status.st_mtime_ns, status.st_ctime_ns  # the second changes with the right to read it
            rows.append((f"{folders[parent]}/{readable(name)}", status.st_size, *dates))
        except (OSError, ValueError):
            rows.append((f"{folders[parent]}/{readable(name)}", -1, -1, -1))
    return fingerprint(rows)


def _survey(path: Path) -> tuple[bytes, tuple[int, int], str, int, int]:
    """Digest, size, mode, pages and peak of one file."""
    try:
        contents = path.read_bytes()
    except (OSError, ValueError) as error:  # no path at all, as one with a null byte, is missing, too
        refuse_passing(path, error)
        return bytes(32), (0, 0), UNKNOWN, 1, 0
    digest = hashlib.sha256(contents).digest()
    try:
        with Image.open(io.BytesIO(contents)) as image:
            return digest, image.size, image.mode, _pages(image), _peak(image)
    except BROKEN:
        return digest, (0, 0), UNKNOWN, 1, 0


def _pages(image: Image.Image) -> int:
    """Images in a file, as far as they can be counted; the preview behind a camera's JPEG (MPO) is none."""
    try:
        return 1 if image.format == "MPO" else int(getattr(image, "n_frames", 1))
    except BROKEN:
        return 1


def _peak(image: Image.Image) -> int:
    if not image.mode.startswith("I;16"):
        return 0
    try:
        return int(np.asarray(image).max())
    except BROKEN:
        return 0


def _of_file(path: Path) -> bytes:
    """SHA-256 of what a file holds, packed (``.gz``) or not."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            whole = hashlib.sha256()
            while block := file.read(2**20):
                whole.update(block)
            return whole.digest()
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{readable(path)} cannot be read ({error}); make it readable, or get it again.") from error
