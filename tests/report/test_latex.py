"""Tables for papers."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pylatexenc.latex2text import LatexNodes2Text

from report.document import Code, Column, Strong, Table
from report.latex import escaped, to_latex
from report.text import clean

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126))


def rendered(latex):
    return (
        LatexNodes2Text(keep_comments=True, strict_latex_spaces=True)
        .latex_to_text(latex)
        .translate({0x2C6: "^", 0x2DC: "~"})
    )


@settings(deadline=None)
@given(PRINTABLE)
def test_text_is_shown_as_it_is(text):
    assert clean(rendered(escaped(text))) == clean(text)


@settings(deadline=None)
@given(st.text())
def test_nothing_in_a_text_is_a_command(text):
    """Each special letter stands behind a backslash, or is part of a command that we know."""
    known = r"\\(text(backslash|asciicircum|asciitilde|asciigrave|endash)|dots)\{\}"
    rest = re.sub(rf"{known}|\\[{{}}$&#%_,]|\$(-|<|>|\||\\pm|\\times|\\Delta)\$|\{{\}}", "", escaped(text))
    assert not re.search(r"[\\{}$&#%_^<>|`]", rest)
    assert not re.search(r"--|,,|''", escaped(text))
    assert all(unicodedata.category(c) not in ("Cc", "Cs") for c in rest)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("50 % of $5 & #1_a^b~c", r"50 \% of \$5 \& \#1\_a\textasciicircum{}b\textasciitilde{}c"),
        ("\\input{x}", r"\textbackslash{}input\{x\}"),
        ("0.885 ± 0.012", r"0.885 $\pm$ 0.012"),
        ("−0.1 – 1\u202f234", r"$-$0.1 \textendash{} 1\,234"),
        ("a--b", "a-{}-b"),
    ],
)
def test_letters_with_a_meaning(text, latex):
    assert escaped(text) == latex


def test_a_table_is_one_of_booktabs():
    columns = (Column("method", "left"), Column("score [%]"))
    table = Table("Scores.", columns, ((Code("a_b"), "0.5 ± 0.1"), ("[x]", Strong("1"))))
    lines = to_latex([table]).splitlines()
    begin = lines.index(r"\begin{table}")
    assert all(line.startswith("%") for line in lines[: begin - 1])
    assert lines[begin:] == [
        r"\begin{table}",
        r"\centering",
        r"\caption{Scores.}",
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"method & score [\%] \\",
        r"\midrule",
        r"\texttt{a\_b} & 0.5 $\pm$ 0.1 \\",
        r"{}[x] & \textbf{1} \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
