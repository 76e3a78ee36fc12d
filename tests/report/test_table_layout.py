"""How tables fit on paper."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.document import Code, Column, Table
from report.table_layout import INSET, LANDSCAPE, PORTRAIT, SIZES, lay_out, with_breaks


def table(columns, rows=2, cell="0.5"):
    heads = (Column("method", "left"), *(Column(f"head {k}") for k in range(1, columns)))
    return Table("c", heads, ((Code("name"), *((cell,) * (columns - 1))),) * rows)


def test_a_small_table_is_set_large_and_upright():
    (part,) = lay_out(table(3))
    assert (part.size, part.landscape, part.columns) == (SIZES[0], False, (0, 1, 2))
    assert sum(part.widths) < PORTRAIT


def test_more_columns_are_set_smaller_then_sideways_then_in_parts():
    kinds = []
    for columns in range(3, 60):
        parts = lay_out(table(columns, cell="0.885 ± 0.012"))
        kind = "parts" if len(parts) > 1 else "sideways" if parts[0].landscape else f"{parts[0].size}"
        if kind not in kinds:
            kinds.append(kind)
        room = LANDSCAPE if parts[0].landscape else PORTRAIT
        assert all(sum(part.widths) <= room + 1e-6 for part in parts)
        assert sorted({c for part in parts for c in part.columns}) == list(range(columns))
        assert all(part.columns[0] == 0 for part in parts)
    assert kinds == [*map(str, SIZES), "sideways", "parts"]


def test_type_is_smaller_where_that_keeps_rows_in_one_line():
    heads = tuple(Column(head, "left") for head in ("run", "method", "dataset", "status"))
    run, name = Code("dcgan-cells-s0-0123456789abcdef"), Code("dcgan[classifier=resnet18,per_class=false]")
    short = Table("c", heads, ((run, name, Code("cells"), "ok"),) * 20)
    further = (*heads, Column("balanced accuracy"), Column("wall [s]"))
    long = Table("c", further, tuple((*row, "0.123 ± 0.456", "1234.5") for row in short.rows))
    assert lay_out(long)[0].size < lay_out(short)[0].size == SIZES[0]


def test_figures_are_broken_last():
    long = Table("c", (Column("n"), Column("words", "left")), (("+0.021 ± 0.008", "word " * 60),))
    (part,) = lay_out(long)
    assert part.widths[0] - INSET > 0.4 * len("+0.021 ± 0.008") * part.size


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("short[a=b]", "short[a=b]"),
        ("dcgan[classifier=resnet18,per_class=false]", "dcgan|[classifier=|resnet18,|per_|class=|false]"),
        ("x" * 30, f"{'x' * 14}|{'x' * 14}|xx"),
        ("+0.021 [−0.012, +0.054]", "+0.021 [−0.012,~+0.054]"),
        ("0.885 ± 0.012", "0.885 ±~0.012"),
    ],
)
def test_where_a_cell_may_break(text, broken):
    assert with_breaks(text) == broken.replace("|", "\u200b").replace("~", "\u00a0")


@settings(deadline=None)
@given(st.text())
def test_breaks_leave_the_text_as_it_is(text):
    assert with_breaks(text).replace("\u200b", "").replace("\u00a0", " ") == text.replace("\u200b", "").replace(
        "\u00a0", " "
    )


def test_a_column_without_any_text_has_a_place():
    (part,) = lay_out(Table("c", (Column(""), Column("n")), (("", "1"),)))
    assert part.widths[0] == INSET
