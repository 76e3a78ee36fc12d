"""A Dask cluster: workers connect to a scheduler that runs already, on this machine or on many."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future

from bench.backends.base import Backend, Finished, WorkerDied, in_worker
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
        most: Runs at once; None for as many as there are workers.

    Raises:
        UsageError: Dask is not installed, no scheduler answers, or its workers run more than one task at a time.
    """

    def __init__(self, scheduler: str, most: int | None = None) -> None:
        try:
            import distributed
        except ImportError as error:
            raise UsageError("--backend dask needs Dask; install it with `pip install 'augbench[dask]'`.") from error
        self._scheduler, self._most = scheduler, most
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
        self._tasks = self._client.get_executor(pure=False)
        self.where = f"{'' if most is None else f'{most} at once '}on {len(workers)} workers of {scheduler}"

    @property
    def jobs(self) -> int:
        """The workers that there are now, at least one and no more than asked for; others may join later."""
        workers = max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))
        return workers if self._most is None else min(workers, self._most)

    def submit(self, run: Run, conditions: Conditions) -> Future[Finished]:
        """See `Backend.submit`. The scheduler itself gives a run whose worker died to others, a few times over."""
        return self._tasks.submit(in_worker, run, conditions)

    def outcome(self, future: Future[Finished]) -> Finished:
        """See `Backend.outcome`."""
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError
        from distributed.comm.core import CommClosedError

        try:
            return future.result()
        except KilledWorker as error:
            raise WorkerDied(str(error)) from error
        except (CommClosedError, FutureCancelledError, CancelledError, OSError) as error:
            raise StudyStopped(
                f"the Dask scheduler at {self._scheduler} was lost; start it again and run the same command, "
                "finished runs are kept."
            ) from error

    def stop(self) -> None:
        """Leaves the cluster, which goes on; tasks that wait there are dropped."""
        self._client.close(timeout=CONNECT_S)
