"""Many runs: one after another, or side by side in worker processes."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import joblib
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from bench.cores import available_cores, own_cores
from bench.errors import UsageError
from bench.plan import Run
from bench.run import Conditions, carry_out, record_death
from datasets import load_plugin
from results import Heartbeat, Record, Status, Store


@dataclass(frozen=True)
class Finished:
    """A run that is over; its record is in the store."""

    run_id: str
    status: Status


def choose_jobs(jobs: str, *, threads: int, device_type: str, runs: int) -> int:
    """Resolves ``--jobs``: a number, or ``auto``: as many as there are cores for on a CPU, one on a GPU.

    Raises:
        UsageError: It is neither.
    """
    if jobs == "auto":
        fit = max(1, len(available_cores()) // threads) if device_type == "cpu" else 1
        return max(1, min(fit, runs))
    if not jobs.isdecimal() or int(jobs) < 1:
        raise UsageError(f"--jobs {jobs!r} is no number of jobs; write auto, or a whole number from 1.")
    return min(int(jobs), max(1, runs))


def execute(runs: Sequence[Run], conditions: Conditions, *, jobs: int, retries: int = 1) -> Iterator[Finished]:
    """Carries out runs and yields each as it ends; records are stored by whoever carries them out.

    A worker that dies costs only its run, which is tried again.

    Args:
        runs: What to do, in this order.
        conditions: How.
        jobs: How many at once; one runs in this process.
        retries: How often a run whose worker died is tried again.

    Raises:
        StudyStopped: The disk is full.
        KeyboardInterrupt: Ctrl-C; workers are ended first.
    """
    if jobs == 1:
        yield from (_finished(carry_out(run, conditions)) for run in runs)
        return
    pending = list(runs)
    began = datetime.now(UTC)
    deaths: Counter[str] = Counter()
    while pending:
        done: set[str] = set()
        try:
            for finished in _side_by_side(pending, conditions, jobs):
                done.add(finished.run_id)
                yield finished
            return
        except TerminatedWorkerError:
            stored = Store(conditions.study)
            for run in pending:
                if run.run_id not in done and (record := stored.read(run.run_id)) is not None:
                    done.add(run.run_id)
                    yield _finished(record)
            begun = {progress.run_id for progress in stored.progress() if progress.updated_at >= began}
            pending = [run for run in pending if run.run_id not in done]
            for run in [run for run in pending if run.run_id in begun]:
                deaths[run.run_id] += 1
                if deaths[run.run_id] > retries:
                    yield _finished(record_death(run, conditions, times=deaths[run.run_id]))
                    pending.remove(run)
        except BaseException:
            get_reusable_executor().shutdown(wait=True, kill_workers=True)
            for run in pending:  # killed workers cannot take their signs of life away
                Heartbeat(Store(conditions.study).running_folder, run.run_id).close()
            raise


def _side_by_side(runs: Sequence[Run], conditions: Conditions, jobs: int) -> Iterator[Finished]:
    threads = max(run.protocol.threads for run in runs)
    with joblib.parallel_config(backend="loky", inner_max_num_threads=threads):
        parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch="n_jobs")
        finished: Any = parallel(joblib.delayed(_in_worker)(run, conditions) for run in runs)
        yield from finished


def _in_worker(run: Run, conditions: Conditions) -> Finished:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends its workers
    for plugin in conditions.plugins:
        load_plugin(plugin)
    with own_cores(run.protocol.threads) as alone:
        return _finished(carry_out(run, replace(conditions, contended="neighbours" if alone else "shared")))


def _finished(record: Record) -> Finished:
    return Finished(record.run_id, record.status)
