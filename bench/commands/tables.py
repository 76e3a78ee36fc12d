"""Tables of results for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table

import report as reports
from bench.commands.console import table
from results import Record, Study


def summary_table(records: Sequence[Record], study: Study) -> Group | Table:
    """The table that a study ends with: a block a dataset, a row a method."""
    summary = reports.summary(records, study)
    return table(summary.columns, summary.rows, title=summary.title)
