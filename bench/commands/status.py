"""`bench status`: what is done, failed, missing and under way."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, get_args

from bench.commands.console import Debug, Json, StudyFolder, guarded, name_damaged, open_store, out, table
from bench.words import duration
from datasets import DATASETS, SpecError
from results import Progress, Status, Store, Study

ALWAYS = ("ok", "missing")
WORDS = {"other": "of other arms, seeds or versions"}
SILENT_S = 60.0
"""A run that gave no sign of life for so long is taken for dead."""


@guarded
def status(study: StudyFolder, json_: Json = False, debug: Debug = False) -> None:
    """Show what is done, failed, missing and under way in a study."""
    del debug
    store = open_store(study)
    resolved = store.read_study()
    counts = count(store, resolved)
    under_way = store.progress()
    name_damaged(store.damaged)
    if json_:
        print(json.dumps({**counts, "under_way": [p.run_id for p in under_way if alive(p)]}))
        return
    words = [f"{number} {WORDS.get(name, name)}" for name, number in counts.items() if number or name in ALWAYS]
    out().print(f"{resolved.name}: {', '.join(words)}", markup=False)
    if under_way:
        out().print(table(("under way", "phase", "steps", "left"), [_row(progress) for progress in under_way]))


def count(store: Store, study: Study) -> dict[str, int]:
    """Runs by status, and how many are missing of methods × datasets × seeds.

    Plug-ins are not loaded: looking at somebody's study runs none of its code. Of several versions of a method the
    newest that has a record counts.

    Returns:
        By status, ``missing`` and ``planned``; ``other`` counts records of what the study no longer asks for, and of
        former versions of its methods.
    """
    briefs = store.briefs()
    newest: dict[str, int] = {}
    for brief in briefs:
        newest[brief.method] = max(brief.version, newest.get(brief.method, 0))
    methods, datasets = {_method(spec, newest) for spec in study.methods}, {_dataset(spec) for spec in study.datasets}
    planned = {(method, dataset, seed) for method in methods for dataset in datasets for seed in study.seeds}
    of_run = {
        run: brief.status
        for brief in briefs
        if (run := (brief.method, brief.dataset, brief.seed)) in planned and brief.version == newest[brief.method]
    }
    statuses = Counter(of_run.values())
    counts: dict[str, int] = {name: statuses[name] for name in get_args(Status)}
    other = len(briefs) - len(of_run)
    return {**counts, "missing": len(planned) - len(of_run), "planned": len(planned), "other": other}


def _method(spec: str | dict[str, Any], recorded: Collection[str]) -> str:
    """The name in records; a study file spells methods so, but for the places of weights files."""
    if isinstance(spec, str) and (spec in recorded or "weights=" not in spec):
        return spec
    from methods import METHODS  # brings torch with it

    try:
        return METHODS.build(spec).name
    except SpecError:
        return str(spec)


def _dataset(spec: str | dict[str, Any]) -> str:
    """Canonical where the dataset is known here, else as it is spelt."""
    try:
        return DATASETS.build(spec).name
    except SpecError:
        return str(spec)


def alive(progress: Progress) -> bool:
    """Whether a run gave a sign of life lately."""
    return progress.silent_s(datetime.now(UTC)) < SILENT_S


def _row(progress: Progress) -> tuple[str, str, str, str]:
    steps = f"{progress.step}/{progress.steps}" if progress.steps else str(progress.step)
    left = duration(progress.left_s) if alive(progress) else "silent: killed?"
    return progress.run_id, progress.phase, steps, left
