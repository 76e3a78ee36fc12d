"""`bench baseline`: the file that later runs are held against."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.console import Debug, StudyFolder, guarded, name_damaged, open_store, say
from bench.errors import FellShort, StudyStopped
from results import baseline_of, write_baseline


@guarded
def baseline(
    study: StudyFolder,
    out_file: Annotated[Path, typer.Option("--out", help="File to write.")],
    debug: Debug = False,
) -> None:
    """Write the file that `bench check` holds a study against."""
    del debug
    store = open_store(study)
    records = store.records()
    name_damaged(store.damaged)
    if not records:
        raise FellShort(f"{study} has no records yet; run it first.")
    unfinished = [record.run_id for record in records if record.status in ("failed", "timeout")]
    if unfinished:
        raise FellShort(
            f"{len(unfinished)} runs of {study} failed or timed out ({unfinished[0]}, …); a baseline is of whole "
            "studies: run them again with --overwrite failed."
        )
    found = baseline_of(records)
    try:
        write_baseline(found, out_file)
    except OSError as error:
        raise StudyStopped(f"{out_file} cannot be written: {error.strerror or error}; give another --out.") from error
    untimed = sum(not run.relative_cost for run in found.runs)
    if untimed:
        say(f"bench: {untimed} of {len(found.runs)} runs have no time to hold others against.")
    print(f"{out_file}: {len(found.runs)} runs")
