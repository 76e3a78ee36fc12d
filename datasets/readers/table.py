"""What all readers share: from a table of images with labels to a source that decodes, caches and splits them."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from datasets.base import Dataset, LabelledImages, Places
from datasets.cache import fingerprint
from datasets.decoded import Pictures, decoded
from datasets.errors import DatasetError
from datasets.images import read_image, readable
from datasets.sources import Collected, Collection
from datasets.spec import format_spec
from datasets.splits import Part, in_part
from datasets.survey import Survey, survey_images

MOST_LISTED = 1000
"""Images left out that are listed; all are counted."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """N images with what is known of them.

    Attributes:
        pictures: The images, decoded when they are wanted.
        names: (N,) text: what messages and records call each.
        labels: (N,) int64, 0…K−1.
        classes: K class names.
        groups: (N,) slide, patient or image of origin, if known.
        fixed_test: (N,) bool: the official test images, if there are.
        left_out: A sentence for each row that was left out.
        ignored: A sentence for each file beside the images that is none of the set, or holds more than is read of it.
        survey: What the files hold, where the images are files of their own.
    """

    pictures: Pictures
    names: NDArray[np.str_]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    groups: NDArray[np.generic] | None = None
    fixed_test: NDArray[np.bool_] | None = None
    left_out: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    survey: Survey | None = None

    @property
    def contents(self) -> str:
        """Hex digest of images, labels, groups and official test set, in their order."""
        whole = hashlib.sha256(self.pictures.contents.encode() + self.labels.tobytes())
        if self.groups is not None:
            whole.update("\0".join(map(str, self.groups)).encode("utf-8", "surrogateescape"))
        if self.fixed_test is not None:
            whole.update(self.fixed_test.tobytes())
        return whole.hexdigest()


class Reader(Dataset):
    """A dataset that is read from the disk. Subclasses say what the table is; splits and caching are done here."""

    part: Annotated[Part, Field(description="develop: a fixed 30 % for tuning; report: the rest")] = "all"
    held: Annotated[float, Field(ge=0, le=0.9, description="share of training kept back for the oracle")] = 0.0

    @abstractmethod
    def table(self, places: Places) -> Table:
        """Finds the images and reads their labels.

        Raises:
            DatasetError: They cannot be found or read; the message says where to put which file.
        """

    def open(self, places: Places) -> Collected:
        """See `Dataset.open`."""
        table = self.table(places)
        chosen = in_part(table.names if table.groups is None else table.groups, self.part)
        # Names are no part of the contents; where they say which images take part, what they say is.
        by_name = table.survey is not None and table.groups is None and self.part != "all"
        taken = [hashlib.sha256(chosen.tobytes()).hexdigest()] if by_name else []

        def load(size: int) -> Collection:
            kept = decoded(table.pictures, size, places.cache)
            faults = {row: reason for row, reason in kept.faults.items() if chosen[row]}
            omitted = Omissions(skip=places.skip_bad_images)
            for row, reason in faults.items():
                omitted.add(reason, name=str(table.names[row]), others=len(faults) - 1)
            usable = chosen.copy()
            usable[list(faults)] = False
            return Collection(
                LabelledImages(kept.images, table.labels, table.classes, table.groups, table.names),
                usable=np.flatnonzero(usable),
                fixed_test=table.fixed_test,
                left_out=(*table.left_out, *omitted.sentences, *table.ignored),
            )

        return Collected(
            fingerprint=fingerprint(
                self.info.name, self.info.version, table.contents, list(table.classes), self.part, self.held, *taken
            ),
            classes=table.classes,
            load=load,
            held=self.held,
            survey=table.survey,
        )

    @property
    def name(self) -> str:
        """The name in records: what stands behind the colon without its folders, and the non-default parameters."""
        values = self.non_default_parameters()
        if self.argument is None:
            return format_spec(self.info.name, values)
        behind = getattr(self, self.argument)
        values.pop(self.argument, None)
        text = readable(behind.expanduser().resolve().name) if isinstance(behind, Path) else str(behind)
        return format_spec(self.info.name, values, argument=text)


@dataclass
class Omissions:
    """Collects what is wrong with single images, or refuses the first.

    Attributes:
        skip: Whether to go on (``--skip-bad-images``).
        sentences: What was left out, and why.
    """

    skip: bool
    sentences: list[str] = field(default_factory=list)

    def add(self, reason: str, *, name: str = "", others: int = 0) -> None:
        """Takes note of an image that has to be left out.

        Args:
            reason: One sentence that names the file and the way out.
            name: What the record is to call the image, in the place of its path.
            others: How many more there are, if that is known.

        Raises:
            DatasetError: Nothing is to be skipped.
        """
        if not self.skip:
            more = f" and {others} more" if others else ""
            raise DatasetError(f"{reason.rstrip('.')}, or leave it{more} out with --skip-bad-images.")
        self.sentences.append(reason[max(0, reason.find(f"{name} ")) :] if name else reason)


@dataclass(frozen=True)
class FilePictures:
    """Images that are a file each."""

    files: Sequence[Path]
    survey: Survey

    @property
    def contents(self) -> str:
        """See `Pictures`."""
        return self.survey.contents

    @property
    def channels(self) -> int:
        """1 where every file is stored without colour."""
        return self.survey.channels

    def __len__(self) -> int:
        return len(self.files)

    def items(self, start: int, stop: int) -> Sequence[Path]:
        """See `Pictures`."""
        return self.files[start:stop]

    def decode(self, item: Path) -> Image.Image:
        """See `Pictures`."""
        return read_image(item)


@dataclass(frozen=True)
class ArrayPictures:
    """Images that are rows of arrays in a file.

    Attributes:
        contents: Hex digest of the file.
        channels: 1 or 3.
        n: How many.
        rows: (start, stop) → (stop − start, H, W) or (…, H, W, 3) uint8; called in rising order.
    """

    contents: str
    channels: int
    n: int
    rows: Callable[[int, int], NDArray[np.uint8]]

    def __len__(self) -> int:
        return self.n

    def items(self, start: int, stop: int) -> Sequence[Any]:
        """See `Pictures`."""
        return list(self.rows(start, stop))

    def decode(self, item: NDArray[np.uint8]) -> Image.Image:
        """See `Pictures`."""
        return Image.fromarray(item)


def table_of_files(
    files: Sequence[Path],
    *,
    names: Sequence[str],
    labels: Sequence[str],
    cache: Path,
    groups: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    fixed_test: Sequence[bool] | None = None,
    left_out: Sequence[str] = (),
    ignored: Sequence[str] = (),
) -> Table:
    """The table of images that are a file each.

    Args:
        files: N files.
        names: N names for messages.
        labels: N class names.
        cache: Folder that keeps what the files hold.
        groups: N groups, if known.
        classes: Class names in label order; those that occur, sorted, when not given.
        fixed_test: N flags, if there is an official test set.
        left_out: What was left out of the table already.
        ignored: What lies beside the images and is not read; further pages of them are added here.
    """
    known = tuple(classes) if classes is not None else in_order(labels)
    number = {name: index for index, name in enumerate(known)}
    survey = survey_images(files, cache)
    return Table(
        pictures=FilePictures(files, survey),
        names=np.array(names, dtype=np.str_),
        labels=np.array([number[label] for label in labels], dtype=np.int64),
        classes=known,
        groups=None if groups is None else np.array(groups, dtype=np.str_),
        fixed_test=None if fixed_test is None else np.array(fixed_test, dtype=np.bool_),
        left_out=tuple(left_out),
        ignored=(
            *ignored,
            *(
                f"{names[row]} holds {survey.pages[row]} images, of which the first is read; save the others apart."
                for row in np.flatnonzero(survey.pages > 1).tolist()
            ),
        ),
        survey=survey,
    )


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Different names, sorted: by number where all are whole numbers, else as text."""
    unique = set(names)
    numbers = all(name.isdecimal() for name in unique)
    return tuple(sorted(unique, key=(lambda name: (int(name), name)) if numbers else None))


def is_text(path: Path | str) -> bool:
    """Whether a name is text in UTF-8, and not bytes that were taken for it."""
    return str(path).isascii() or str(path) == readable(path)


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
