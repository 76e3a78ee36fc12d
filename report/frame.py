"""From records to tables: one row a run, a run and metric, a run and class, a run and phase."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from results import Record, require_comparable

METRICS = {
    "balanced_accuracy": "balanced accuracy",
    "macro_ap": "macro AP",
    "macro_f1": "macro F1",
    "minority_recall": "minority recall",
    "accuracy": "accuracy",
    "macro_auc": "macro AUC",
    "g_mean": "G-mean",
    "ece": "calibration error",
    "brier": "Brier score",
}
"""Metrics of a record with the words for them; the first two are what verdicts will rest on."""

LESS_IS_BETTER = frozenset({"ece", "brier"})

STATUSES = ("ok", "diverged", "failed", "timeout", "skipped")
PHASES = ("pretrain", "generator", "synthesis", "classifier", "joint", "score")
"""In the order in which a run goes through them."""

NOT_COST = ("score",)
"""Phases that are the suite's own and no cost of the method."""

_RUN = ("run_id", "dataset", "method", "tier", "classifier", "version", "seed", "status")
_TIMES = (
    "hardware",
    "contended",
    "wall_s",
    "cost_s",
    "cost_clock",
    "calibration_s",
    "peak_gpu_bytes",
    "peak_rss_bytes",
    "energy_j",
)


def comparable(records: Iterable[Record]) -> tuple[list[Record], list[str]]:
    """Leaves what may stand in one table.

    Args:
        records: Of one study.

    Returns:
        The records without those of an older version of a method, and of several of one dataset, method and seed
        the one that finished last; ordered by dataset, tier, method as it first ran, and seed. And a sentence for each
        method of which records were left out.

    Raises:
        NotComparable: They are of different protocols, or one dataset name stands for different images.
    """
    records = list(records)
    require_comparable(records)
    newest: dict[str, int] = {}
    for record in records:
        newest[record.method] = max(record.version, newest.get(record.method, 0))
    kept = [record for record in records if record.version == newest[record.method]]
    old = {record.method for record in records if record.version != newest[record.method]}
    notes = [f"{name}: records of versions before {newest[name]} are left out." for name in sorted(old)]
    last = {(r.dataset, r.method, r.seed): r for r in sorted(kept, key=lambda r: (r.finished_at, r.run_id))}
    doubled = {record.method for record in kept if last[record.dataset, record.method, record.seed] is not record}
    smaller = Counter(record.method for record in last.values() if record.status == "ok" and record.error is not None)
    notes += [
        f"{name}: {count} of its runs had a smaller batch than the others, for want of GPU memory."
        for name, count in sorted(smaller.items())
    ]
    notes += [f"{name}: of several records of one seed those that finished last are taken." for name in sorted(doubled)]
    return _ordered(list(last.values())), notes


def runs_table(records: Sequence[Record]) -> pd.DataFrame:
    """One row a run.

    Returns:
        ``run_id, dataset, method, tier, classifier, version, seed, status``, the metrics of ``METRICS`` (float64,
        NaN where there is none), and of its times: ``hardware, contended, wall_s, cost_s`` (seconds of all phases
        but scoring, on the clock that ``cost_clock`` names: ``gpu`` where the device keeps time, else ``cpu``),
        ``calibration_s`` (seconds of a fixed piece of work done between the run's steps), peaks and energy.
    """
    table = pd.DataFrame([_run_row(record) for record in records], columns=[*_RUN, *METRICS, *_TIMES])
    return table.astype(dict.fromkeys((*METRICS, "wall_s", "cost_s", "calibration_s"), "float64"))


def metrics_table(runs: pd.DataFrame) -> pd.DataFrame:
    """One row an ok run and metric: ``dataset, method, seed, metric, value``; NaN left out."""
    done = runs[runs["status"] == "ok"]
    long = done.melt(
        id_vars=["dataset", "method", "seed"], value_vars=list(METRICS), var_name="metric", value_name="value"
    )
    return long.dropna(subset=["value"]).reset_index(drop=True)


def recall_table(records: Sequence[Record]) -> pd.DataFrame:
    """One row an ok run and class: ``dataset, method, seed, class, value``."""
    rows = [
        (record.dataset, record.method, record.seed, name, value)
        for record in records
        if record.status == "ok" and record.metrics is not None
        for name, value in record.metrics.recall.items()
        if value is not None
    ]
    return pd.DataFrame(rows, columns=["dataset", "method", "seed", "class", "value"])


