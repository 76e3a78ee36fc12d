"""What becomes of a run that raises: a status and an error, or, where it is no fault of the run, the error goes on."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bench.checkpoint import StaleCheckpoint
from bench.clock import Clock
from bench.errors import StudyStopped
from bench.limit import RunTimeout
from bench.log import RunLog
from methods import Diverged, NotApplicable
from results import ErrorRecord, Generative, Metrics, SplitRecord, Status


@dataclass
class Outcome:
    """What is known of a run so far; each step fills in more."""

    started_at: datetime
    split: SplitRecord | None = None
    metrics: Metrics | None = None
    generative: Generative | None = None
    status: Status = "ok"
    error: ErrorRecord | None = None


def is_full_disk(error: BaseException) -> bool:
    """Whether a write failed for want of space (or quota)."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def faults_into(outcome: Outcome, clock: Clock, *, log: RunLog, reraise: bool) -> Iterator[None]:
    """Turns what a run raises into its status.

    Ctrl-C, what stops the study, a stale checkpoint and, with ``reraise``, faults go through.
    """
    try:
        yield
    except (Exception, RunTimeout) as error:
        status = _status_of(error)
        of_study = is_full_disk(error) or isinstance(error, StaleCheckpoint | StudyStopped)
        if of_study or (status == "failed" and reraise):
            raise
        outcome.status = status
        outcome.metrics = None
        outcome.generative = None
        outcome.error = ErrorRecord(
            type=type(error).__name__, message=str(error) or type(error).__name__, phase=clock.current
        )
        log.fault(status, error)


def _status_of(error: Exception | RunTimeout) -> Status:
    match error:
        case Diverged():
            return "diverged"
        case NotApplicable():
            return "skipped"
        case RunTimeout():
            return "timeout"
        case _:
            return "failed"
