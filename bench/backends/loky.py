"""Processes of this machine, through joblib's loky; a single job runs in this process."""

from __future__ import annotations

import warnings
from concurrent.futures import Future

from joblib.externals.loky.process_executor import ProcessPoolExecutor, TerminatedWorkerError

from bench.backends.base import Backend, Finished, WorkerDied, in_worker
from bench.plan import Run
from bench.run import Conditions, carry_out

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "BLIS_NUM_THREADS")
"""What numerical libraries read when a worker loads them."""

ORPHAN_S = 30
"""Seconds without work after which a worker ends: the process that started it was killed."""


class Loky(Backend):
    """Worker processes that live from run to run, each in a pool of its own.

    In a pool of several, loky ends all of them when one dies, and nobody can say whose run it was. Between runs loky
    may put a fresh process in the place of one that has grown; it warns of that, and nobody need know.

    Args:
        jobs: How many at once.
    """

    def __init__(self, jobs: int) -> None:
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given", category=UserWarning)
        self._jobs = jobs
        self.where = f"{jobs} at once"
        self._idle: list[ProcessPoolExecutor] = []
        self._at_work: dict[Future[Finished], ProcessPoolExecutor] = {}

    @property
    def jobs(self) -> int:
        """As given."""
        return self._jobs

    def submit(self, run: Run, conditions: Conditions) -> Future[Finished]:
        """See `Backend.submit`."""
        if self._jobs == 1 and len(conditions.devices) == 1:
            done: Future[Finished] = Future()
            done.set_result(Finished.of(carry_out(run, conditions)))
            return done
        threads = str(run.protocol.threads)
        worker = self._idle.pop() if self._idle else self._started(threads)
        future: Future[Finished] = worker.submit(in_worker, run, conditions)
        self._at_work[future] = worker
        return future

    def _started(self, threads: str) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, timeout=ORPHAN_S, env=dict.fromkeys(THREADS, threads))

    def outcome(self, future: Future[Finished]) -> Finished:
        """See `Backend.outcome`."""
        worker = self._at_work.pop(future, None)
        try:
            finished = future.result()
        except TerminatedWorkerError as error:
            raise WorkerDied(str(error)) from error
        if worker is not None:
            self._idle.append(worker)
        return finished

    def stop(self) -> None:
        """Kills the workers."""
        for worker in (*self._idle, *self._at_work.values()):
            worker.shutdown(wait=True, kill_workers=True)
        self._idle.clear()
        self._at_work.clear()
