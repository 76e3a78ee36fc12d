"""Arrays kept on the disk: built once, written whole, opened memory-mapped by every run after that."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.base import DatasetError

Arrays = Mapping[str, NDArray[Any]]

_MANIFEST = "arrays.json"
_ABANDONED_S = 24 * 3600


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
    if (arrays := _open(place)) is not None:
        return arrays
    built = build()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        _write(place, built)
    except OSError as error:
        raise DatasetError(
            f"the cache folder {folder} cannot be written ({error.strerror}); make room there, or choose "
            "another with --cache-dir or BENCH_CACHE."
        ) from error
    arrays = _open(place)
    if arrays is None:
        raise DatasetError(f"the cache {place} cannot be read back; choose another place with --cache-dir.")
    return arrays


def _open(place: Path) -> dict[str, NDArray[Any]] | None:
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
        sizes = {}
        for name, array in arrays.items():
            with (building / f"{name}.npy").open("wb") as file:
                np.save(file, array, allow_pickle=False)
                _flush(file.fileno())
            sizes[f"{name}.npy"] = (building / f"{name}.npy").stat().st_size
        with (building / _MANIFEST).open("w") as file:
            json.dump(sizes, file)
            file.flush()
            _flush(file.fileno())
        _give_name(building, place)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _flush(descriptor: int) -> None:
    """What bears its final name has to be on the disk, or a power cut leaves a file of zeros under it."""
    os.fsync(descriptor)


def _give_name(building: Path, place: Path) -> None:
    """Renames, unless another process was first; a damaged entry makes way."""
    if place.exists() and _open(place) is None:
        aside = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
        place.rename(aside / "damaged")
        shutil.rmtree(aside, ignore_errors=True)
    try:
        building.rename(place)
    except OSError:
        if _open(place) is None:
            raise


def _sweep(folder: Path) -> None:
    """Removes what killed processes left half-built a day ago or earlier."""
    for left in folder.glob(".*"):
        if left.is_dir() and time.time() - left.stat().st_mtime > _ABANDONED_S:
            shutil.rmtree(left, ignore_errors=True)
