"""`bench check`: the CI gate."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bench.commands.console import Debug, Json, StudyFolder, guarded, name_damaged, open_store, out, table
from bench.errors import FellShort, StudyStopped, UsageError
from report.gate import TOLERANCE
from report.gate import check as hold
from report.junit import junit
from results import read_baseline, write_whole

MARKS = {"passed": "ok", "failed": "FAILED", "skipped": "skipped"}


@guarded
def check(
    study: StudyFolder,
    baseline_file: Annotated[Path, typer.Option("--baseline", help="File that `bench baseline` wrote.")],
    tolerance: Annotated[
        float, typer.Option(help="Ratio of costs, relative to the calibration work, that is let pass.", min=1.0)
    ] = TOLERANCE,
    times: Annotated[
        bool, typer.Option("--times/--no-times", help="Whether times are held against the baseline.")
    ] = True,
    junit_file: Annotated[Path | None, typer.Option("--junit", help="File for the findings as JUnit XML.")] = None,
    json_: Json = False,
    debug: Debug = False,
) -> None:
    """Hold a study against a baseline; exit code 1 where a metric fell, a phase became slower or a run is lost."""
    del debug
    if not tolerance < float("inf"):
        raise UsageError(f"--tolerance {tolerance:g} lets everything pass; write for example 1.1, or --no-times.")
    guarded_by = read_baseline(baseline_file)
    store = open_store(study)
    records = store.records()
    name_damaged(store.damaged)
    findings = hold(records, guarded_by, tolerance=tolerance, times=times)
    if junit_file is not None:
        try:
            write_whole(junit_file, junit(findings, name=store.folder.resolve().name))
        except OSError as error:
            raise StudyStopped(
                f"{junit_file} cannot be written: {error.strerror or error}; give another --junit."
            ) from error
    if json_:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        rows = [(MARKS[f.outcome], f.dataset, f.method, f.sentence) for f in findings]
        out().print(table(("", "dataset", "method", "finding"), rows))
    failed = sum(finding.outcome == "failed" for finding in findings)
    if failed:
        raise FellShort(f"{failed} of {len(findings)} findings fell short of {baseline_file}.")
