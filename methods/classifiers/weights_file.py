"""Files of pretrained weights: found, and told apart by what they hold."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

SUFFIXES = (".safetensors", ".pt", ".pth")


def _existing(path: Path | None) -> Path | None:
    if path is None:
        return None
    found = path.expanduser().resolve()
    if found.suffix not in SUFFIXES:
        raise ValueError(f"weights={path} ends in none of {', '.join(SUFFIXES)}; give a file of weights")
    if not found.is_file():
        raise ValueError(f"there is no weights file {path}; give the path of a file of weights")
    return found


WeightsFile: TypeAlias = Annotated[Path | None, AfterValidator(_existing)]
"""The path of a file of weights that exists, made absolute; None for no file."""


def content_hash(path: Path) -> str:
    """12 hex digits of what the file holds: what enters a run's name and identity in the place of the path."""
    known = path.stat()
    return _content_hash(path, known.st_size, known.st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _content_hash(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=6)).hexdigest()
