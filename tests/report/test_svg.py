"""Figures that go into a page."""

import re

from report.style import BLUE, INK, canvas, save
from report.svg import InlineFigures

HARMFUL = """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 20" onload="a()">
 <script>a()</script><foreignObject><b/></foreignObject><style>@import "x"</style>
 <a xlink:href="http://x"><path d="M 0 0"/></a>
 <g id="g" onclick="a()"><!-- note --><path d="M 1.23456 2.5&#10;L 3 4" style="fill: #1f2328; stroke: #0072b2"/>
 <use xlink:href="http://x#y"/><image xlink:href="http://x/y.png"/><image xlink:href="data:image/png;base64,QQ=="/></g>
 <path d="M 0 0" style="fill: url(http://x/y)}</style>"/>
</svg>"""


def test_only_drawing_is_taken_in():
    figures = InlineFigures()
    assert figures.add(HARMFUL.replace('}</style>"', '"')) == (
        '<svg viewBox="0 0 10 20" class="plot" aria-hidden="true">'
        '<g><path d="M 1.23 2.5 L 3 4" class="s0"/><use/><image/><image href="data:image/png;base64,QQ=="/></g>'
        '<path d="M 0 0"/></svg>'
    )
    assert ".s0{fill:var(--ink);stroke:#0072b2}" in figures.style
    assert "http" not in figures.style + figures.definitions


def draw(path, word):
    with canvas(3, 2) as figure:
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=BLUE, marker="o")
        axes.set_title(word, color=INK)
        save(figure, path)
    return path.read_text()


def test_figures_share_letters_and_keep_the_colours_of_data(tmp_path):
    drawn = [draw(tmp_path / "a.svg", "ABBA"), draw(tmp_path / "b.svg", "BAAB <script>")]
    figures = InlineFigures()
    first, second = (figures.add(text) for text in drawn)
    once = InlineFigures()
    once.add(drawn[0])
    assert len(figures.definitions) < len(once.definitions) * 2
    assert "<script" not in second and "<!--" not in second
    assert BLUE.lower() in figures.style and INK not in figures.style and "var(--ink)" in figures.style
    names = set(re.findall(r'id="(\w+)"', figures.definitions))
    for text in (first, second):
        pointed = set(re.findall(r'href="#(\w*)"', text) + re.findall(r"url\(#(\w*)\)", text))
        assert pointed and pointed <= names
        assert " id=" not in text and "style=" not in text
    assert figures.definitions.count("<clipPath") == len(
        set(re.findall(r"<clipPath.*?</clipPath>", figures.definitions))
    )
    assert len(first) + len(second) + len(figures.definitions) < 0.6 * sum(map(len, drawn))


def test_a_figure_has_no_paper_of_its_own(tmp_path):
    text = InlineFigures().add(draw(tmp_path / "a.svg", "x"))
    styled = InlineFigures()
    styled.add(draw(tmp_path / "a.svg", "x"))
    assert "fill:#ffffff" not in styled.style.split("}") and "L 216" not in text
