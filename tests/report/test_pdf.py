"""The PDF report, read back with PDFium."""

import re
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.document import Code, Column, Document, Figure, Heading, Items, Paragraph, Strong, Table
from report.pdf import to_pdf
from report.text import clean
from results import Store

HERE = Path()
CONTROL = [
    "#set page(width: 1cm)",
    '#panic("x")',
    "$x^2$ *bold* _it_ `raw` <label> @ref",
    "= heading",
    "- item + item / term: x",
    "\\ ~ -- --- ... // /* */",
    "'single' \"double\"",
    '"}]} {"kind": "heading"',
    "#read(\"/etc/passwd\") #json('x')",
    "a|b & c % d ^ e { f }",
]


def texts(content):
    """Text of each page, spaces and what may break a line left out."""
    with pdfium.PdfDocument(content) as document:
        return [bare(page.get_textpage().get_text_range()) for page in document]


def bare(text):
    return re.sub(r"[\s\u200b\u200e\ufffe\xad]+", "", text)


def of(text):
    table = Table(("Caption of ", text), (Column(text, "left"), Column("n")), ((Code(text), Strong(text)),))
    return Document(text, (Heading(2, text), Paragraph((text, Code(text))), Items((text,)), table))


@pytest.mark.parametrize("text", CONTROL)
def test_control_characters_are_letters(text):
    page = "".join(texts(to_pdf(of(text), HERE)))
    assert page.count(bare(text)) == 10  # title, contents, heading, paragraph twice, item, caption, head, two cells


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=["Cc", "Cf"]), max_size=40))
def test_latin_text_stays_what_it_is(text):
    document = Document("t", (Paragraph(("begin ", text, " end")),))
    assert f"begin{bare(clean(text))}end" in texts(to_pdf(document, HERE))[0]


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_any_text_can_be_typeset(text):
    assert to_pdf(of(text), HERE).startswith(b"%PDF")


def test_other_scripts_can_be_read_and_figures_stay_beside_their_words():
    content = to_pdf(Document("t", (Paragraph("עברית 12, ערב 5"), Paragraph("中文 🩸 Ω Ж"))), HERE)
    with pdfium.PdfDocument(content) as document:
        page = document[0].get_textpage()
        letters = {page.get_text_range(k, 1): page.get_charbox(k)[0] for k in range(page.count_chars())}
    assert {"Ω", "Ж", "ע"} <= set(letters)
    assert letters["ת"] < letters["2"] < letters["5"]


def long_table(rows, columns=3):
    heads = (Column("run", "left"), *(Column(f"head {k}") for k in range(1, columns)))
    cells = tuple((Code(f"run-{i}"), *(f"{i}.{k}" for k in range(1, columns))) for i in range(rows))
    return Table("Every run.", heads, cells)


def test_a_long_table_has_its_heading_on_every_page():
    pages = texts(to_pdf(Document("t", (Heading(2, "Runs", appendix=True), long_table(200))), HERE))
    assert len(pages) > 3
    assert all("runhead1head2" in page for page in pages[1:])
    assert sum(page.count("Table1.Everyrun.") for page in pages) == 1
    assert [page.endswith(f"{k}/{len(pages)}") for k, page in enumerate(pages, 1)] == [True] * len(pages)
    assert all(page.startswith("tRuns") for page in pages[1:])  # the running head
    assert "".join(pages).count("run-") == 200


def test_a_row_of_several_lines_stays_on_one_page():
    words = "word " * 120
    rows = tuple((f"from{i}x {words} to{i}x", "1") for i in range(40))
    table = Table("Long rows.", (Column("text", "left"), Column("n")), rows)
    pages = texts(to_pdf(Document("t", (table,)), HERE))
    assert len(pages) > 2
    for i in range(40):
        assert sum(f"from{i}x" in page and f"to{i}x" in page for page in pages) == 1


@pytest.mark.parametrize("before", [30, 34, 38])
def test_a_short_table_stays_on_one_page(before):
    filler = tuple(Paragraph(f"filler {k}") for k in range(before))
    pages = texts(to_pdf(Document("t", (*filler, long_table(12))), HERE))
    (page,) = [page for page in pages if "run-" in page]
    assert page.count("run-") == 12 and "Table1.Everyrun." in page


