"""How a table fits on paper: size of its type, widths of its columns, upright or sideways, in one part or several.

Typst gives columns the widths that they are told. Widths are estimated from the letters, for measuring ten thousand
rows would take longer than setting them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from report.document import Code, Span, Strong, Table, Text, spans

PORTRAIT, LANDSCAPE = 476.0, 722.0
"""Points: text widths of A4 with margins of 2.1 cm."""

INSET = 6.0
"""Points: left and right of a cell together."""

SIZES = (8.5, 7.8, 7.1, 6.5)
"""Points: of the type; large is better as long as rows are not broken for it."""

MOST = 45.0
"""Em: a longer cell is broken anyway and claims no more."""

MOST_OF_HEAD = 12.0
"""Em: the same for headings."""

MORE_LINES = 1.25
"""Times the lines of the smallest type: a larger type is taken if it takes no more."""

SAMPLE = 200
"""Rows whose lines are counted."""

LONGEST_WORD, LONGEST_IN_HEAD = 14, 10
"""Letters; longer words may be broken."""

_TIED = re.compile(r"\[[-+−.,:; \u00a0\d]{1,24}\]|±[ \u00a0][\d.]+|\[95.%\]")
_NARROW, _WIDE = frozenset(" .,:;'|!()[]/ijltfI-–\u202f\u00a0"), frozenset("mwMWQO@%&ΔÆŒ—…")


@dataclass(frozen=True)
class Part:
    """A table, or some of its columns, as it is set.

    Attributes:
        columns: Which of the table's.
        widths: Of these, in points.
        size: Of the type, in points.
        landscape: Whether it stands on pages of its own that lie on their side.
    """

    columns: tuple[int, ...]
    widths: tuple[float, ...]
    size: float
    landscape: bool


@dataclass(frozen=True)
class _Need:
    """Em that a column needs at least, and where no cell is broken."""

    least: float
    whole: float


def lay_out(table: Table) -> list[Part]:
    """Fits a table: upright where possible, else sideways, else its columns are shared out among parts."""
    every = tuple(range(len(table.columns)))
    firm = [_need(table, k, firm=table.columns[k].align == "right") for k in every]
    soft = [_need(table, k, firm=False) for k in every]
    upright = [Part(every, found, size, False) for size in SIZES if (found := _widths(firm, size, PORTRAIT))]
    if upright:
        lines = [_lines(table, part) for part in upright]
        return [next(part for part, n in zip(upright, lines, strict=True) if n <= MORE_LINES * lines[-1])]
    choices = [(soft, SIZES[-1], False), *((firm, size, True) for size in SIZES[1:]), (soft, SIZES[-1], True)]
    for needs, size, landscape in choices:
        widths = _widths(needs, size, LANDSCAPE if landscape else PORTRAIT)
        if widths is not None:
            return [Part(every, widths, size, landscape)]
    return _parts(table, soft)


def _lines(table: Table, part: Part) -> int:
    """Lines that the rows take, some of them if there are many."""
    rows = table.rows[:: 1 + len(table.rows) // SAMPLE]
    return sum(
        max(
            math.ceil(_length(row[c]) * part.size / max(width - INSET, 1.0) - 1e-6)
            for c, width in zip(part.columns, part.widths, strict=True)
        )
        for row in rows
    )


def _parts(table: Table, needs: Sequence[_Need]) -> list[Part]:
    """Shares the columns out; those that name the row come again in each part."""
    size = SIZES[-1]
    n_keys = next((k for k, column in enumerate(table.columns) if column.align == "right"), 1)
    keys = tuple(range(min(max(n_keys, 1), 2)))
    parts: list[Part] = []
    columns = keys
    for k in range(len(keys), len(needs)):
        if _widths([needs[c] for c in (*columns, k)], size, PORTRAIT) is None and columns != keys:
            parts.append(_part(columns, needs, size))
            columns = keys
        columns = (*columns, k)
    return [*parts, _part(columns, needs, size)]


def _part(columns: tuple[int, ...], needs: Sequence[_Need], size: float) -> Part:
    chosen = [needs[c] for c in columns]
    widths = _widths(chosen, size, PORTRAIT)
    if widths is None:  # one column alone is too wide: each gets its share
        total = sum(need.least for need in chosen)
        widths = tuple(PORTRAIT * need.least / total for need in chosen)
    return Part(columns, widths, size, landscape=False)


def _widths(needs: Sequence[_Need], size: float, room: float) -> tuple[float, ...] | None:
    """Widths in points, None where the columns do not fit; what is left over goes to columns that were broken."""
    least = [need.least * size + INSET for need in needs]
    whole = [need.whole * size + INSET for need in needs]
    if sum(least) > room:
        return None
    if sum(whole) <= room:
        return tuple(whole)
    widths = list(least)
    left = room - sum(least)
    wanting = sorted(range(len(needs)), key=lambda k: whole[k] - least[k])
    for n_left, k in zip(range(len(needs), 0, -1), wanting, strict=True):  # equal shares; what one leaves others get
        more = min(whole[k] - least[k], left / n_left)
        widths[k] += more
        left -= more
    return tuple(widths)


def _need(table: Table, column: int, *, firm: bool) -> _Need:
    cells = {row[column] for row in table.rows}
    head = Strong(table.columns[column].name)
    least = max(
        [_longest_word(head, LONGEST_IN_HEAD), *(_length(cell) if firm else _longest_word(cell) for cell in cells)]
    )
    whole = max([min(_length(head), MOST_OF_HEAD), *(min(_length(cell), MOST) for cell in cells)])
    return _Need(least, max(least, whole))


def _length(text: Text) -> float:
    """Em of a text in one line."""
    return sum(_em(_text(span), _factor(span)) for span in spans(text))


def _longest_word(text: Text, longest: int = LONGEST_WORD) -> float:
    """Em of the longest word, as ``with_breaks`` breaks it."""
    words = [
        (word, _factor(span))
        for span in spans(text)
        for word in re.split(r"[ \u200b]|(?<=-)", with_breaks(_text(span), longest))
    ]
    return max((_em(word, factor) for word, factor in words), default=0.0)


def _text(span: Span) -> str:
    return span if isinstance(span, str) else span.text


def _factor(span: Span) -> float:
    return 0.0 if isinstance(span, Code) else 1.08 if isinstance(span, Strong) else 1.0


def _em(text: str, factor: float) -> float:
    if not factor:  # a fixed-width face, set at 0.8 of the size
        return 0.49 * len(text)
    return factor * sum(0.33 if c in _NARROW else 0.9 if c in _WIDE or c > "\u2e7f" else 0.53 for c in text)


@cache
def with_breaks(text: str, longest: int = LONGEST_WORD) -> str:
    """A text for a cell: an interval or the deviation after ± stays together, and long words may be broken.

    They break before a bracket, after a comma or the like, and at last anywhere.
    """
    return " ".join(_broken(word) if len(word) > longest else word for word in tied(text).split(" "))


def tied(text: str) -> str:
    """A text in which an interval, and the deviation after ±, are never broken."""
    return _TIED.sub(lambda found: found[0].replace(" ", "\u00a0"), text)


def _broken(word: str) -> str:
    if _TIED.fullmatch(word):
        return word
    pieces = re.split(r"(?=[\[(])|(?<=[,/=_-])", word)
    short = [piece[k : k + LONGEST_WORD] for piece in pieces for k in range(0, len(piece), LONGEST_WORD)]
    return "\u200b".join(short)
