"""``exam-cells:PATH``: single cells, each with a text file that holds its label."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from datasets.base import DatasetInfo, Places
from datasets.catalogue import register
from datasets.errors import DatasetError
from datasets.images import readable
from datasets.readers.table import Omissions, Reader, Table, existing, table_of_files

_NUMBERED = re.compile(r"cell_(\d+)\.(png|txt)")


@register
class ExamCells(Reader):
    """Single cells: ``cell_<n>.png`` beside ``cell_<n>.txt``, which holds the label."""

    info = DatasetInfo(
        name="exam-cells",
        version=1,
        summary="single cells: cell_<n>.png, and cell_<n>.txt with its label",
        reference="your own",
        needs="a folder with cell_<n>.png and, beside each, cell_<n>.txt with the label inside",
    )
    argument: ClassVar[str | None] = "path"

    path: Annotated[Path, Field(description="the folder that holds the pairs of files")]

    def table(self, places: Places) -> Table:
        """See `Reader.table`."""
        folder = existing(self.path, "folder")
        found: dict[int, dict[str, Path]] = {}
        for path in folder.iterdir():
            if match := _NUMBERED.fullmatch(path.name):
                found.setdefault(int(match[1]), {})[match[2]] = path
        omitted = Omissions(skip=places.skip_bad_images)
        labelled: list[tuple[Path, str]] = []
        for number in sorted(found):
            pair = found[number]
            if "png" not in pair:
                omitted.add(f"{readable(pair['txt'])} has no image cell_{number}.png beside it; add it.")
            elif "txt" not in pair:
                omitted.add(f"{readable(pair['png'])} has no label file cell_{number}.txt beside it; add it.")
            elif label := _label(pair["txt"]):
                labelled.append((pair["png"], label))
            else:
                omitted.add(f"{readable(pair['txt'])} holds no label of one line; write the class into it.")
        if len({label for _, label in labelled}) < 2:
            raise DatasetError(
                f"{readable(folder)} holds {len(labelled)} labelled cells of fewer than two classes; it needs "
                "cell_<n>.png and cell_<n>.txt."
            )
        return table_of_files(
            [path for path, _ in labelled],
            names=[path.name for path, _ in labelled],
            labels=[label for _, label in labelled],
            cache=places.cache,
            left_out=omitted.sentences,
        )


def _label(path: Path) -> str:
    """The label inside; empty where the file holds none, or more than a label, or no text."""
    try:
        text = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return text if text.isprintable() and len(text) <= 200 else ""
