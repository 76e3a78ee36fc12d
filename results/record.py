"""The record of one run: all that is known about it afterwards, as one JSON file."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator

SCHEMA = 1

Status: TypeAlias = Literal["ok", "diverged", "failed", "timeout", "skipped"]
Contended: TypeAlias = Literal["none", "neighbours", "shared"]


class Part(BaseModel):
    """A part of a record. Unknown keys are refused; what JSON cannot hold is made so that it can."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, values: Any, info: ValidationInfo) -> Any:
        return values if info.mode == "json" else storable(values)  # what comes from JSON has been made so before


def storable(value: Any) -> Any:
    """Puts None in the place of NaN and infinities, and escapes in the place of bytes that are no text.

    Goes through dicts and lists. Bytes that are no text come from file names (in error messages).
    """
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, (list, tuple)):
        return [storable(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value


class ClassCounts(Part):
    """Images per class and part, by class name."""

    train: dict[str, int]
    valid: dict[str, int]
    test: dict[str, int]


class SplitRecord(Part):
    """What was split how.

    ``left_out`` has a sentence for each image that is left out, ``leaks`` one for what crosses the split
    although the user allowed it; both list the first hundred, and ``n_left_out`` and ``n_leaks`` count all.
    """

    rule: Literal["fresh", "resampled", "fixed-test"]
    n_train: int
    n_valid: int
    n_test: int
    n_groups: int | None = None
    class_counts: ClassCounts
    n_left_out: int = 0
    left_out: list[str] = Field(default_factory=list)
    n_leaks: int = 0
    leaks: list[str] = Field(default_factory=list)


class ErrorRecord(Part):
    """Why a run is not ok."""

    type: str
    message: str
    phase: str | None = None


def _share(value: float) -> float:
    """A score in 0…1; what rounding put a little outside is put back."""
    if not -ROUNDING <= value <= 1 + ROUNDING:
        raise ValueError(f"{value} is not within 0 and 1")
    return min(max(value, 0.0), 1.0)


ROUNDING = 1e-6
Share: TypeAlias = Annotated[float, AfterValidator(_share)]


class Metrics(Part):
    """Scores on the test images, 0…1; ``recall`` by class name. ``null`` where a metric is not defined."""

    balanced_accuracy: Share | None
    macro_f1: Share | None
    macro_auc: Share | None
    macro_ap: Share | None
    accuracy: Share | None
    g_mean: Share | None
    minority_recall: Share | None
    ece: Share | None
    brier: Share | None
    recall: dict[str, Share | None]


class Extractor(Part):
    """What a generative figure was measured with."""

    name: str
    hash: str
    resize: str
    n: int


class ClassGenerative(Part):
    """Figures on the generated images of one class. None has a reason in ``missing`` of the whole.

    ``n`` counts the generated images that were compared.
    """

    n: int | None = None
    kid: float | None = None
    kid_floor: float | None = None
    fid: float | None = None
    fid_floor: float | None = None
    ms_ssim: float | None = None
    ms_ssim_real: float | None = None
    precision: float | None = None
    recall: float | None = None
    density: float | None = None
    coverage: float | None = None
    precision_floor: float | None = None
    recall_floor: float | None = None
    density_floor: float | None = None
    coverage_floor: float | None = None
    label_fidelity: float | None = None
    label_fidelity_real: float | None = None
    memorisation: float | None = None
    acceptance: float | None = None


class Generative(ClassGenerative):
    """Figures on all generated images, and by class."""

    inception_score: float | None = None
    cas: float | None = None
    per_class: dict[str, ClassGenerative] = Field(default_factory=dict)
    missing: dict[str, str] = Field(default_factory=dict)
    extractor: Extractor | None = None


class PhaseTime(Part):
    """Seconds of one phase: on the wall, of CPU time, between device events (None without a GPU)."""

    wall_s: float
    cpu_s: float
    gpu_s: float | None = None


class Timing(Part):
    """Where the time went; the device is synchronised before each clock read.

    ``resumed`` counts how often the run went on from a checkpoint in another process; what was done between the
    checkpoint and the end of the former process is not in the times.
    """

    wall_s: float
    phases: dict[str, PhaseTime]
    warmup_s: float = 0.0
    calibration_s: float | None = None
    contended: Contended = "none"
    peak_gpu_bytes: int | None = None
    peak_rss_bytes: int | None = None
    energy_j: float | None = None
    resumed: int = 0


class Environment(Part):
    """What the run ran on."""

    versions: dict[str, str]
    git_revision: str | None = None
    threads: int
    precision: str
    processor: str = ""
    platform: str = ""


class Record(Part):
    """One run. See DESIGN, "Records", for the fixed keys.

    ``method`` and ``dataset`` are canonical names (base name plus non-default parameters); ``parameters``
    holds all parameters of the method. ``protocol`` hashes all that makes runs comparable: only records of
    one protocol are ever aggregated.
    """

    schema_: Literal[1] = Field(default=SCHEMA, alias="schema")
    run_id: str
    protocol: str
    method: str
    version: int
    parameters: dict[str, Any]
    tier: Literal["control", "two-stage", "unified"]
    dataset: str
    dataset_fingerprint: str
    seed: int
    preset: str
    budget: dict[str, int | float]
    split: SplitRecord | None
    status: Status
    error: ErrorRecord | None = None
    metrics: Metrics | None = None
    generative: Generative | None = None
    timing: Timing | None = None
    device: str
    environment: Environment
    started_at: datetime
    finished_at: datetime

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    def to_json(self) -> str:
        """The text of the record's file."""
        return self.model_dump_json(by_alias=True, indent=1) + "\n"
