"""What the engine asks of a backend, and what a worker does, whichever started it."""

from __future__ import annotations

import contextlib
import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.cores import own_cores
from bench.devices import own_device
from bench.plan import Run
from bench.run import Conditions, carry_out
from datasets import load_plugin
from results import Record, Status

ONE_BY_ONE: Any = 1
"""For joblib, which would put short tasks together: a worker that dies is to cost one run."""


@dataclass(frozen=True)
class Finished:
    """A run that is over; its record is in the store."""

    run_id: str
    status: Status

    @classmethod
    def of(cls, record: Record) -> Finished:
        """What is told of a record."""
        return cls(record.run_id, record.status)


class WorkersDied(Exception):
    """Worker processes died (killed, or out of memory), and the runs that they were at are not finished."""


class Backend(ABC):
    """Carries out many runs at once.

    Attributes:
        jobs: How many at once.
        where: In words, for the first line of a study.
    """

    jobs: int
    where: str

    @abstractmethod
    def carry_out(self, runs: Sequence[Run], conditions: Conditions) -> Iterator[Finished]:
        """Carries out runs and yields each as it ends; records are stored by the workers.

        Raises:
            WorkersDied: Some of the runs have to be tried again.
            StudyStopped: It cannot go on: a full disk, a lost scheduler.
        """

    @abstractmethod
    def stop(self) -> None:
        """Ends what was started here and leaves what was not; runs under way are given up."""


def in_worker(run: Run, conditions: Conditions) -> Finished:
    """Carries out a run on cores, and on a GPU, of its own as far as there are free ones."""
    if threading.current_thread() is threading.main_thread():
        with contextlib.suppress(ValueError, OSError):
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends its workers
    for plugin in conditions.plugins:
        load_plugin(plugin)
    with own_cores(run.protocol.threads) as pinned, own_device(conditions.devices) as (device, alone):
        contended = "neighbours" if pinned and alone else "shared"
        return Finished.of(carry_out(run, replace(conditions, devices=(device,), contended=contended)))
