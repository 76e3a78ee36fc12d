"""`bench rerun`: one run again, compared with its record."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from bench.commands.console import (
    CacheDir,
    DataDir,
    Debug,
    Json,
    StudyFolder,
    guarded,
    open_store,
    out,
    table,
)
from bench.errors import FellShort, UsageError
from bench.plan import Run
from bench.run import Conditions, carry_out
from bench.session import prepare
from datasets import Places
from datasets.registry import nearest
from results import Record, Store, Study, load_predictions


@guarded
def rerun(
    study: StudyFolder,
    run_id: Annotated[str, typer.Argument(help="Which run: a file in STUDY/records/, without .json.")],
    data_dir: DataDir = None,
    cache_dir: CacheDir = None,
    json_: Json = False,
    debug: Debug = False,
) -> None:
    """Run one run again and compare it with its record, which stays as it is."""
    store = open_store(study)
    record = store.read(run_id)
    if record is None:
        raise UsageError(f"{study} has no record of {run_id!r}; {nearest(run_id, store.run_ids() or ['none'])}")
    before = record.split
    places = Places.choose(data_dir, cache_dir, skip_bad_images=bool(before and before.n_left_out))
    session = prepare(Study(methods=[], datasets=[]), folder=study, places=places)
    run = next((run for run in session.runs if run.run_id == run_id), None)
    if run is None:
        raise UsageError(_why_not(record, session.runs))
    with tempfile.TemporaryDirectory() as folder:
        conditions = Conditions(
            study=Path(folder),
            places=places,
            devices=session.devices[:1],
            plugins=tuple(Path(path) for path in session.study.plugins),
            allow_leaks=bool(before and before.n_leaks),
            generative=record.generative is not None,
            reraise=debug,
        )
        again = carry_out(run, conditions)
        same = same_predictions(store, Store(Path(folder)), run_id)
    comparison = compare(record, again, same_predictions=same)
    if json_:
        print(json.dumps(comparison, indent=1))
    else:
        rows = [(name, *(_shown(value) for value in pair)) for name, pair in comparison["metrics"].items()]
        out().print(table((run_id, "record", "again"), rows))
        out().print(f"predictions are {'the same to the bit' if same else 'different'}", markup=False)
    if not comparison["same"]:
        raise FellShort(f"{run_id} came out differently; another processor, library version or code would explain it.")


def same_predictions(a: Store, b: Store, run_id: str) -> bool:
    """Whether both runs predicted the same probabilities, to the bit."""
    one, other = load_predictions(a.run_folder(run_id)), load_predictions(b.run_folder(run_id))
    if one is None or other is None:
        return one is other
    return np.array_equal(one.probabilities, other.probabilities) and np.array_equal(one.labels, other.labels)


def compare(record: Record, again: Record, *, same_predictions: bool) -> dict[str, Any]:
    """The two records side by side: status, metrics, figures on generated images, wall seconds."""

    def figures(of: Record) -> dict[str, Any]:
        metrics = of.metrics.model_dump(exclude={"recall"}) if of.metrics else {}
        generated = of.generative.model_dump(exclude={"per_class", "missing", "extractor"}) if of.generative else {}
        wall_s = of.timing.wall_s if of.timing else None
        return {
            "status": of.status,
            **metrics,
            **{f"generative.{k}": v for k, v in generated.items()},
            "wall_s": wall_s,
        }

    one, other = figures(record), figures(again)
    names = list(dict.fromkeys([*one, *other]))
    same = all(one.get(name) == other.get(name) for name in names if name != "wall_s")
    return {
        "run_id": record.run_id,
        "same": same and same_predictions,
        "same_predictions": same_predictions,
        "metrics": {name: (one.get(name), other.get(name)) for name in names},
    }


def _why_not(record: Record, runs: list[Run]) -> str:
    twin = next(
        (r for r in runs if (r.method, r.dataset, r.seed) == (record.method, record.dataset, record.seed)),
        None,
    )
    if twin is None:
        return f"{record.run_id} is not in the study file any more; put {record.method} back into it."
    reasons = {
        "the dataset's content": twin.fingerprint != record.dataset_fingerprint,
        "the method's version": twin.build_method().info.version != record.version,
        "the protocol": twin.protocol.hash != record.protocol,
    }
    changed = ", ".join(reason for reason, differs in reasons.items() if differs) or "its identity"
    return f"{record.run_id} cannot be run again as it was: {changed} has changed since."


def _shown(value: object) -> str:
    if value is None:
        return "—"
    return f"{value:.6f}" if isinstance(value, float) else str(value)
