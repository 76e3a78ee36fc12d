"""Ray: a cluster that runs already, or one that is started on this machine."""

from __future__ import annotations

import logging
from concurrent.futures import Future

from bench.backends.base import Backend, Finished, WorkerDied, in_worker
from bench.errors import StudyStopped, UsageError
from bench.plan import Run
from bench.run import Conditions


class Ray(Backend):
    """Tasks of one core each.

    Args:
        jobs: How many at once.
        address: Of a running cluster (``auto``, ``ray://host:10001``, ``10.0.0.1:6379``); None starts one here.

    Raises:
        UsageError: Ray is not installed, or no cluster answers.
    """

    def __init__(self, jobs: int, address: str | None) -> None:
        try:
            import ray
        except ImportError as error:
            raise UsageError("--backend ray needs Ray; install it with `pip install 'augbench[ray]'`.") from error
        self._ray = ray
        self._jobs = jobs
        self.where = f"{jobs} at once on Ray{f' at {address}' if address else ''}"
        local = {} if address else {"num_cpus": jobs, "include_dashboard": False}
        try:
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **local)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise UsageError(
                f"no Ray cluster answers at {address}; start one with `ray start --head`, or leave --address out."
            ) from error
        self._task = ray.remote(num_cpus=1, max_retries=0)(in_worker)

    @property
    def jobs(self) -> int:
        """As given."""
        return self._jobs

    def submit(self, run: Run, conditions: Conditions) -> Future[Finished]:
        """See `Backend.submit`."""
        return self._task.remote(run, conditions).future()

    def outcome(self, future: Future[Finished]) -> Finished:
        """See `Backend.outcome`."""
        from ray import exceptions as errors

        try:
            return future.result()
        except errors.RayTaskError:
            raise  # what the run itself raised
        except (errors.WorkerCrashedError, errors.OutOfMemoryError, errors.NodeDiedError) as error:
            raise WorkerDied(str(error)) from error
        except errors.RayError as error:
            raise StudyStopped(
                f"Ray was lost ({type(error).__name__}); start it again and run the same command, finished runs are "
                "kept."
            ) from error

    def stop(self) -> None:
        """Leaves the cluster, or ends it if it was started here."""
        self._ray.shutdown()
