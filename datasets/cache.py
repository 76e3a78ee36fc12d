"""Arrays kept on the disk: built once, written whole, opened memory-mapped by every run after that."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.errors import DatasetError

Arrays = Mapping[str, NDArray[Any]]

_MANIFEST = "arrays.json"
_ABANDONED_S = 24 * 3600

BUILDING = ".building"
"""Ending of an entry that is being built, or was when its process was killed."""


def fingerprint(*parts: object) -> str:
    """Hex digest of JSON values, the same on every machine.

    Returns:
        64 hexadecimal digits.
    """
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def cached(folder: Path, key: str, build: Callable[[], Arrays]) -> dict[str, NDArray[Any]]:
    """Opens the arrays kept under a key, or builds and keeps them.

    Two processes may build the same key at once: each writes to a folder of its own, the first to finish
    gives its folder the name, the other uses that. What cannot be opened, or is shorter than it was when
    written, is built again.

    Args:
        folder: The cache; made when missing.
        key: A file name that says all that the arrays depend on.
        build: Makes the arrays; none of them may hold objects.

    Returns:
        The arrays by name, memory-mapped and read-only.

    Raises:
        DatasetError: The cache folder cannot be written.
    """
    place = folder / key
    if (arrays := open_entry(place)) is not None:
        return arrays
    built = build()
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        _write(place, built)
    return reopen(place)


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Says in one sentence that the cache cannot be written.

    Raises:
        DatasetError: In the place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise DatasetError(
            f"the cache folder {folder} cannot be written ({error.strerror}); make room there, or choose "
            "another with --cache-dir or BENCH_CACHE."
        ) from error


def reopen(place: Path) -> dict[str, NDArray[Any]]:
    """Opens an entry that has just been written.

    Raises:
        DatasetError: It is not whole.
    """
    arrays = open_entry(place)
    if arrays is None:
        raise DatasetError(f"the cache {place} cannot be read back; choose another place with --cache-dir.")
    return arrays


def open_entry(place: Path) -> dict[str, NDArray[Any]] | None:
    """The arrays of a whole cache entry, or None where there is none or it is damaged."""
    try:
        manifest: dict[str, int] = json.loads((place / _MANIFEST).read_text())
        if any((place / name).stat().st_size != size for name, size in manifest.items()):
            return None
        return {Path(name).stem: _map(place / name) for name in manifest}
    except (OSError, ValueError, AttributeError):
        return None


def _map(path: Path) -> NDArray[Any]:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:
        empty = np.load(path, allow_pickle=False)  # nothing of length 0 can be mapped
        empty.setflags(write=False)
        return empty


def _write(place: Path, arrays: Arrays) -> None:
    building = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        for name, array in arrays.items():
            save_array(building / f"{name}.npy", array)
        seal(building, place)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Writes one array of an entry, through to the disk."""
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        _flush(file.fileno())


def seal(building: Path, place: Path) -> None:
    """Makes a folder of arrays an entry: with a manifest of its files, and under its name."""
    sizes = {path.name: path.stat().st_size for path in sorted(building.glob("*.npy"))}
    with (building / _MANIFEST).open("w") as file:
        json.dump(sizes, file)
        file.flush()
        _flush(file.fileno())
    _give_name(building, place)


def _flush(descriptor: int) -> None:
    """What bears its final name has to be on the disk, or a power cut leaves a file of zeros under it."""
    os.fsync(descriptor)


def _give_name(building: Path, place: Path) -> None:
    """Renames, unless another process was first; a damaged entry makes way."""
    if place.exists() and open_entry(place) is None:
        aside = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
        place.rename(aside / "damaged")
        shutil.rmtree(aside, ignore_errors=True)
    try:
        building.rename(place)
    except OSError:
        if open_entry(place) is None:
            raise


def _sweep(folder: Path) -> None:
    """Removes what killed processes left half-built a day ago or earlier."""
    for left in folder.glob(".*"):
        if left.is_dir() and time.time() - left.stat().st_mtime > _ABANDONED_S:
            shutil.rmtree(left, ignore_errors=True)


@dataclass(frozen=True)
class Entry:
    """What the cache keeps under one key, or what is being built.

    Attributes:
        key: Its name.
        size: Bytes on the disk.
    """

    key: str
    size: int


def entries(folder: Path) -> list[Entry]:
    """What a cache folder keeps, the largest first; files that are no cache are not listed."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.is_dir() and _is_ours(path)]
    sized = [Entry(path.name, sum(f.stat().st_size for f in path.rglob("*") if f.is_file())) for path in found]
    return sorted(sized, key=lambda entry: (-entry.size, entry.key))


def clear(folder: Path) -> list[Entry]:
    """Removes what a cache folder keeps, and nothing else that lies there.

    Returns:
        What was removed.
    """
    removed = entries(folder)
    for entry in removed:
        shutil.rmtree(folder / entry.key, ignore_errors=True)
    return removed


def _is_ours(place: Path) -> bool:
    return (place / _MANIFEST).is_file() or place.name.endswith(BUILDING)
