"""The time limit of a run."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class RunTimeout(BaseException):
    """A run used up its time. Not an ``Exception``, so that a method that catches those cannot swallow it."""


@contextlib.contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raises `RunTimeout` in what runs inside once the time is up.

    It interrupts Python code, waiting and sleeping included, wherever it is. Where the system has no alarm signal,
    or outside the main thread, there is no limit.

    Args:
        seconds: None for no limit.
    """
    if seconds is None or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_signum: int, _frame: FrameType | None) -> None:
        raise RunTimeout(f"the run took longer than {seconds:g} s.")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
