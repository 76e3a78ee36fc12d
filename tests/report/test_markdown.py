from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from report.document import Code, Column, Document, Figure, Heading, Items, Paragraph, Strong, Table
from report.markdown import escaped, to_markdown

NASTY = [
    "a|b",
    "*bold* _it_ **x**",
    "<script>alert(1)</script>",
    "[link](http://x) ![img](y)",
    "`code` ``more``",
    "back\\slash \\| bar",
    "# heading",
    "1. list",
    "12) list",
    "- list",
    "+ list",
    "> quote",
    "~~gone~~ $x^2$ &amp; &lt;",
    "new\nline\r\nand\ttab",
    "=====",
    "---",
    "***",
    "emoji 🩸 עברית",
]


def rendered(text: str) -> str:
    return MarkdownIt("gfm-like", {"linkify": False}).render(text)


def cells(html: str) -> list[str]:
    import html as entities
    import re

    found = re.findall(r"<t[dh](?: [^>]*)?>(.*?)</t[dh]>", html, flags=re.DOTALL)
    return [entities.unescape(re.sub(r"</?(code|p|strong)>", "", cell)) for cell in found]


@pytest.mark.parametrize("text", NASTY)
def test_text_from_outside_is_literal_everywhere(text):
    shown = " ".join(text.split()).replace("עברית", "עברית\u200e")
    columns = (Column(text, "left"), Column("n"))
    document = Document(text, (Paragraph(text), Items((text,)), Table("caption", columns, ((text, Code(text)),))))
    html = rendered(to_markdown(document))
    assert cells(html) == [shown, "n", shown, " ".join(text.split())]
    import html as entities

    plain = entities.unescape(html)
    assert f"<h1>{shown}</h1>" in plain
    assert f"<p>{shown}</p>" in plain
    assert f"<li>{shown}</li>" in plain
    assert html.count("<table>") == 1 and html.count("<h1>") == 1 and html.count("<li>") == 1


def test_the_whole_document_reads_as_meant():
    document = Document(
        "A study",
        (
            Heading(2, ("On ", Code("cells"))),
            Paragraph((Strong("Two"), " methods.")),
            Table("Scores.", (Column("method", "left"), Column("score")), ((Code("none"), "0.5"),)),
            Figure(Path("figures/a b.png"), "scores", "Each seed."),
        ),
    )
    assert to_markdown(document) == (
        "# A study\n\n## On `cells`\n\n**Two** methods.\n\n"
        "| method | score |\n| :--- | ---: |\n| `none` | 0.5 |\n\n*Table 1. Scores.*\n\n"
        "![scores](figures/a%20b.png)\n\n*Figure 1. Each seed.*\n"
    )


def test_control_characters_and_reversed_writing_are_taken_out():
    assert escaped("a\x00b\x1b[31m \u202egnp.exe") == "ab\\[31m gnp.exe"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Too good: ", "<p>a<strong>Too good:</strong> b</p>"),
        (" so ", "<p>a <strong>so</strong> b</p>"),
        (" ", "<p>a b</p>"),
    ],
)
def test_spaces_at_the_ends_of_strong_text_leave_it_strong(text, html):
    assert rendered(to_markdown(Document("t", (Paragraph(("a", Strong(text), "b")),)))).splitlines()[1] == html
