"""Trials too long for the test suite: a study whose workers, client or disk fail again and again.

    python tests/trials.py workers /tmp/trial     30 workers killed at random moments
    python tests/trials.py client /tmp/trial      the command itself killed 10 times, and started again
    python tests/trials.py disk /tmp/trial        the disk filled in the middle (a small tmpfs; needs `unshare`)

Each ends with a line of figures, or with an assertion that does not hold. The study that nobody disturbs is made once
in the same folder. docs/cluster.md keeps the figures.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from results import Store, load_predictions

ROOT = Path(__file__).resolve().parents[1]
METHODS, SEEDS = ("none", "mixup", "dcgan", "cgan-diffaug"), 6
RUNS = len(METHODS) * SEEDS
BUDGET = "classifier_steps=300,generator_steps=300"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def command(study: Path, *options: str) -> list[str]:
    """Goes on with the study in this folder."""
    return [
        *(sys.executable, "-m", "bench", "run", "--methods", ",".join(METHODS), "--datasets", "cells"),
        *("--seeds", str(SEEDS), "--preset", "smoke", "--budget", BUDGET, "--no-reference", "--device", "cpu"),
        *("--no-generative-metrics", "--checkpoint-every", "0.3", "--jobs", "2", "--out", str(study), *options),
    ]


def outcomes(study: Path) -> dict[str, tuple[object, ...]]:
    """What each run left, but for times."""
    store = Store(study)
    found: dict[str, tuple[object, ...]] = {}
    for record in store.records():
        folder = store.run_folder(record.run_id)
        predictions, samples = load_predictions(folder), folder / "samples.png"
        assert predictions is not None, f"{record.run_id} has no predictions"
        found[record.run_id] = (
            record.model_dump(
                exclude={"timing": True, "started_at": True, "finished_at": True, "environment": {"git_revision"}}
            ),
            predictions.probabilities.tobytes(),
            samples.read_bytes() if samples.exists() else None,
        )
    assert store.damaged == [], store.damaged
    return found


def undisturbed(work: Path) -> dict[str, tuple[object, ...]]:
    """Of the study that nobody disturbs."""
    subprocess.run(command(work / "undisturbed"), env=ENVIRONMENT, check=True, capture_output=True)
    return outcomes(work / "undisturbed")


def check(study: Path, expected: dict[str, tuple[object, ...]]) -> str:
    """Holds a study against the undisturbed one; how much of it went on from checkpoints, in words."""
    found = outcomes(study)
    assert len(found) == RUNS, f"{len(found)} records in the place of {RUNS}"
    assert {record["status"] for record, *_ in found.values()} == {"ok"}  # type: ignore[index]
    differing = [run_id for run_id, outcome in found.items() if outcome != expected[run_id]]
    assert not differing, f"differing from the undisturbed study: {differing}"
    resumed = [record.timing.resumed for record in Store(study).records() if record.timing]
    return f"{RUNS} records as in the undisturbed study; {sum(resumed)} resumptions, {max(resumed)} in one run"


def workers(work: Path, rng: random.Random, kills: int = 30) -> str:
    """Kills workers at random moments while one command runs."""
    store, killed, seen = Store(work / "workers"), 0, set[int]()
    client = subprocess.Popen(command(store.folder, "--retries", str(kills)), env=ENVIRONMENT)
    while killed < kills and client.poll() is None:
        time.sleep(rng.uniform(0, 6.0))
        alive = [progress for progress in store.progress() if progress.pid not in seen]
        if alive:
            seen.add(pid := rng.choice(alive).pid)
            os.kill(pid, signal.SIGKILL)
            killed += 1
    assert client.wait() == 0
    return f"{killed} workers killed"


def client(work: Path, rng: random.Random, kills: int = 10) -> str:
    """Kills the command, and leaves its workers to themselves: they may end their runs beside those of the next one."""
    store = Store(work / "client")
    for _ in range(kills):
        started = time.time()
        client = subprocess.Popen(command(store.folder), env=ENVIRONMENT, stderr=subprocess.DEVNULL)
        while client.poll() is None and not any(p.updated_at.timestamp() > started for p in store.progress()):
            time.sleep(0.05)
        time.sleep(rng.uniform(0, 12.0))
        client.kill()
        assert client.wait() == -signal.SIGKILL, "the study was over before the last kill"
        assert store.records() is not None and store.damaged == []
    done = len(store.run_ids())
    subprocess.run(command(store.folder), env=ENVIRONMENT, check=True, capture_output=True)
    return f"the command killed {kills} times, {done} runs done by then"


def disk(work: Path, rng: random.Random) -> str:
    """Fills a disk of half the size that the study needs, then makes it larger."""
    del rng
    whole = sum(path.stat().st_size for path in (work / "undisturbed").rglob("*") if path.is_file())
    runs = sum(path.stat().st_size for path in (work / "undisturbed/runs").rglob("*") if path.is_file())
    study = work / "disk"
    study.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={runs // 2}", "none", str(study)], check=True)
    first = subprocess.run(command(study), env=ENVIRONMENT, capture_output=True, text=True, check=False)
    sentence = first.stderr.splitlines()[-1]
    done = Store(study)
    kept = {run_id: done.record_file(run_id).read_bytes() for run_id in done.run_ids()}
    assert first.returncode == 1, first.stderr
    assert sentence.startswith(f"bench: the disk of {study} is full; make space"), first.stderr
    assert "Traceback" not in first.stderr
    assert len(done.records()) == len(kept) < RUNS
    assert done.damaged == []
    subprocess.run(["mount", "-o", f"remount,size={4 * whole}", str(study)], check=True)
    subprocess.run(command(study), env=ENVIRONMENT, check=True, capture_output=True)
    for run_id, content in kept.items():
        assert done.record_file(run_id).read_bytes() == content, f"the record of {run_id} changed"
    return f"the disk of {runs // 2048} KiB was full after {len(kept)} runs, exit code 1, and the study went on"


TRIALS: dict[str, Callable[[Path, random.Random], str]] = {"workers": workers, "client": client, "disk": disk}


def main() -> None:
    """Carries out one trial."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trial", choices=TRIALS)
    parser.add_argument("work", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.trial == "disk" and "--inside" not in os.environ.get("AUGBENCH_TRIAL", ""):
        inside = {**ENVIRONMENT, "AUGBENCH_TRIAL": "--inside"}  # a mount of its own, gone when the trial ends
        sys.exit(subprocess.run(["unshare", "-rm", sys.executable, *sys.argv], env=inside, check=False).returncode)
    options.work.mkdir(parents=True, exist_ok=True)
    expected = undisturbed(options.work)
    shutil.rmtree(options.work / options.trial, ignore_errors=True)
    began = time.monotonic()
    what = TRIALS[options.trial](options.work, random.Random(options.seed))
    print(f"{what}: {check(options.work / options.trial, expected)}; {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
