"""Folders of images from anywhere, with a subfolder a class: which classes can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from bench.errors import UsageError
from datasets.images import SUFFIXES, readable
from datasets.readers.folder import IGNORED, images_below

ALL = "all"
"""The class of images in folders without subfolders."""

MOST_NAMED = 10
"""Classes in one sentence."""


@dataclass(frozen=True)
class Compared:
    """Image files of the classes that every folder has.

    Attributes:
        classes: Names of the subfolders that all have; ``all`` alone where none has subfolders.
        files: Of each folder: the files of each class.
        left_out: What is not compared, in sentences.
    """

    classes: tuple[str, ...]
    files: tuple[Mapping[str, Sequence[Path]], ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Found:
    """Image files in a folder: those of each subfolder, and those in none."""

    folder: Path
    by_class: Mapping[str, Sequence[Path]]
    loose: Sequence[Path]


def compared_classes(folders: Sequence[Path]) -> Compared:
    """Finds the classes that all folders have images of.

    Raises:
        UsageError: A folder has no images, or there are subfolders and none that all have.
    """
    found = [_find(folder) for folder in folders]
    if not any(of.by_class for of in found):
        return Compared((ALL,), tuple({ALL: of.loose} for of in found))
    classes = tuple(sorted(set.intersection(*(set(of.by_class) for of in found))))
    if not classes:
        each = "; ".join(f"{readable(of.folder)}: {_named(of.by_class) or 'none'}" for of in found)
        raise UsageError(
            f"no class folder is common to all folders ({each}); give the folders of a class the same name in all, or "
            "put the images of each into one folder without subfolders."
        )
    files = tuple({name: of.by_class[name] for name in classes} for of in found)
    return Compared(classes, files, tuple(sentence for of in found for sentence in _left_out(of, classes)))


def _find(folder: Path) -> _Found:
    if not folder.is_dir():
        raise UsageError(f"{readable(folder)} is no folder; give a folder of images.")
    subfolders = sorted(path for path in folder.iterdir() if path.is_dir())
    files = {
        readable(path.name): list(images_below(path))
        for path in subfolders
        if not path.name.startswith(".") and path.name not in IGNORED
    }
    by_class = {name: paths for name, paths in files.items() if paths}
    loose = list(takewhile(lambda path: path.parent == folder, images_below(folder)))
    if not by_class and not loose:
        raise UsageError(f"{readable(folder)} holds no images; give a folder with {', '.join(sorted(SUFFIXES))} files.")
    return _Found(folder, by_class, loose)


def _left_out(found: _Found, classes: Sequence[str]) -> list[str]:
    where, sentences = readable(found.folder), list[str]()
    lacking = [name for name in found.by_class if name not in classes]
    if lacking:
        n = f"{len(lacking)} of {len(found.by_class)} classes"
        sentences.append(f"{where}: left out {n}, which not every folder has: {_named(lacking)}")
    if found.loose:
        sentences.append(f"{where}: left out images that lie in no class folder: {len(found.loose)}")
    return sentences


def _named(names: Mapping[str, object] | Sequence[str]) -> str:
    """The first few names."""
    rest = len(names) - MOST_NAMED
    return ", ".join(list(names)[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
