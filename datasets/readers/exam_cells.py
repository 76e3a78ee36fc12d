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
from datasets.readers.omissions import Omissions
from datasets.readers.places import existing
from datasets.readers.table import Reader, Table, table_of_files

_NUMBERED = re.compile(r"cell_(\d+)\.(png|txt)")


@register
class ExamCells(Reader):
    """Single cells: ``cell_<n>.png`` beside ``cell_<n>.txt``, which holds the label.

    ``cell_1`` and ``cell_001`` are two cells; where one of them has an image alone and the other a label file alone,
    they are taken for one.
    """

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
        if not folder.is_dir():
            raise DatasetError(f"{readable(folder)} is a file; give the folder that holds the cells.")
        omitted = Omissions(skip=places.skip_bad_images)
        labelled: list[tuple[Path, str]] = []
        for pair in _pairs(folder):
            if "png" not in pair:
                text = pair["txt"]
                omitted.add(f"{readable(text)} has no image {text.stem}.png beside it; add it.", name=text.name)
            elif "txt" not in pair:
                image = pair["png"]
                omitted.add(f"{readable(image)} has no label file {image.stem}.txt beside it; add it.", name=image.name)
            elif label := _label(pair["txt"]):
                labelled.append((pair["png"], label))
            else:
                text = pair["txt"]
                omitted.add(f"{readable(text)} holds no label of one line; write the class into it.", name=text.name)
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


def _pairs(folder: Path) -> list[dict[str, Path]]:
    """Image and label file of each cell, by ending, in the order of their numbers; one of them may be missing.

    Raises:
        DatasetError: A file could belong to either of two.
    """
    found: dict[str, dict[str, Path]] = {}
    for path in folder.iterdir():
        if match := _NUMBERED.fullmatch(path.name):
            found.setdefault(match[1], {})[match[2]] = path
    pairs: list[dict[str, Path]] = []
    halves: dict[int, dict[str, Path]] = {}
    for digits in sorted(found, key=lambda digits: (int(digits), digits)):
        pair = found[digits]
        if len(pair) == 1:
            ((ending, path),) = pair.items()
            known = halves.get(int(digits))
            if known is not None:
                if ending in known:
                    raise DatasetError(
                        f"{readable(path)} and {known[ending].name} have one number and nothing of their own name "
                        "beside them; rename them, so that image and label file agree."
                    )
                known[ending] = path
                continue
            halves[int(digits)] = pair
        pairs.append(pair)
    return pairs


def _label(path: Path) -> str:
    """The label inside; empty where the file holds none, or more than a label, or no text."""
    try:
        text = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return text if text.isprintable() and len(text) <= 200 else ""
