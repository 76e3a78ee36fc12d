"""What a person sees while a study runs."""

import io
import re
from datetime import UTC, datetime

import pytest
from rich.console import Console

from bench.plan import Protocol, Run
from bench.presets import PRESETS
from bench.progress import watch
from bench.scoreboard import Scoreboard
from results import Environment, Metrics, Record, Store, Timing

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def record(method, seed, score):
    """A run that took ten seconds, or failed where there is no score."""
    metrics = None
    if score is not None:
        scores = dict.fromkeys(Metrics.model_fields, score)
        metrics = Metrics(**{**scores, "recall": {}})
    return Record(
        run_id=f"{method}-{seed}",
        protocol="p",
        method=method,
        version=1,
        parameters={},
        tier="control",
        dataset="cells",
        dataset_fingerprint="f",
        seed=seed,
        preset="smoke",
        budget={},
        split=None,
        status="failed" if score is None else "ok",
        metrics=metrics,
        timing=Timing(wall_s=10.0, phases={}),
        device="cpu",
        environment=Environment(versions={}, threads=1, precision="float32"),
        started_at=NOW,
        finished_at=NOW,
    )


def run(method, seed):
    protocol = Protocol("smoke", PRESETS["smoke"], 1, "float32", "cpu")
    return Run(f"{method}-{seed}", method, {"name": method}, "cells", {"name": "cells"}, "f", seed, protocol)


def rows(scoreboard):
    console = Console(file=io.StringIO(), width=120)
    console.print(scoreboard.table())
    return [re.split(r"\s{2,}", line.strip()) for line in console.file.getvalue().splitlines()]


def test_table_grows_run_by_run():
    scores = Scoreboard([record("none", 0, 0.7)])
    assert rows(scores)[1:] == [["none", "1", "0.700", "0.700", "10"]]
    scores.add(record("unified", 0, 0.9))
    scores.add(record("none", 1, 0.8))
    assert rows(scores)[1:] == [
        ["none", "2", "0.750 ± 0.071", "0.750 ± 0.071", "10"],
        ["unified", "1", "0.900", "0.900", "10"],
    ]


def test_runs_without_a_score_are_counted_and_not_averaged():
    scores = Scoreboard([record("none", 0, 0.7), record("none", 1, None)])
    assert rows(scores)[1][1:3] == ["2", "0.700"]
    assert scores.mean_so_far(record("none", 1, None)) == ""


@pytest.mark.parametrize("terminal", [True, False])
def test_scores_appear_as_runs_end(tmp_path, terminal):
    console = Console(file=io.StringIO(), width=140, force_terminal=terminal, color_system=None)
    todo = [run("unified", 0), run("unified", 1)]
    with watch(Store(tmp_path), todo, earlier=[record("none", 0, 0.7)], jobs=1, console=console) as watcher:
        watcher.finished(record("unified", 0, 0.8))
        first = console.file.getvalue()
        watcher.finished(record("unified", 1, 0.9))
    seen = console.file.getvalue()
    assert "[2/3] unified · cells · seed 0: balanced accuracy 0.800, 10 s" in first
    assert "mean of 2" not in first
    assert "[3/3] unified · cells · seed 1: balanced accuracy 0.900 (mean of 2: 0.850 ± 0.071), 10 s" in seen
    assert ("macro AP" in seen) == terminal
