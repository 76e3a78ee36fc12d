"""A baseline: what a study scored and cost, kept small enough to lie beside the code that it guards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from results.comparable import require_comparable
from results.files import UnreadableFile, write_whole
from results.record import Record, Status

METRICS = ("balanced_accuracy", "macro_ap")
"""Metrics that are guarded: those that verdicts are given in."""


class BaselineRun(BaseModel):
    """What is kept of one run.

    Attributes:
        method: Canonical name.
        version: Of the method.
        dataset: Canonical name.
        seed: The repetition.
        status: What became of it.
        metrics: Value by name of `METRICS`, 0…1; None where it is not defined.
        relative_cost: By phase, seconds over those of the calibration work in the same process; empty where it was
            not timed, or shared device or cores with other runs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str
    version: int
    dataset: str
    seed: int
    status: Status
    metrics: dict[str, float | None]
    relative_cost: dict[str, float]


class Baseline(BaseModel):
    """What later runs are held against.

    Attributes:
        schema_: Version of this file's form.
        protocol: Of all its runs.
        protocol_words: The protocol in words, to name a difference.
        fingerprints: Of each dataset.
        versions: Of the packages that it was made with.
        processor: That it was made on.
        finished_at: Of the last run.
        runs: Ordered by dataset, method and seed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal[1] = Field(default=1, alias="schema")
    protocol: str
    protocol_words: str
    fingerprints: dict[str, str]
    versions: dict[str, str]
    processor: str
    finished_at: datetime
    runs: tuple[BaselineRun, ...]


def baseline_of(records: Sequence[Record]) -> Baseline:
    """Keeps of records what a baseline holds.

    Args:
        records: At least one.

    Raises:
        NotComparable: They are of different protocols, or one dataset name stands for different images.
    """
    require_comparable(records)
    last = max(records, key=lambda record: record.finished_at)
    return Baseline(
        protocol=last.protocol,
        protocol_words=protocol_words(last),
        fingerprints={record.dataset: record.dataset_fingerprint for record in records},
        versions=last.environment.versions,
        processor=last.environment.processor,
        finished_at=last.finished_at,
        runs=tuple(sorted(map(baseline_run, records), key=lambda run: (run.dataset, run.method, run.seed))),
    )


def baseline_run(record: Record) -> BaselineRun:
    """What a baseline keeps of one run."""
    scored = record.status == "ok" and record.metrics is not None
    return BaselineRun(
        method=record.method,
        version=record.version,
        dataset=record.dataset,
        seed=record.seed,
        status=record.status,
        metrics={name: getattr(record.metrics, name) for name in METRICS} if scored else {},
        relative_cost=relative_cost(record),
    )


def relative_cost(record: Record) -> dict[str, float]:
    """Seconds of each phase over those of the calibration work, on the clock that costs are counted on.

    The engine's own phase, ``score``, is left out.
    """
    timing = record.timing
    if record.status != "ok" or timing is None or not timing.calibration_s or timing.contended == "shared":
        return {}
    seconds = {
        name: phase.cpu_s if phase.gpu_s is None else phase.gpu_s
        for name, phase in timing.phases.items()
        if name != "score"
    }
    return {name: value / timing.calibration_s for name, value in seconds.items() if value > 0}


def protocol_words(record: Record) -> str:
    """A record's protocol in words."""
    environment = record.environment
    threads = "1 thread" if environment.threads == 1 else f"{environment.threads} threads"
    budget = ", ".join(f"{name} {value:g}" for name, value in record.budget.items())
    return f"preset {record.preset} ({budget}), {environment.precision}, {threads}, {record.device}"


def read_baseline(path: Path) -> Baseline:
    """Reads a baseline.

    Raises:
        UnreadableFile: It is missing, or is no baseline.
    """
    try:
        return Baseline.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise UnreadableFile(
            f"there is no baseline {path}; write one with `bench baseline STUDY --out {path}`."
        ) from None
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}; give read permission.") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnreadableFile(
            f"{path} is no baseline ({where + ': ' if where else ''}{first['msg']}); write one with `bench baseline`."
        ) from error


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Writes a baseline whole.

    Raises:
        OSError: The folder cannot be written, or the disk is full.
    """
    write_whole(path, baseline.model_dump_json(by_alias=True, indent=1) + "\n")
