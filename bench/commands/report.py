"""`bench report`: the report again, from the records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

import report as reports
from bench.commands.console import Debug, StudyFolder, guarded, open_store, say
from bench.errors import UsageError


@guarded
def report(
    study: StudyFolder,
    format_: Annotated[
        str | None, typer.Option("--format", help=f"Of: {','.join(reports.FORMATS)} [default: all].")
    ] = None,
    in_full: Annotated[
        bool, typer.Option("--in-full", help="Draw every figure of every dataset, however many there are.")
    ] = False,
    shared: Annotated[
        bool, typer.Option("--shared", help="Let times count of runs that shared device or cores with others.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Write the report of a study again from its records."""
    del debug
    open_store(study)
    formats = None if format_ is None else [name.strip() for name in format_.split(",")]
    for name in formats or ():
        try:
            reports.check_format(name)
        except ValueError as error:
            raise UsageError(str(error)) from error
    for path in write_report(study, formats, in_full=in_full, shared=shared):
        print(path)


def write_report(
    study: Path, formats: Sequence[str] | None = None, *, in_full: bool = False, shared: bool = False
) -> list[Path]:
    """Writes the report in all formats that this installation can write, and tells of the others."""
    if formats is None:
        for name in reports.FORMATS:
            if name not in reports.available():
                say(f"bench: no report.{name} is written, for the package {reports.FORMATS[name]} is missing.")
    return reports.write(study, formats=formats, in_full=in_full, shared=shared)
