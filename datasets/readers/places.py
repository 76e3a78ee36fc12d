"""Finding what a reader reads, or saying where to put it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from datasets.base import Places
from datasets.errors import DatasetError
from datasets.images import readable


def existing(path: Path, what: str) -> Path:
    """The path, where there is something.

    Raises:
        DatasetError: There is nothing.
    """
    found = path.expanduser()
    if not found.exists():
        raise DatasetError(f"there is no {what} {readable(found)}; give the path of one that exists.")
    return found


def find(name: str, wanted: Sequence[str], *, given: Path | None, places: Places, needs: str) -> Path:
    """The folder that holds what a set needs: the one given, or one of that name inside it.

    Args:
        name: The folder's usual name, and the dataset's.
        wanted: Paths inside it of which each has to exist.
        given: The user's ``path=…``, if any; else ``places.data`` is looked at.
        places: Where data lies.
        needs: What to get where, for the message.

    Raises:
        DatasetError: There is none.
    """
    start = given if given is not None else places.data
    looked = "no place is named"
    if start is not None:
        start = start.expanduser()
        for folder in (start, start / name):
            if all((folder / entry).exists() for entry in wanted):
                return folder
        lacking = next(entry for entry in wanted if not (start / entry).exists())
        looked = f"{readable(start)} holds no {lacking}"
    raise DatasetError(
        f"{name} is not found ({looked}); {needs}, and name the folder that holds it, or its parent, by "
        f"path=…, --data-dir or BENCH_DATA."
    )
