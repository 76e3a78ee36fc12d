"""The time limit of a run."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import threading
from collections.abc import Generator
from types import FrameType


class RunTimeout(BaseException):
    """A run used up its time. Not an ``Exception``, so that a method that catches those cannot swallow it."""


@contextlib.contextmanager
def time_limit(seconds: float | None) -> Generator[None]:
    """Raises `RunTimeout` in what runs inside once the time is up.

    In the main thread an alarm interrupts Python code wherever it is, waiting and sleeping included. In another
    thread, as a cluster's worker has it, or on a system without alarms, it comes with the next step of Python code.

    Args:
        seconds: None for no limit.
    """
    if seconds is None:
        yield
        return
    in_main = threading.current_thread() is threading.main_thread()
    clock = _alarm if in_main and hasattr(signal, "setitimer") else _watchdog
    try:
        with clock(seconds):
            yield
    except RunTimeout:
        raise RunTimeout(f"the run took longer than {seconds:g} s.") from None


@contextlib.contextmanager
def _alarm(seconds: float) -> Generator[None]:
    def ring(_signum: int, _frame: FrameType | None) -> None:
        raise RunTimeout

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _watchdog(seconds: float) -> Generator[None]:
    thread, over, lock = threading.get_ident(), False, threading.Lock()

    def ring() -> None:
        with lock:
            if not over:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(RunTimeout))

    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with lock:
            over = True