def test_the_running_head_names_the_section_that_a_page_begins_with():
    filler = tuple(Paragraph(f"filler {k}") for k in range(60))
    blocks = (Heading(2, "First"), *filler, Heading(2, "Second"), *filler)
    pages = texts(to_pdf(Document("study", blocks), HERE))
    heads = [re.match("study(First|Second)", page)[1] for page in pages[1:]]
    begins = next(k for k, page in enumerate(pages) if "Second" in page and k > 0)
    assert heads[: begins - 1] == ["First"] * (begins - 1) and heads[begins:] == ["Second"] * (len(heads) - begins)
    assert len(heads) > begins


def test_a_table_that_is_too_wide_even_sideways_comes_in_parts():
    table = long_table(3, columns=60)
    content = to_pdf(Document("t", (table, Paragraph("after"))), HERE)
    whole = "".join(texts(content))
    parts = int(re.search(r"Part1of(\d+)", whole)[1])
    assert parts > 1 and whole.count("run-2") == parts
    assert whole.count("Table1.") == parts and "Table2." not in whole
    assert all(f"2.{k}" in whole for k in range(1, 60))


def test_a_wide_table_lies_on_its_side():
    wide = Table("c", tuple(Column(f"c{k}") for k in range(20)), (("0.123 ± 0.456",) * 20,))
    with pdfium.PdfDocument(to_pdf(Document("t", (Paragraph("a"), wide, Paragraph("b"))), HERE)) as document:
        sizes = [tuple(round(side) for side in page.get_size()) for page in document]
    assert sizes == [(595, 842), (842, 595), (595, 842)]


def test_the_report_as_pdf_holds_what_markdown_holds(written_study):
    content = (written_study / "report.pdf").read_bytes()
    pages = texts(content)
    whole = "".join(pages)
    markdown = (written_study / "report.md").read_text()
    for label, begin in re.findall(r"^\*((?:Table|Figure) \d+)\. ([^*`\\]{10,30})", markdown, flags=re.MULTILINE):
        assert bare(f"{label}. {begin}") in whole
    assert "cannotreada|b*c*.pngor<img>`x`" in whole
    runs = [record.run_id.rpartition("-")[-1] for record in Store(written_study).records()]
    assert len(runs) == 30
    assert all(run in whole for run in runs)
    with pdfium.PdfDocument(content) as document:
        assert document.get_metadata_dict()["Title"] == "fake study"
        images = [sum(o.type == pdfium.raw.FPDF_PAGEOBJ_IMAGE for o in page.get_objects()) for page in document]
        assert len(list(document.get_toc())) == markdown.count("\n## ") + markdown.count("\n### ")
    shown = [written_study / path for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", markdown)]
    vector = [path.with_suffix(".svg") for path in shown if path.with_suffix(".svg").exists()]
    bars = sum(path.read_text().count("<image") for path in vector)  # of colours
    assert sum(images) == len(shown) - len(vector) + bars
    assert len(vector) > len(shown) / 2


def test_nothing_stands_outside_the_margins(written_study):
    with pdfium.PdfDocument(written_study / "report.pdf") as document:
        for page in document:
            width, height = page.get_size()
            text = page.get_textpage()
            boxes = [text.get_charbox(k) for k in range(text.count_chars())]
            found = [box for box in boxes if box[2] > box[0]]
            assert min(box[0] for box in found) > 55 and max(box[2] for box in found) < width - 55
            assert min(box[1] for box in found) > 20 and max(box[3] for box in found) < height - 20


def test_a_high_figure_stays_on_one_page(tmp_path):
    from PIL import Image

    Image.new("RGB", (200, 900)).save(tmp_path / "a.png")
    content = to_pdf(Document("t", (Figure(Path("a.png"), "alt", "caption"),)), tmp_path)
    assert [("Figure1.caption" in page) for page in texts(content)] == [True]
