"""From records to evidence: tables, figures, documents.

Imports results and nothing else of ours, and never torch, so that a report can be written anywhere.
"""

from report.aggregate import Spread, differences, references, spreads
from report.document import Document, Table, plain
from report.frame import METRICS, flat_table, metrics_table, phase_table, recall_table, runs_table
from report.study import Results, read_results
from report.writing import FORMATS, available, check_format, summary, write

DISTRIBUTION = "augbench"
"""Tells this package from a foreign one of the same name."""

__all__ = [
    "DISTRIBUTION",
    "FORMATS",
    "METRICS",
    "Document",
    "Results",
    "Spread",
    "Table",
    "available",
    "check_format",
    "differences",
    "flat_table",
    "metrics_table",
    "phase_table",
    "plain",
    "read_results",
    "recall_table",
    "references",
    "runs_table",
    "spreads",
    "summary",
    "write",
]
