"""A report as a model: blocks of headings, paragraphs, tables and figures, which thin writers put on paper.

All text in it is literal; escaping is the writers' business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class Code:
    """A name, set in a fixed-width face: a method, a run, a command."""

    text: str


@dataclass(frozen=True)
class Strong:
    """Text that stands out."""

    text: str


Span: TypeAlias = str | Code | Strong
Text: TypeAlias = Span | tuple[Span, ...]


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the title.

    Attributes:
        level: From 2 on.
        text: What follows.
        appendix: Whether an appendix begins here.
    """

    level: int
    text: Text
    appendix: bool = False


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: Text


@dataclass(frozen=True)
class Items:
    """A list of points."""

    items: tuple[Text, ...]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: Its heading.
        align: Names stand left, numbers right.
    """

    name: str
    align: Literal["left", "right"] = "right"


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        caption: What it shows, and what one has to know to read it.
        columns: One for each cell of a row.
        rows: Cells.
    """

    caption: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Text, ...], ...]


@dataclass(frozen=True)
class Figure:
    """A picture.

    Attributes:
        path: SVG or PNG file, relative to the document.
        alt: What it shows, for who cannot see it.
        caption: How to read it.
    """

    path: Path
    alt: str
    caption: Text


Block: TypeAlias = Heading | Paragraph | Items | Table | Figure


@dataclass(frozen=True)
class Document:
    """A report.

    Attributes:
        title: The study's name.
        blocks: What it says, in order.
        day: Of its last run; None where there is no run.
    """

    title: str
    blocks: tuple[Block, ...]
    day: date | None = None


def numbered(document: Document) -> Iterator[tuple[Block, str]]:
    """Each block with its label, the same in all formats: ``Table 1``, ``Figure 1``; empty for other blocks."""
    counts = {Table: 0, Figure: 0}
    for block in document.blocks:
        if isinstance(block, Table | Figure):
            counts[type(block)] += 1
            yield block, f"{type(block).__name__} {counts[type(block)]}"
        else:
            yield block, ""


def spans(text: Text) -> Sequence[Span]:
    """The spans of a text."""
    return text if isinstance(text, tuple) else (text,)


def plain(text: Text) -> str:
    """A text without its markup, for terminals and programs."""
    return "".join(span if isinstance(span, str) else span.text for span in spans(text))


def listed(names: Sequence[str]) -> tuple[Span, ...]:
    """Names with commas between them."""
    return tuple(span for name in names for span in (", ", Code(name)))[1:]
