"""`bench doctor`: versions, devices, clock noise, caches, and what is missing for which feature."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from bench.commands.console import CacheDir, DataDir, Debug, Json, guarded, out, say, table
from bench.doctor import examine
from datasets import Places, cache


@guarded
def doctor(
    clear_cache: Annotated[
        bool, typer.Option("--clear-cache", help="Remove decoded and drawn images; they are made again when needed.")
    ] = False,
    data_dir: DataDir = None,
    cache_dir: CacheDir = None,
    json_: Json = False,
    debug: Debug = False,
) -> None:
    """Look at this machine: versions, devices, clock noise, caches, what is missing."""
    del debug
    places = Places.choose(data_dir, cache_dir)
    if clear_cache:
        removed = cache.clear(places.cache)
        say(f"removed {len(removed)} entries, {sum(e.size for e in removed) / 1e6:.1f} MB, from {places.cache}.")
    findings = examine(places)
    if json_:
        print(json.dumps(findings, indent=1))
        return
    for title, entries in findings.items():
        rows: list[tuple[str, str]] = [(key, _shown(value)) for key, value in entries.items()]
        out().print(table((title, ""), rows))
        out().print()


def _shown(value: Any) -> str:
    return "not found" if value is None else str(value)
