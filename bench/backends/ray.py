"""Ray: a cluster that runs already, or one that is started on this machine."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import joblib

from bench.backends.base import ONE_BY_ONE, Backend, Finished, WorkersDied, in_worker
from bench.errors import StudyStopped, UsageError
from bench.plan import Run
from bench.run import Conditions
from results import Store

POLL_S = 0.5


class Ray(Backend):
    """Ray's pool of actors behind joblib.

    Args:
        jobs: How many at once.
        address: Of a running cluster (``auto``, ``ray://host:10001``, ``10.0.0.1:6379``); None starts one here.

    Raises:
        UsageError: Ray is not installed, or no cluster answers.
    """

    def __init__(self, jobs: int, address: str | None) -> None:
        try:
            import ray
            from ray.util.joblib import register_ray
        except ImportError as error:
            raise UsageError("--backend ray needs Ray; install it with `pip install 'augbench[ray]'`.") from error
        self._ray = ray
        self.jobs = jobs
        self.where = f"{jobs} at once on Ray{f' at {address}' if address else ''}"
        local = {} if address else {"num_cpus": jobs, "include_dashboard": False}
        try:
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **local)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise UsageError(
                f"no Ray cluster answers at {address}; start one with `ray start --head`, or leave --address out."
            ) from error
        register_ray()

    def carry_out(self, runs: Sequence[Run], conditions: Conditions) -> Iterator[Finished]:
        """See `Backend.carry_out`. Ray's pool gives no run back before all are done, so the store is looked at."""
        began, store = datetime.now(UTC), Store(conditions.study)
        waiting = {run.run_id for run in runs}
        faults: list[BaseException] = []

        def work() -> None:
            try:
                with joblib.parallel_config(backend="ray", n_jobs=self.jobs):
                    joblib.Parallel(pre_dispatch="all", batch_size=ONE_BY_ONE)(
                        joblib.delayed(in_worker)(run, conditions) for run in runs
                    )
            except BaseException as error:
                faults.append(error)

        pool = threading.Thread(target=work, daemon=True, name="ray pool")
        pool.start()
        while waiting:
            alive = pool.is_alive()
            for run_id in waiting.intersection(store.run_ids()):
                record = store.read(run_id)
                if record is not None and record.finished_at >= began:
                    waiting.remove(run_id)
                    yield Finished.of(record)
            if not alive:
                break
            time.sleep(POLL_S)
        pool.join()
        for fault in faults:
            if isinstance(fault, StudyStopped):
                raise fault
            raise WorkersDied(str(fault)) from fault

    def stop(self) -> None:
        """Ends the actors, and the cluster if it was started here."""
        self._ray.shutdown()
