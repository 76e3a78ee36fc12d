"""What a run leaves: record schema, store, baselines, reference studies.

Imports nothing of the other packages, and never torch, so that records can be read anywhere.
"""

from results.baseline import Baseline, BaselineRun, baseline_of, baseline_run, read_baseline, write_baseline
from results.comparable import require_comparable
from results.curves import CurvePoint, CurveWriter, read_curves
from results.files import NotComparable, UnreadableFile, write_whole
from results.merge import Merged, merge
from results.plane import Plane, load_plane, save_plane
from results.predictions import Predictions, load_predictions, save_predictions
from results.progress import Heartbeat, Progress
from results.record import (
    ClassCounts,
    ClassGenerative,
    Contended,
    Environment,
    ErrorRecord,
    Extractor,
    Generative,
    Metrics,
    PhaseTime,
    Record,
    SplitRecord,
    Status,
    Timing,
)
from results.store import WEIGHTS, Brief, Damaged, Store
from results.study import Study, read_study, write_study

DISTRIBUTION = "augbench"
"""Tells this package from a foreign one of the same name."""

__all__ = [
    "DISTRIBUTION",
    "WEIGHTS",
    "Baseline",
    "BaselineRun",
    "Brief",
    "ClassCounts",
    "ClassGenerative",
    "Contended",
    "CurvePoint",
    "CurveWriter",
    "Damaged",
    "Environment",
    "ErrorRecord",
    "Extractor",
    "Generative",
    "Heartbeat",
    "Merged",
    "Metrics",
    "NotComparable",
    "PhaseTime",
    "Plane",
    "Predictions",
    "Progress",
    "Record",
    "SplitRecord",
    "Status",
    "Store",
    "Study",
    "Timing",
    "UnreadableFile",
    "baseline_of",
    "baseline_run",
    "load_plane",
    "load_predictions",
    "merge",
    "read_baseline",
    "read_curves",
    "read_study",
    "require_comparable",
    "save_plane",
    "save_predictions",
    "write_baseline",
    "write_study",
    "write_whole",
]
