"""Many runs: carried out by a backend, and tried again where a worker died."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace

from bench.backends import Backend, Finished, WorkerDied
from bench.cores import available_cores
from bench.errors import UsageError
from bench.plan import Run
from bench.run import Conditions, record_death
from results import Heartbeat, Store

LOOK_S = 5.0
"""How often is looked whether a cluster has more workers."""


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

    A worker that dies costs only its run, which is tried again when its turn comes once more.

    Args:
        runs: What to do, in this order.
        conditions: How.
        backend: By what.
        retries: How often a run whose worker died is tried again.

    Raises:
        StudyStopped: The disk is full, or a scheduler was lost.
        KeyboardInterrupt: Ctrl-C; workers are ended first.
    """
    running = Store(conditions.study).running_folder
    waiting, under_way = deque(runs), dict[Future[Finished], Run]()
    deaths: Counter[str] = Counter()
    try:
        while waiting or under_way:
            while waiting and len(under_way) < backend.jobs:
                run = waiting.popleft()
                under_way[backend.submit(run, replace(conditions, beside=backend.jobs > 1))] = run
            over, _ = wait(under_way, timeout=LOOK_S, return_when=FIRST_COMPLETED)
            for future in over:
                run = under_way[future]
                try:
                    finished = backend.outcome(future)
                except WorkerDied:
                    Heartbeat(running, run.run_id).close()  # a killed worker cannot take its sign of life away
                    deaths[run.run_id] += 1
                    if deaths[run.run_id] <= retries:
                        waiting.append(run)
                    else:
                        yield Finished.of(record_death(run, conditions, times=deaths[run.run_id]))
                else:
                    yield finished
                del under_way[future]
    finally:
        backend.stop()
        for run in under_way.values():
            Heartbeat(running, run.run_id).close()
