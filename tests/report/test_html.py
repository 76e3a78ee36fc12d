"""The HTML report: what it shows, and that nothing in it can do harm or ask for anything."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.document import Code, Column, Document, Figure, Heading, Items, Paragraph, Strong, Table
from report.html import to_html
from report.text import LEFT_TO_RIGHT, clean

HERE = Path()
IMAGES = Path(__file__).parents[2] / "results" / "reference" / "demo" / "figures"
NASTY = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "</style><img src=x onerror=alert(1)>",
        '" onmouseover="alert(1)',
        "' & &amp; &lt;",
        "{{ 7 * 7 }} {% raw %}",
        "]]> <!-- -->",
        "javascript:alert(1)",
        "emoji 🩸 עברית 12",
        "new\nline",
        "dcgan[classifier=resnet18,per_class=false]/x",
    ]
)
ANY = st.one_of(st.text(), NASTY)
VOID = {"meta", "img", "wbr"}


class Page(HTMLParser):
    """Collects text by element, and all tags and attributes."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.text = [], [], [], {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)
            self.text.setdefault(tag, []).append("")

    def handle_startendtag(self, tag, attrs):  # of SVG
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        for tag in set(self.open):
            self.text[tag][-1] += data


def shown(text):
    return clean(text).replace(LEFT_TO_RIGHT, "")


def bare(text):
    return re.sub(" +", " ", text.replace(LEFT_TO_RIGHT, "")).strip(" ")


@settings(max_examples=150, deadline=None)
@given(ANY)
def test_text_from_outside_is_shown_as_it_is(text):
    table = Table(("Caption of ", Code(text)), (Column(text, "left"), Column("n")), ((Code(text), text),))
    blocks = (Heading(2, text), Paragraph(text), Items((text, Strong(text))), table)
    page = Page(to_html(Document(text, blocks), HERE))
    for tag in ("title", "h1", "h2", "p"):
        assert [bare(found) for found in page.text[tag]] == [shown(text)]
    assert [bare(found) for found in page.text["li"]] == [shown(text)] * 3  # the first is in the contents
    assert {bare(found) for found in page.text["code"]} == {shown(text)}
    assert [bare(found) for found in page.text["th"]][:2] == [shown(text), "n"]
    assert bare(page.text["td"][-1]) == shown(text)
    assert page.tags.count("script") == page.tags.count("style") == page.tags.count("table") == 1


@settings(max_examples=50, deadline=None)
@given(ANY, ANY)
def test_words_of_pictures_are_shown_as_they_are(alt, caption):
    page = Page(to_html(Document("t", (Figure(Path("cells-samples.png"), alt, caption),)), IMAGES))
    assert bare(page.text["figcaption"][0]) == f"Figure 1. {shown(caption)}".strip()
    assert [bare(value) for tag, name, value in page.attributes if (tag, name) == ("img", "alt")] == [shown(alt)]


def test_the_page_asks_for_nothing_and_runs_only_its_own_script(written_study):
    text = (written_study / "report.html").read_text()
    page = Page(text)
    policy = next(v for tag, name, v in page.attributes if tag == "meta" and name == "content" and "default-src" in v)
    for kind, content in (("script", page.text["script"][0]), ("style", page.text["style"][0])):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert page.tags.count("script") == page.tags.count("style") == 1
    assert not {"link", "iframe", "object", "embed", "foreignobject", "base", "form"} & set(page.tags)
    for tag, name, value in page.attributes:
        assert not name.startswith("on") and name not in ("style", "srcset", "action")
        if name in ("src", "href", "xlink:href"):
            assert value.startswith(("#", "data:image/png;base64,")), (tag, value[:50])
    assert "@import" not in text and "url(" not in page.text["style"][0]


def test_every_link_has_its_place_and_every_id_is_one(written_study):
    page = Page((written_study / "report.html").read_text())
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    used = {v[1:] for _, name, v in page.attributes if name == "href" and v.startswith("#")}
    clips = {v[5:-1] for _, name, v in page.attributes if name == "clip-path"}
    assert used and clips and used | clips <= set(ids)


def test_pictures_are_vector_but_for_images(written_study):
    page = Page((written_study / "report.html").read_text())
    shown = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (written_study / "report.md").read_text())
    vector = [path for path in shown if (written_study / path).with_suffix(".svg").exists()]
    assert page.tags.count("figure") == len(shown) + page.tags.count("table")
    assert page.tags.count("svg") == 1 + len(vector)
    assert page.tags.count("img") == len(shown) - len(vector) == 2


def test_html_holds_what_markdown_holds(written_study):
    page = Page((written_study / "report.html").read_text())
    markdown = (written_study / "report.md").read_text()
    labels = re.findall(r"^\*((?:Table|Figure) \d+)\. ", markdown, flags=re.MULTILINE)
    assert sorted(labels) == sorted(re.match(r"\w+ \d+", text)[0] for text in page.text["figcaption"])
    headings = [re.sub(r"[`\\]", "", line) for line in re.findall(r"^##+ (.*)$", markdown, flags=re.MULTILINE)]
    assert sorted(headings) == sorted(page.text["h2"] + page.text["h3"])
    assert "cannot read a|b*c*.png or <img> `x`" in page.text["main"][0]


def test_cells_may_break_before_an_interval_and_never_within():
    table = Table("c", (Column("method", "left"), Column("cost [95 %]")), ((Code("a"), "×0.90 [0.86, 0.95]"),))
    page = to_html(Document("t", (table,)), HERE)
    assert "×0.90 [0.86,\u00a00.95]<" in page and "cost [95\u00a0%]<" in page
    (style,) = re.findall(r"<style>(.*?)</style>", page, flags=re.DOTALL)
    assert "nowrap" in re.search(r"\n\.right \{[^}]*\}", style).group(), "a mean is parted from its deviation"
    assert "\nthead .right, .wide .right { white-space: normal; }" in style, (
        "wide tables push their verdicts out of sight"
    )


def test_rows_below_a_name_move_with_it():
    rows = ((Code("a"), "1"), ("", "2"), (Code("b"), "3"))
    text = to_html(Document("t", (Table("c", (Column("m", "left"), Column("n")), rows),)), HERE)
    assert text.count('class="goes-on"') == 1


def test_a_figure_that_is_gone_is_told_of(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.png"):
        to_html(Document("t", (Figure(Path("gone.png"), "a", "c"),)), tmp_path)
