"""Kill -9 at any moment loses nothing that was finished and damages nothing."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from results import Store, load_predictions

ROOT = Path(__file__).resolve().parents[2]
KILLS = 20


@pytest.mark.slow
def test_twelve_runs_survive_twenty_kills(plugins: list[Path], tmp_path: Path) -> None:
    study = tmp_path / "study"
    command = [sys.executable, "-m", "bench", "run", "--methods", "none,classic,classic-balanced,nearest-mean"]
    command += ["--datasets", "stripes", "--seeds", "3", "--preset", "smoke", "--budget", "classifier_steps=150"]
    command += ["--no-reference", "--device", "cpu", "--jobs", "1", "--out", str(study), "--cache-dir", str(tmp_path)]
    for path in plugins:
        command += ["--plugin", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    rng = random.Random(0)
    store = Store(study)
    finished: dict[str, bytes] = {}
    moments: list[int] = []
    for _ in range(KILLS):
        started = set(store.run_ids())
        worker = subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.DEVNULL)
        _wait_for_a_sign(worker, store, started)
        time.sleep(rng.uniform(0, 0.4))
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        for run_id, before in finished.items():
            assert store.record_file(run_id).read_bytes() == before, "a finished record changed"
        finished |= {run_id: store.record_file(run_id).read_bytes() for run_id in store.run_ids()}
        moments.append(len(finished))
        assert store.records() is not None
        assert store.damaged == []
    subprocess.run(command, env=environment, check=True, capture_output=True)
    records = store.records()
    assert len(records) == 12
    assert {record.status for record in records} == {"ok"}
    assert store.damaged == []
    assert all(load_predictions(store.run_folder(record.run_id)) is not None for record in records)
    assert store.progress() == []
    assert moments[0] < 12, "the first kill came too late to mean anything"


def _wait_for_a_sign(worker: subprocess.Popen[bytes], store: Store, before: set[str]) -> None:
    """Waits until the study has begun to work (or is over), so that a kill falls into the work and not the imports."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and worker.poll() is None:
        if store.progress() or set(store.run_ids()) != before:
            return
        time.sleep(0.02)
