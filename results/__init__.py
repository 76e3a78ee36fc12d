"""What a run leaves: record schema, store, baselines, reference studies.

Imports nothing of the other packages, and never torch, so that records can be read anywhere.
"""

from results.files import NotComparable, UnreadableFile, write_whole
from results.record import (
    ClassCounts,
    ClassGenerative,
    Environment,
    ErrorRecord,
    Extractor,
    Generative,
    Metrics,
    PhaseTime,
    Record,
    SplitRecord,
    Timing,
)
from results.study import Study, read_study, write_study

DISTRIBUTION = "augbench"
"""Tells this package from a foreign one of the same name."""

__all__ = [
    "DISTRIBUTION",
    "ClassCounts",
    "ClassGenerative",
    "Environment",
    "ErrorRecord",
    "Extractor",
    "Generative",
    "Metrics",
    "NotComparable",
    "PhaseTime",
    "Record",
    "SplitRecord",
    "Study",
    "Timing",
    "UnreadableFile",
    "read_study",
    "write_study",
    "write_whole",
]
