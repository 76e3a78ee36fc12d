"""A report as a model: blocks of headings, paragraphs, tables and figures, which thin writers put on paper.

All text in it is literal; escaping is the writers' business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
    """A heading; level 1 is the title."""

    level: int
    text: Text


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
        path: PNG file, relative to the document.
        alt: What it shows, for who cannot see it.
        caption: How to read it.
    """

    path: Path
    alt: str
    caption: Text


Block: TypeAlias = Heading | Paragraph | Items | Table | Figure


@dataclass(frozen=True)
class Document:
    """A report."""

    title: str
    blocks: tuple[Block, ...]


def spans(text: Text) -> Sequence[Span]:
    """The spans of a text."""
    return text if isinstance(text, tuple) else (text,)


def plain(text: Text) -> str:
    """A text without its markup, for terminals and programs."""
    return "".join(span if isinstance(span, str) else span.text for span in spans(text))


def listed(names: Sequence[str]) -> tuple[Span, ...]:
    """Names with commas between them."""
    return tuple(span for name in names for span in (", ", Code(name)))[1:]
