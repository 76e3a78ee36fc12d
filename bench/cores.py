"""Cores of one's own: each run that goes on beside others is kept on cores that no other uses."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # no such locks on Windows: runs are then not pinned, and their times count as shared
    fcntl = None

_FOLDER = Path(tempfile.gettempdir()) / f"augbench-cores-{os.getuid() if hasattr(os, 'getuid') else 0}"


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

    A claim is a lock on a file of this machine's temporary folder; the system drops it with the process, so a killed
    worker leaves nothing behind. All studies of a user on one machine see the same claims.

    Args:
        threads: How many cores.

    Yields:
        Whether the cores were had; if not, the process stays where it was.
    """
    before = available_cores()
    claims = _claim(before, threads) if can_pin() else []
    try:
        if claims:
            os.sched_setaffinity(0, [core for core, _ in claims])
        yield bool(claims)
    finally:
        if claims:
            os.sched_setaffinity(0, before)
        for _, descriptor in claims:
            os.close(descriptor)


def _claim(cores: list[int], threads: int) -> list[tuple[int, int]]:
    """(core, open descriptor) for each claimed core; empty when there are not enough free ones."""
    assert fcntl is not None
    _FOLDER.mkdir(mode=0o700, exist_ok=True)
    claims: list[tuple[int, int]] = []
    for core in cores:
        if len(claims) == threads:
            break
        descriptor = os.open(_FOLDER / str(core), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            claims.append((core, descriptor))
        except OSError:
            os.close(descriptor)
    if len(claims) == threads:
        return claims
    for _, descriptor in claims:
        os.close(descriptor)
    return []
