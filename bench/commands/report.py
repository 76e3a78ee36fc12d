"""`bench report`: the report again, from the records."""

from __future__ import annotations

from typing import Annotated

import typer

import report as reports
from bench.commands.console import Debug, StudyFolder, guarded, open_store
from bench.errors import UsageError
from report import FORMATS


@guarded
def report(
    study: StudyFolder,
    format_: Annotated[str, typer.Option("--format", help=f"Of: {', '.join(FORMATS)}.")] = "md",
    debug: Debug = False,
) -> None:
    """Write the report of a study again from its records."""
    del debug
    open_store(study)
    formats = [name.strip() for name in format_.split(",")]
    for name in formats:
        if name not in FORMATS:
            raise UsageError(f"there is no report format {name!r}; known are {', '.join(FORMATS)}.")
    for path in reports.write(study, formats=formats):
        print(path)
