"""What the engine asks of a backend, and what a worker does, whichever started it."""

from __future__ import annotations

import contextlib
import signal
import threading
from abc import ABC, abstractmethod
from concurrent.futures import Future
from dataclasses import dataclass

from bench.plan import Run
from bench.run import Conditions, carry_out
from datasets import load_plugin
from results import Record, Status


@dataclass(frozen=True)
class Finished:
    """A run that is over; its record is in the store."""

    run_id: str
    status: Status

    @classmethod
    def of(cls, record: Record) -> Finished:
        """What is told of a record."""
        return cls(record.run_id, record.status)


class WorkerDied(Exception):
    """The worker process of a run died (killed, or out of memory), and the run is not finished."""


class Backend(ABC):
    """Carries out runs, each in a process that no other run shares at that time: a death costs one run.

    Attributes:
        where: In words, for the first line of a study.
    """

    where: str

    @property
    @abstractmethod
    def jobs(self) -> int:
        """How many runs at once; on a cluster it may change while a study goes on."""

    @abstractmethod
    def submit(self, run: Run, conditions: Conditions) -> Future[Finished]:
        """Starts a run, or, where runs are carried out by this process, does it; the worker stores the record."""

    def outcome(self, future: Future[Finished]) -> Finished:
        """What became of a run whose future is done.

        Raises:
            WorkerDied: It has to be tried again.
            StudyStopped: The study cannot go on: a full disk, a lost scheduler.
        """
        return future.result()

    @abstractmethod
    def stop(self) -> None:
        """Ends what was started here and leaves what was not; runs under way are given up."""


def in_worker(run: Run, conditions: Conditions) -> Finished:
    """Carries out a run in a process that is there for nothing else."""
    if threading.current_thread() is threading.main_thread():
        with contextlib.suppress(ValueError, OSError):
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends its workers
    for plugin in conditions.plugins:
        load_plugin(plugin)
    return Finished.of(carry_out(run, conditions))
