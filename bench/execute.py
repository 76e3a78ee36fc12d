"""Many runs: carried out by a backend, and tried again where a worker died."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from bench.backends import Backend, Finished, WorkersDied
from bench.cores import available_cores
from bench.errors import UsageError
from bench.plan import Run
from bench.run import Conditions, record_death
from results import Heartbeat, Store


def choose_jobs(jobs: str, *, threads: int, device_type: str, runs: int, devices: int = 1) -> int:
    """Resolves ``--jobs``: a number, or ``auto``: as many as there are cores for on a CPU, one a GPU.

    Raises:
        UsageError: It is neither.
    """
    if jobs == "auto":
        fit = max(1, len(available_cores()) // threads) if device_type == "cpu" else devices
        return max(1, min(fit, runs))
    if not jobs.isdecimal() or int(jobs) < 1:
        raise UsageError(f"--jobs {jobs!r} is no number of jobs; write auto, or a whole number from 1.")
    return min(int(jobs), max(1, runs))


def execute(runs: Sequence[Run], conditions: Conditions, *, backend: Backend, retries: int = 1) -> Iterator[Finished]:
    """Carries out runs and yields each as it ends; records are stored by whoever carries them out.

    A worker that dies costs only its run, which is tried again.

    Args:
        runs: What to do, in this order.
        conditions: How.
        backend: By what.
        retries: How often a run whose worker died is tried again.

    Raises:
        StudyStopped: The disk is full, or a scheduler was lost.
        KeyboardInterrupt: Ctrl-C; workers are ended first.
    """
    stored = Store(conditions.study)
    pending = list(runs)
    deaths: Counter[str] = Counter()
    try:
        while pending:
            began = datetime.now(UTC)
            done: set[str] = set()
            try:
                for finished in backend.carry_out(pending, conditions):
                    done.add(finished.run_id)
                    yield finished
                return
            except WorkersDied:
                stored_since = _stored(pending, stored, since=began)
                yield from (finished for finished in stored_since if finished.run_id not in done)
                done |= {finished.run_id for finished in stored_since}
                begun = {progress.run_id for progress in stored.progress() if progress.updated_at >= began}
                pending = [run for run in pending if run.run_id not in done]
                for run in [run for run in pending if run.run_id in begun]:
                    deaths[run.run_id] += 1
                    if deaths[run.run_id] > retries:
                        yield Finished.of(record_death(run, conditions, times=deaths[run.run_id]))
                        pending.remove(run)
    finally:
        backend.stop()
        for run in pending:  # killed workers cannot take their signs of life away
            Heartbeat(stored.running_folder, run.run_id).close()


def _stored(runs: Sequence[Run], store: Store, *, since: datetime) -> list[Finished]:
    """The runs that have a record of this attempt."""
    records = (store.read(run.run_id) for run in runs)
    return [Finished.of(record) for record in records if record is not None and record.finished_at >= since]
