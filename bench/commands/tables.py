"""Tables of the report, for the terminal."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table as RichTable
from rich.text import Text

from report import Table, plain


def to_terminal(tables: list[Table]) -> Group:
    """Tables with their captions above them; every cell is text, never markup."""
    parts: list[RichTable | Text] = []
    for table in tables:
        built = RichTable(box=None, pad_edge=False, header_style="bold")
        for column in table.columns:
            built.add_column(Text(column.name), justify=column.align, overflow="fold")
        for row in table.rows:
            built.add_row(*(Text(plain(cell)) for cell in row))
        parts += [Text(), Text(plain(table.caption), style="italic"), built]
    return Group(*parts)
