"""`bench verify`: conformance of a method, of a dataset, or of all that a plug-in file brings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bench.commands.console import CacheDir, DataDir, Debug, Plugins, guarded, out, say
from bench.errors import FellShort, UsageError
from bench.verify import Outcome, verify_dataset, verify_method
from datasets import DATASETS, Places, SpecError, load_plugin
from datasets.registry import nearest
from datasets.spec import parse
from methods import METHODS


@guarded
def verify(
    name: Annotated[str, typer.Argument(help="A method, a dataset, or a plug-in file.", metavar="NAME|FILE")],
    data_dir: DataDir = None,
    cache_dir: CacheDir = None,
    plugin: Plugins = None,
    debug: Debug = False,
) -> None:
    """Hold a method or dataset to the interface."""
    del debug
    for path in plugin or []:
        load_plugin(path)
    failed = checked = 0
    for entry, outcome in _outcomes(name, Places.choose(data_dir, cache_dir)):
        checked += 1
        failed += not outcome.passed
        mark = "ok    " if outcome.passed else "FAILED"
        out().print(f"{mark} {entry}: {outcome.promise}", markup=False, soft_wrap=True)
        if not outcome.passed:
            out().print(f"       {outcome.reason}", markup=False, soft_wrap=True)
    if failed:
        raise FellShort(f"{failed} of {checked} checks failed.")
    say(f"all {checked} checks hold.")


def _outcomes(name: str, places: Places) -> Iterator[tuple[str, Outcome]]:
    for entry in _entries(name):
        if parse(entry).name in METHODS.names():
            yield from ((entry, outcome) for outcome in verify_method(METHODS.build(entry)))
        else:
            yield from ((entry, outcome) for outcome in verify_dataset(DATASETS.build(entry), places))


def _entries(name: str) -> list[str]:
    """The name itself, or the names that a plug-in file brings."""
    if name.endswith(".py"):
        before = {*METHODS.names(), *DATASETS.names()}
        load_plugin(Path(name))
        brought = sorted({*METHODS.names(), *DATASETS.names()} - before)
        if not brought:
            raise UsageError(f"{name} registers no method and no dataset; decorate a class with @register.")
        return brought
    base = parse(name).name
    known = [*METHODS.names(), *DATASETS.names()]
    if base not in known:
        raise SpecError(f"there is no method or dataset {base!r}; {nearest(base, known)}")
    return [name]
