"""What all readers share: from a table of images with labels to a source that decodes, caches and splits them."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from datasets.base import Dataset, LabelledImages, Places
from datasets.cache import fingerprint
from datasets.decoded import Pictures, decoded
from datasets.images import readable
from datasets.readers.omissions import Omissions
from datasets.readers.pictures import FilePictures
from datasets.sources import Collected, Collection
from datasets.spec import format_spec
from datasets.splits import Part, in_part
from datasets.survey import Survey, survey_images


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
