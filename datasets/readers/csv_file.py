"""``csv:FILE``: a table of image files and labels."""

from __future__ import annotations

import csv
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from datasets.base import DatasetInfo, Places
from datasets.catalogue import register
from datasets.errors import DatasetError
from datasets.images import readable
from datasets.readers.omissions import Omissions
from datasets.readers.places import existing
from datasets.readers.table import Reader, Table, in_order, table_of_files


def read_csv(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Reads a table with a header, in UTF-8; cells are stripped.

    Args:
        path: The file.
        columns: Those that it has to have.

    Yields:
        The number of a line, and its cells by column.

    Raises:
        DatasetError: It is no such table, a column is missing or there twice, or a row has more cells than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            header = [name.strip() for name in next(rows, [])]
            for column in columns:
                if column not in header:
                    listed = ", ".join(header) or "none"
                    raise DatasetError(
                        f"{readable(path)} has no column {column!r} (its columns: {listed}); name the right one, "
                        "like csv:FILE[image=file,label=class]."
                    )
                if (n := header.count(column)) > 1:
                    raise DatasetError(f"{readable(path)} has {n} columns {column!r}; keep one, or rename the others.")
            for cells in rows:
                if len(cells) > len(header):
                    raise DatasetError(
                        f"{readable(path)}, line {rows.line_num}, has {len(cells)} cells under a header of "
                        f"{len(header)}; put quotes around a cell that holds a comma."
                    )
                if cells:
                    yield rows.line_num, dict(zip_longest(header, (cell.strip() for cell in cells), fillvalue=""))
    except UnicodeDecodeError as error:
        raise DatasetError(f"{readable(path)} is no text in UTF-8 ({error.reason}); save it as UTF-8.") from error
    except (csv.Error, OSError) as error:
        raise DatasetError(f"{readable(path)} cannot be read as a table ({error}); mend the file.") from error


def one_each(path: Path, column: str, values: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What a table says of each image in one column, by the image's path with ``/`` and without detours.

    Args:
        path: The table, for the message.
        column: Which.
        values: Image and value of each row.

    Raises:
        DatasetError: Two rows contradict each other.
    """
    found: dict[str, str] = {}
    for image, value in values:
        name = posixpath.normpath(image.replace("\\", "/"))
        if found.setdefault(name, value) != value:
            raise DatasetError(
                f"{readable(path)} names {name} twice, with {found[name]!r} and with {value!r} in column {column!r}; "
                "keep the right line."
            )
    return found


@register
class CsvFile(Reader):
    """A CSV file with a column of image files and a column of labels."""

    info = DatasetInfo(
        name="csv",
        version=1,
        summary="your own images: a CSV file with columns for image, label and perhaps group",
        reference="your own",
        needs="a CSV file in UTF-8 with a header; images beside it, or below root=…",
    )
    argument: ClassVar[str | None] = "file"

    file: Annotated[Path, Field(description="the CSV file")]
    image: Annotated[str, Field(description="column of image files, relative to root")] = "image"
    label: Annotated[str, Field(description="column of labels")] = "label"
    group: Annotated[str | None, Field(description="column of groups: patient, slide, …")] = None
    root: Annotated[Path | None, Field(description="folder of the images; the CSV file's when not given")] = None

    def table(self, places: Places) -> Table:
        """See `Reader.table`."""
        path = existing(self.file, "CSV file")
        root = path.parent if self.root is None else existing(self.root, "folder")
        columns = [self.image, self.label, *([self.group] if self.group else [])]
        omitted = Omissions(skip=places.skip_bad_images)
        rows: list[Mapping[str, str]] = []
        for line, row in read_csv(path, columns):
            empty = next((column for column in columns if not row[column]), None)
            if empty is not None:
                omitted.add(f"{readable(path.name)}, line {line}, has nothing in column {empty!r}; fill it in.")
            else:
                rows.append(row)
        for column in columns[1:]:
            one_each(path, column, ((row[self.image], row[column]) for row in rows))
        labels = [row[self.label] for row in rows]
        if len(set(labels)) < 2:
            raise DatasetError(
                f"{readable(path)} has {len(set(labels))} different labels in column {self.label!r}; it needs two."
            )
        return table_of_files(
            [root / row[self.image] for row in rows],
            names=[row[self.image] for row in rows],
            labels=labels,
            cache=places.cache,
            groups=[row[self.group] for row in rows] if self.group else None,
            classes=in_order(labels),
            left_out=omitted.sentences,
        )
