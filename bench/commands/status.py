"""`bench status`: what is done, failed, missing and under way."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any, get_args

from bench.commands.console import Debug, Json, StudyFolder, guarded, name_damaged, open_store, out, table
from bench.words import duration
from datasets import DATASETS, SpecError
from results import Progress, Status, Store, Study

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
    words = [f"{number} {name}" for name, number in counts.items() if number or name in ("ok", "missing")]
    out().print(f"{resolved.name}: {', '.join(words)}", markup=False)
    if under_way:
        out().print(table(("under way", "phase", "steps", "left"), [_row(progress) for progress in under_way]))


def count(store: Store, study: Study) -> dict[str, int]:
    """Runs by status, and how many are missing of methods × datasets × seeds.

    Plug-ins are not loaded: looking at somebody's study runs none of its code.
    """
    datasets = {_name(spec) for spec in study.datasets}
    statuses = Counter(store.statuses().values())
    planned = len(study.methods) * len(datasets) * len(study.seeds)
    counts: dict[str, int] = {name: statuses[name] for name in get_args(Status)}
    return {**counts, "missing": max(0, planned - statuses.total()), "planned": planned}


def _name(spec: str | dict[str, Any]) -> str:
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
