"""Tables as LaTeX, for papers: booktabs, text escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from report.document import Code, Span, Strong, Table, Text, spans
from report.text import one_line

HEAD = """\
% Needs \\usepackage{booktabs}; with pdfLaTeX, letters beyond Latin need their own packages, LuaLaTeX and XeLaTeX take a
% font that has them.
"""

_COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "\\": "\\textbackslash{}",
        "{": "\\{",
        "}": "\\}",
        "$": "\\$",
        "&": "\\&",
        "#": "\\#",
        "%": "\\%",
        "_": "\\_",
        "^": "\\textasciicircum{}",
        "~": "\\textasciitilde{}",
        "<": "$<$",
        ">": "$>$",
        "|": "$|$",
        "`": "\\textasciigrave{}",
        "\u2212": "$-$",
        "±": "$\\pm$",
        "×": "$\\times$",
        "Δ": "$\\Delta$",
        "–": "\\textendash{}",
        "…": "\\dots{}",
        "\u00a0": "~",
        "\u202f": "\\,",
    }
)
_SPECIAL = re.compile("|".join(map(re.escape, _COMMANDS)))
_LIGATURE = re.compile("([-,'])(?=\\1)")
"""Two hyphens would be a dash, two commas or apostrophes a quotation mark."""


def to_latex(tables: Sequence[Table]) -> str:
    """The tables, each as a float of its own."""
    return HEAD + "".join(map(_table, tables))


def escaped(text: str) -> str:
    """Literal text as LaTeX: nothing in it is a command any more."""
    return _LIGATURE.sub(r"\1{}", _SPECIAL.sub(lambda found: _COMMANDS[found[0]], one_line(text)))


def _table(table: Table) -> str:
    align = "".join(column.align[0] for column in table.columns)
    head = " & ".join(escaped(column.name) for column in table.columns)
    rows = "".join(f"{_row(row)} \\\\\n" for row in table.rows)
    return (
        f"\n\\begin{{table}}\n\\centering\n\\caption{{{_inline(table.caption)}}}\n\\begin{{tabular}}{{{align}}}\n"
        f"\\toprule\n{head} \\\\\n\\midrule\n{rows}\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n"
    )


def _row(cells: Sequence[Text]) -> str:
    row = " & ".join(map(_inline, cells))
    return f"{{}}{row}" if row.startswith(("[", "*")) else row  # else they would belong to the end of the row before


def _inline(text: Text) -> str:
    return "".join(map(_span, spans(text)))


def _span(span: Span) -> str:
    match span:
        case Code(text):
            return f"\\texttt{{{escaped(text)}}}"
        case Strong(text):
            return f"\\textbf{{{escaped(text)}}}"
        case str():
            return escaped(span)
