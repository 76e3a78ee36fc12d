"""Writes a document as GitHub-flavoured markdown."""

from __future__ import annotations

import re
from urllib.parse import quote

from report.document import (
    Block,
    Code,
    Document,
    Figure,
    Heading,
    Items,
    Paragraph,
    Span,
    Strong,
    Table,
    Text,
    numbered,
    spans,
)
from report.text import clean, one_line

MOST_ROWS = 1000
"""Of a table; GitHub shows no file of more than about half a megabyte."""

_MARKUP = re.compile(r"([\\`*_\[\]<>&|~$])")
_BLOCK_START = re.compile(r"^(\d*)([-+=#.)])")


def to_markdown(document: Document) -> str:
    """The text of the file."""
    blocks = [_block(block, label) for block, label in numbered(document)]
    return "\n\n".join([f"# {escaped(document.title)}", *blocks]) + "\n"


def escaped(text: str) -> str:
    """Literal text as markdown, on one line: nothing in it is markup any more."""
    return _MARKUP.sub(r"\\\1", one_line(text))


def _block(block: Block, label: str) -> str:
    match block:
        case Heading(level, text):
            return f"{'#' * level} {_inline(text)}"
        case Paragraph(text):
            return _no_list(_inline(text))
        case Items(items):
            return "\n".join(f"- {_no_list(_inline(item))}" for item in items)
        case Figure(path, alt, caption):
            return f"![{escaped(alt)}]({quote(path.as_posix())})\n\n*{label}. {_inline(caption)}*"
        case Table():
            return _table(block, label)


def _no_list(line: str) -> str:
    """Keeps a line that begins like a list or a heading from becoming one."""
    return _BLOCK_START.sub(r"\1\\\2", line)


def _table(table: Table, label: str) -> str:
    head = [_inline(column.name) for column in table.columns]
    rule = ["---:" if column.align == "right" else ":---" for column in table.columns]
    rows = [[_inline(cell, in_table=True) for cell in row] for row in table.rows[:MOST_ROWS]]
    lines = "\n".join(f"| {' | '.join(cells)} |" for cells in [head, rule, *rows])
    left_out = len(table.rows) - len(rows)
    rest = f" The first {MOST_ROWS} rows of {len(table.rows)}; the others are in the HTML and PDF." if left_out else ""
    return f"{lines}\n\n*{label}. {_inline(table.caption)}{rest}*"


def _inline(text: Text, *, in_table: bool = False) -> str:
    return "".join(_span(span, in_table) for span in spans(text))


def _span(span: Span, in_table: bool) -> str:
    match span:
        case Code(text):
            return _code(text, in_table)
        case Strong(text):
            return _strong(escaped(text))
        case str():
            return escaped(span)


def _strong(text: str) -> str:
    """Strong text; spaces at its ends stand outside the marks, which are literal asterisks beside a space."""
    inner = text.strip()
    return text.replace(inner, f"**{inner}**", 1) if inner else text


def _code(text: str, in_table: bool) -> str:
    """A code span; its fence is longer than any run of backticks in it."""
    kept = clean(text) or " "
    fence = "`" * (max(map(len, re.findall(r"`+", kept)), default=0) + 1)
    padding = " " if kept.startswith("`") or kept.endswith("`") else ""
    if in_table:  # a table splits at bars before it sees code, and takes the backslash away again
        kept = kept.replace("|", "\\|")
    return f"{fence}{padding}{kept}{padding}{fence}"
