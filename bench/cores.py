"""Cores and devices of one's own: each run beside others is kept where no other is, as far as there is room."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

try:
    import fcntl
except ImportError:  # no such locks on Windows: runs are then not pinned, and their times count as shared
    fcntl = None

_FOLDER = Path(tempfile.gettempdir()) / f"augbench-cores-{os.getuid() if hasattr(os, 'getuid') else 0}"
_held: set[str] = set()
"""What this process has claimed."""


def available_cores() -> list[int]:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def can_pin() -> bool:
    """Whether this system lets a process be kept on cores, and lets processes agree on which."""
    return fcntl is not None and hasattr(os, "sched_setaffinity")


@contextlib.contextmanager
def own_cores(threads: int) -> Iterator[bool]:
    """Claims as many free cores as there are threads and keeps this process on them while inside.

    Args:
        threads: How many cores.

    Yields:
        Whether the cores were had; if not, the process stays where it was.
    """
    before = available_cores()
    with claimed([str(core) for core in before] if can_pin() else [], threads) as cores:
        if cores:
            os.sched_setaffinity(0, [int(core) for core in cores])
        try:
            yield bool(cores)
        finally:
            if cores:
                os.sched_setaffinity(0, before)


def others_at_work() -> bool:
    """Whether any other process of this user holds cores or a device for a run."""
    if fcntl is None or not _FOLDER.is_dir():
        return False
    for path in _FOLDER.iterdir():
        if path.name not in _held:
            with path.open() as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    return True
    return False


@contextlib.contextmanager
def claimed(names: Sequence[str], count: int) -> Iterator[list[str]]:
    """Claims the first free ones of some names while inside.

    A claim is a lock on a file of this machine's temporary folder; the system drops it with the process, so a killed
    worker leaves nothing behind. All studies of a user on one machine see the same claims.

    Args:
        names: Plain file names.
        count: How many are wanted.

    Yields:
        ``count`` names; none where there are not enough free ones, or the system has no such locks.
    """
    claims: dict[str, int] = {}
    try:
        if fcntl is not None:
            _FOLDER.mkdir(mode=0o700, exist_ok=True)
            for name in names:
                if len(claims) == count:
                    break
                descriptor = os.open(_FOLDER / name, os.O_RDWR | os.O_CREAT, 0o600)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    claims[name] = descriptor
                    _held.add(name)
                except OSError:
                    os.close(descriptor)
            if len(claims) < count:
                _drop(claims)
        yield list(claims)
    finally:
        _drop(claims)


def _drop(claims: dict[str, int]) -> None:
    while claims:
        name, descriptor = claims.popitem()
        os.close(descriptor)
        _held.discard(name)
