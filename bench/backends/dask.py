"""A Dask cluster: workers connect to a scheduler that runs already, on this machine or on many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import joblib

from bench.backends.base import ONE_BY_ONE, Backend, Finished, WorkersDied, in_worker
from bench.errors import StudyStopped, UsageError
from bench.plan import Run
from bench.run import Conditions

CONNECT_S = 10
WORKERS_S = 300
"""How long is waited for the first worker: a cluster's queue may hold it back."""


class Dask(Backend):
    """The workers of a scheduler. They see the study's folder and the data under the same paths as this process.

    Args:
        scheduler: Address, such as ``tcp://10.0.0.1:8786``.

    Raises:
        UsageError: Dask is not installed, no scheduler answers, or its workers run more than one task at a time.
    """

    def __init__(self, scheduler: str) -> None:
        try:
            import distributed
        except ImportError as error:
            raise UsageError("--backend dask needs Dask; install it with `pip install 'augbench[dask]'`.") from error
        self._scheduler = scheduler
        try:
            self._client = distributed.Client(scheduler, timeout=CONNECT_S)
            self._client.wait_for_workers(1, timeout=WORKERS_S)
        except (OSError, ValueError, TimeoutError) as error:
            raise UsageError(
                f"no Dask scheduler with workers answers at {scheduler}; start one with `dask scheduler` and "
                f"`dask worker {scheduler} --nthreads 1`."
            ) from error
        workers = self._client.scheduler_info(n_workers=-1)["workers"]
        many = [address for address, worker in workers.items() if worker["nthreads"] != 1]
        if many:
            self._client.close()
            raise UsageError(
                f"{len(many)} Dask workers run several tasks in one process, which runs with global generators and "
                "thread counts do not bear; start them with --nthreads 1 (and as many --nworkers as there are cores)."
            )
        self.jobs = len(workers)
        self.where = f"on {self.jobs} workers of {scheduler}"

    def carry_out(self, runs: Sequence[Run], conditions: Conditions) -> Iterator[Finished]:
        """See `Backend.carry_out`. All runs are handed to the scheduler at once, so that workers may join later."""
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError
        from distributed.comm.core import CommClosedError

        with joblib.parallel_config(backend="dask", client=self._client):
            parallel = joblib.Parallel(return_as="generator_unordered", pre_dispatch="all", batch_size=ONE_BY_ONE)
            finished: Any = parallel(joblib.delayed(in_worker)(run, conditions) for run in runs)
            try:
                yield from finished
            except KilledWorker as error:
                raise WorkersDied(str(error)) from error
            except (CommClosedError, FutureCancelledError, OSError) as error:
                raise StudyStopped(
                    f"the Dask scheduler at {self._scheduler} was lost; start it again and run the same command, "
                    "finished runs are kept."
                ) from error

    def stop(self) -> None:
        """Leaves the cluster, which goes on; tasks that wait there are dropped."""
        self._client.close(timeout=CONNECT_S)
