"""Processes of this machine, through joblib's loky; a single job runs in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import joblib
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from bench.backends.base import ONE_BY_ONE, Backend, Finished, WorkersDied, in_worker
from bench.plan import Run
from bench.run import Conditions, carry_out


class Loky(Backend):
    """Worker processes that live from run to run.

    Args:
        jobs: How many at once.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.where = f"{jobs} at once"

    def carry_out(self, runs: Sequence[Run], conditions: Conditions) -> Iterator[Finished]:
        """See `Backend.carry_out`."""
        if self.jobs == 1 and len(conditions.devices) == 1:
            yield from (Finished.of(carry_out(run, conditions)) for run in runs)
            return
        threads = max(run.protocol.threads for run in runs)
        with joblib.parallel_config(backend="loky", inner_max_num_threads=threads):
            parallel = joblib.Parallel(
                n_jobs=self.jobs, return_as="generator_unordered", pre_dispatch="n_jobs", batch_size=ONE_BY_ONE
            )
            finished: Any = parallel(joblib.delayed(in_worker)(run, conditions) for run in runs)
            try:
                yield from finished
            except TerminatedWorkerError as error:
                raise WorkersDied(str(error)) from error

    def stop(self) -> None:
        """Kills the workers."""
        if self.jobs > 1:
            get_reusable_executor().shutdown(wait=True, kill_workers=True)