def phase_table(records: Sequence[Record]) -> pd.DataFrame:
    """One row an ok run, phase and clock.

    Returns:
        ``dataset, method, seed, hardware, contended, phase, clock, value``; ``clock`` is ``wall``, ``cpu`` or
        ``gpu``, ``value`` in seconds.
    """
    rows = [
        (
            record.dataset,
            record.method,
            record.seed,
            hardware(record),
            record.timing.contended,
            phase,
            clock,
            value,
        )
        for record in records
        if record.status == "ok" and record.timing is not None
        for phase, time in record.timing.phases.items()
        for clock, value in (("wall", time.wall_s), ("cpu", time.cpu_s), ("gpu", time.gpu_s))
        if value is not None
    ]
    return pd.DataFrame(rows, columns=["dataset", "method", "seed", "hardware", "contended", "phase", "clock", "value"])


def flat_table(records: Sequence[Record]) -> pd.DataFrame:
    """All of the records, one row a run, for other programs (``results.parquet``).

    Nested entries become columns with dots (``metrics.macro_f1``, ``timing.phases.generator.cpu_s``);
    ``parameters``, ``versions`` and ``missing``, whose keys differ from method to method, become JSON text.
    """
    return pd.DataFrame([_flat(record.model_dump(mode="json", by_alias=True)) for record in records])


def base_name(method: str) -> str:
    """A method without its parameters: ``unified`` of ``unified[generated=false]``."""
    return method.partition("[")[0]


def direction(metric: str) -> int:
    """1 where more of a metric is better, −1 where less is."""
    return -1 if metric in LESS_IS_BETTER else 1


def in_order(phases: Iterable[str]) -> list[str]:
    """Phases, each once, in the order in which a run goes through them."""
    return sorted(dict.fromkeys(phases), key=lambda phase: PHASES.index(phase) if phase in PHASES else len(PHASES))


def hardware(record: Record) -> str:
    """What a run ran on, in words: times of different hardware never stand in one figure."""
    processor = record.environment.processor or "CPU"
    threads = record.environment.threads
    where = processor if record.device == "cpu" else f"{record.device} with {processor}"
    return f"{where}, {threads} thread{'s' if threads > 1 else ''}"


def _run_row(record: Record) -> dict[str, Any]:
    row: dict[str, Any] = record.model_dump(include=set(_RUN))
    row["classifier"] = record.parameters.get("classifier")
    row["hardware"] = hardware(record)
    if record.status == "ok" and record.metrics is not None:
        row |= {name: getattr(record.metrics, name) for name in METRICS}
    if record.timing is not None:
        timing = record.timing
        phases = [time for phase, time in timing.phases.items() if phase not in NOT_COST]
        gpu = [time.gpu_s for time in phases if time.gpu_s is not None]
        on_gpu = len(phases) > 0 and len(gpu) == len(phases)
        row |= {
            "contended": timing.contended,
            "wall_s": timing.wall_s,
            "cost_s": (sum(gpu) if on_gpu else sum(time.cpu_s for time in phases)) if phases else None,
            "cost_clock": "gpu" if on_gpu else "cpu",
            "calibration_s": timing.calibration_s,
            "peak_gpu_bytes": timing.peak_gpu_bytes,
            "peak_rss_bytes": timing.peak_rss_bytes,
            "energy_j": timing.energy_j,
        }
    return row


def _ordered(records: Sequence[Record]) -> list[Record]:
    tiers = ("control", "two-stage", "unified")
    by_age = sorted(records, key=lambda record: (record.started_at, record.run_id))
    methods = {name: place for place, name in enumerate(dict.fromkeys(record.method for record in by_age))}
    datasets = {name: place for place, name in enumerate(dict.fromkeys(record.dataset for record in by_age))}
    return sorted(
        by_age,
        key=lambda record: (
            datasets[record.dataset],
            tiers.index(record.tier),
            methods[record.method],
            record.seed,
        ),
    )


_AS_TEXT = ("parameters", "environment.versions", "generative.missing")


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if name in _AS_TEXT:
            flat[name] = json.dumps(value, ensure_ascii=False, sort_keys=True)
        elif isinstance(value, dict):
            flat |= _flat(value, f"{name}.")  # pyright: ignore[reportUnknownArgumentType]
        else:
            flat[name] = value
    return flat
