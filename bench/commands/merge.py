"""`bench merge`: studies of several machines into one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.console import Debug, guarded, name_damaged, open_store, say
from bench.errors import StudyStopped, UsageError
from results import Store
from results import merge as merge_studies

NAMED = 5


@guarded
def merge(
    studies: Annotated[list[Path], typer.Argument(help="Folders of studies.", metavar="STUDY...")],
    out_folder: Annotated[Path, typer.Option("--out", help="Folder of the study that they become.")],
    debug: Debug = False,
) -> None:
    """Put studies of several machines into one."""
    del debug
    sources = [open_store(folder) for folder in studies]
    if any(folder.resolve() == out_folder.resolve() for folder in studies):
        raise UsageError(f"--out {out_folder} is one of the studies; leave it out of them, it is added to as it is.")
    try:
        merged = merge_studies(sources, Store(out_folder))
    except OSError as error:
        raise StudyStopped(
            f"{out_folder} cannot be written: {error.strerror or error}; make space, or give another --out, and merge "
            "again."
        ) from error
    name_damaged(merged.damaged)
    if merged.differing:
        more = ", …" if len(merged.differing) > NAMED else ""
        say(
            f"bench: {len(merged.differing)} runs have other results in another study, and those of the study named "
            f"first were taken: {', '.join(merged.differing[:NAMED])}{more}."
        )
    print(f"{out_folder}: {merged.n_runs} runs of {len(studies)} studies, {merged.n_twice} in more than one.")
