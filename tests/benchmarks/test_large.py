"""What looking at a large study costs when all of it is done: `bench status`, `bench run`, and reading the records.

`make benchmark` takes 1,000 runs. For 10,000, each command in a process of its own:

    python tests/benchmarks/test_large.py FOLDER 20 50 10       # methods, seeds, datasets
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bench.plan import Run
from bench.session import Session, prepare, write_study_file
from datasets import Places
from methods import METHODS
from results import (
    ClassCounts,
    Environment,
    Metrics,
    PhaseTime,
    Predictions,
    Record,
    SplitRecord,
    Store,
    Study,
    Timing,
    save_predictions,
)

ROOT = Path(__file__).resolve().parents[2]
CLASSES = ("red blood cell", "ring", "schizont", "trophozoite")


def make(folder: Path, *, methods: int, seeds: int, datasets: int) -> Session:
    """Writes a study as `bench run` plans it, with a record and predictions for every run."""
    asked = Study(
        methods=list(METHODS.names())[:methods],
        datasets=[f"cells[train={400 + number}]" for number in range(datasets)],
        seeds=list(range(seeds)),
        preset="smoke",
        precision="float32",
        device="cpu",
        reference_arms=False,
    )
    places = Places(cache=folder.parent / "cache")
    session = prepare(asked, folder=folder, places=places)
    write_study_file(session)
    session.store.records_folder.mkdir()
    rng = np.random.default_rng(0)
    for run in session.runs:
        session.store.record_file(run.run_id).write_text(_record(run, float(rng.uniform(0.5, 0.9))).to_json())
        run_folder = session.store.run_folder(run.run_id)
        run_folder.mkdir(parents=True)
        probabilities = rng.dirichlet(np.ones(len(CLASSES)), size=100).astype(np.float32)
        save_predictions(Predictions(np.arange(100) % len(CLASSES), probabilities), run_folder)
    return session


def _record(run: Run, score: float) -> Record:
    method, start = run.build_method(), datetime(2026, 1, 2, tzinfo=UTC)
    counts = dict.fromkeys(CLASSES, 25)
    same = dict.fromkeys((name for name in Metrics.model_fields if name != "recall"), score)
    return Record(
        run_id=run.run_id,
        protocol=run.protocol.hash,
        method=run.method,
        version=method.info.version,
        parameters=method.parameters(),
        tier=method.info.tier,
        dataset=run.dataset,
        dataset_fingerprint=run.fingerprint,
        seed=run.seed,
        preset=run.protocol.preset,
        budget=vars(run.protocol.budget),
        split=SplitRecord(
            rule="fresh",
            n_train=400,
            n_valid=100,
            n_test=100,
            class_counts=ClassCounts(train=counts, valid=counts, test=counts),
        ),
        status="ok",
        metrics=Metrics(**same, recall=dict.fromkeys(CLASSES, score)),
        timing=Timing(wall_s=3.0, phases={"classifier": PhaseTime(wall_s=3.0, cpu_s=2.9)}),
        device="cpu",
        environment=Environment(versions={"augbench": "0.1.0"}, threads=1, precision="float32", processor="Xeon"),
        started_at=start,
        finished_at=start + timedelta(seconds=3),
    )


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """`bench`, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "bench", *words], env=environment, check=False, capture_output=True, text=True
    )


def again(study: Path) -> list[str]:
    """The words of a `bench run` that finds all done."""
    words = ["run", "--config", str(study / "study.toml"), "--out", str(study), "--no-reference"]
    return [*words, "--cache-dir", str(study.parent / "cache")]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large") / "study"
    make(folder, methods=10, seeds=10, datasets=10)
    assert command("report", str(folder), "--format", "md").returncode == 0
    return folder


def test_the_status_of_a_large_study(benchmark, study: Path) -> None:
    said = benchmark.pedantic(command, args=("status", str(study)), rounds=3)
    assert "1000 ok, 0 missing" in said.stdout


def test_a_run_with_all_done(benchmark, study: Path) -> None:
    said = benchmark.pedantic(command, args=again(study), rounds=3)
    assert "1000 done, 0 to do" in said.stderr


def test_reading_the_records(benchmark, study: Path) -> None:
    records = benchmark.pedantic(lambda: Store(study).records(), rounds=3)
    assert len(records) == 1000


def main(folder: str, *numbers: str) -> None:
    """Makes the study where there is none, and times the commands, CPU seconds of children apart."""
    study = Path(folder)
    if not study.exists():
        methods, seeds, datasets = map(int, numbers)
        make(study, methods=methods, seeds=seeds, datasets=datasets)
    for words in (["status", str(study)], again(study)):
        start, before = time.perf_counter(), sum(os.times()[2:4])
        said = command(*words)
        spent = sum(os.times()[2:4]) - before
        print(f"bench {words[0]}: {time.perf_counter() - start:.1f} s, {spent:.1f} s of CPU, exit {said.returncode}")
    start, before = time.perf_counter(), time.process_time()
    records = Store(study).records()
    spent = time.process_time() - before
    print(f"reading {len(records)} records: {time.perf_counter() - start:.1f} s, {spent:.1f} s of CPU")


if __name__ == "__main__":
    main(*sys.argv[1:])
