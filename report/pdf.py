"""Writes a document as PDF, typeset by Typst with the fonts that it brings along.

These have Latin, Greek, Cyrillic, Hebrew and Arabic letters. Other scripts and emoji come from the system's fonts, and
a box stands for a letter that is in none.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typst
from PIL import Image

from report.as_data import as_data
from report.document import Document, Table
from report.svg import view_size
from report.table_layout import LONGEST_IN_HEAD, PORTRAIT, lay_out, with_breaks
from report.text import short

HIGHEST = 600.0
"""Points: a figure and its caption stay on one page."""

MOST_TAGGED_ROWS = 2000
"""Of all tables; tags for screen readers take about a kilobyte a row. In longer documents each section begins a page,
for Typst sets what lies between page breaks on several cores."""

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"


def to_pdf(document: Document, folder: Path) -> bytes:
    """The content of the file.

    Args:
        document: The report.
        folder: Where its figures' paths begin.

    Raises:
        OSError: A figure cannot be read.
    """
    data = as_data(document)
    data["short-title"] = short(data["title"], 60)
    tables = iter([block for block in document.blocks if isinstance(block, Table)])
    blocks: list[dict[str, Any]] = []
    for block in data["blocks"]:
        if block["kind"] == "table":
            blocks += _table(block, next(tables))
        elif block["kind"] == "figure":
            blocks.append({**block, "width": _width(folder / block["path"])})
        else:
            blocks.append(block)
    long = sum(len(block["rows"]) for block in blocks if block["kind"] == "table") > MOST_TAGGED_ROWS
    content = json.dumps({**data, "blocks": blocks, "long": long})
    return typst.compile(
        TEMPLATE.read_bytes(),
        root=folder.resolve(),  # pyright: ignore[reportArgumentType]  # the stub wants the type of the input
        sys_inputs={"report": content},
        timestamp=0,
        pdf_tags=not long,
    )


def _table(block: dict[str, Any], table: Table) -> list[dict[str, Any]]:
    """The table's parts, each with its type size and widths."""
    parts = lay_out(table)
    made: list[dict[str, Any]] = []
    for k, part in enumerate(parts, 1):
        caption = [*block["caption"], *([_plain(f" Part {k} of {len(parts)}.")] if len(parts) > 1 else [])]
        made.append(
            {
                **block,
                "caption": caption,
                "columns": [_column(block["columns"][c]) for c in part.columns],
                "rows": [[_breakable(row[c]) for c in part.columns] for row in block["rows"]],
                "widths": part.widths,
                "size": part.size,
                "landscape": part.landscape,
                "continued": k > 1,
            }
        )
    return made


def _plain(text: str) -> dict[str, str]:
    return {"style": "plain", "text": text}


def _column(column: dict[str, str]) -> dict[str, str]:
    return {**column, "name": with_breaks(column["name"], LONGEST_IN_HEAD)}


def _breakable(cell: list[dict[str, str]]) -> str | list[dict[str, str]]:
    """Spans whose words may be broken; plain text as it is, since Typst takes long over many small objects."""
    if len(cell) == 1 and cell[0]["style"] == "plain":
        return with_breaks(cell[0]["text"])
    return [{**span, "text": with_breaks(span["text"])} for span in cell]


def _width(path: Path) -> float:
    """Points: as wide as the text, unless the figure would then be too high."""
    if path.suffix == ".svg":
        width, height = view_size(path.read_text(encoding="utf-8"))
    else:
        with Image.open(path) as picture:
            width, height = picture.size
    return min(PORTRAIT, HIGHEST * width / height)
