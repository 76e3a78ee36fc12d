"""Writes a document as one HTML file that needs nothing else: no network, no fonts, no other files."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from report.as_data import Spans, as_data
from report.document import Document
from report.svg import InlineFigures
from report.table_layout import tied

_BREAK = re.compile(r"(?=\[)|(?<=[,/])")
TEMPLATES = Path(__file__).parent / "templates"


def to_html(document: Document, folder: Path) -> str:
    """The text of the file.

    All text is escaped by the template; scripts and styles are the package's own, and the page's policy allows no
    others and no request.

    Args:
        document: The report.
        folder: Where its figures' paths begin.

    Raises:
        OSError: A figure cannot be read.
    """
    data = as_data(document)
    figures = InlineFigures()
    for block in data["blocks"]:
        if block["kind"] == "figure":
            block["picture"] = _picture(folder / block["path"], block["alt"], figures)
    script, css = (Markup((TEMPLATES / f"report.{kind}").read_text(encoding="utf-8")) for kind in ("js", "css"))
    style = css + Markup(figures.style)
    return (
        _environment()
        .get_template("report.html")
        .render(
            **data,
            policy=_policy(script=script, style=style),
            inline=inline,
            body=body,
            tied=tied,
            definitions=Markup(figures.definitions),
            script=script,
            style=style,
        )
    )


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def inline(spans: Spans) -> Markup:
    """Spans as HTML; text in it is escaped."""
    return Markup("".join(map(_span, spans)))


def body(table: Mapping[str, Any]) -> Markup:
    """Rows of a table; a template's loops would take ten times as long.

    A row without a name belongs to the one above, from which no line parts it.
    """
    aligns = [column["align"] for column in table["columns"]]
    rows: list[str] = []
    for row in table["rows"]:
        named = bool(row[0][0]["text"])
        tags = ["th" if named else "td", *["td"] * (len(row) - 1)]
        cells = [
            f'<{tag} class="{align}">{"".join(map(_cell, cell))}</{tag}>'
            for tag, align, cell in zip(tags, aligns, row, strict=True)
        ]
        head = "<tr>" if named else '<tr class="goes-on">'
        rows.append(f"{head}{''.join(cells)}</tr>\n")
    return Markup("".join(rows))


def _cell(span: dict[str, str]) -> str:
    return _span({**span, "text": tied(span["text"])})


def _span(span: dict[str, str]) -> str:
    text = escape(span["text"])
    match span["style"]:
        case "code":
            return f"<code>{_breakable(text)}</code>"
        case "strong":
            return f"<strong>{text}</strong>"
        case _:
            return text


def _breakable(text: str) -> str:
    """Escaped text, in which a long name may be broken; what is copied from the page stays the name."""
    return _BREAK.sub("<wbr>", text) if len(text) > 16 else text


def _picture(path: Path, alt: str, figures: InlineFigures) -> Markup:
    if path.suffix == ".svg":
        return Markup(figures.add(path.read_text(encoding="utf-8")))
    encoded = base64.b64encode(path.read_bytes()).decode("ascii")
    return Markup('<img src="data:image/png;base64,{}" alt="{}">').format(encoded, alt)


def _policy(**allowed: str) -> str:
    """The content security policy: these texts and embedded pictures, and nothing from anywhere else."""
    hashes = {
        kind: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") for kind, text in allowed.items()
    }
    kinds: list[Any] = [f"{kind}-src 'sha256-{digest}'" for kind, digest in hashes.items()]
    return "; ".join(["default-src 'none'", "img-src data:", *kinds, "base-uri 'none'", "form-action 'none'"])
