"""A document as plain lists and dictionaries, which the templates of HTML and PDF lay out.

Text stays text all the way: a template puts it in by value, so that nothing in it can become markup.
"""

from __future__ import annotations

from typing import Any, TypeAlias

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
from report.text import one_line

Spans: TypeAlias = list[dict[str, str]]
"""``{"style": "plain" | "code" | "strong", "text": …}``, in order."""


def as_data(document: Document) -> dict[str, Any]:
    """Everything that a template needs.

    Args:
        document: The report.

    Returns:
        ``title``, ``day`` (ISO or None) and ``blocks``: each a dictionary with its ``kind`` and its parts.
    """
    return {
        "title": one_line(document.title),
        "day": document.day.isoformat() if document.day else None,
        "blocks": [_block(block, label, k) for k, (block, label) in enumerate(numbered(document))],
    }


def _block(block: Block, label: str, place: int) -> dict[str, Any]:
    match block:
        case Heading(level, text, appendix):
            return {
                "kind": "heading",
                "level": level,
                "text": to_spans(text),
                "id": f"section-{place}",
                "appendix": appendix,
            }
        case Paragraph(text):
            return {"kind": "paragraph", "text": to_spans(text)}
        case Items(items):
            return {"kind": "items", "items": [to_spans(item) for item in items]}
        case Figure(path, alt, caption):
            return {
                "kind": "figure",
                "label": label,
                "path": path.as_posix(),
                "alt": one_line(alt),
                "caption": to_spans(caption),
            }
        case Table(caption, columns, rows):
            return {
                "kind": "table",
                "label": label,
                "caption": to_spans(caption),
                "columns": [{"name": one_line(column.name), "align": column.align} for column in columns],
                "rows": [[to_spans(cell) for cell in row] for row in rows],
            }


def to_spans(text: Text) -> Spans:
    """The spans of a text, at least one, made fit for one line."""
    return [_span(span) for span in spans(text) or ("",)]


def _span(span: Span) -> dict[str, str]:
    match span:
        case Code(text):
            return {"style": "code", "text": one_line(text)}
        case Strong(text):
            return {"style": "strong", "text": one_line(text)}
        case str():
            return {"style": "plain", "text": one_line(span)}
