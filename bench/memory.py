"""What a process does with memory that is freed."""

from __future__ import annotations

import ctypes
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Names of mallopt(3)."""
TOP, LARGEST = 2**31 - 1, 2**30
"""Bytes: free memory at the top of the heap that is kept, and from what size on a block is mapped for itself."""


def keep_freed_memory() -> bool:
    """Lets this process keep what it frees, so that the next training step finds its tensors' pages mapped.

    By default glibc gives large blocks back to the kernel, which hands them out again page by page, zeroed: up to ten
    thousand page faults a step. Nothing is computed otherwise; `give_back` says when the run is another one.

    Returns:
        Whether the C library took it; elsewhere than with glibc nothing happens.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(*pair) for pair in ((TRIM_THRESHOLD, TOP), (MMAP_THRESHOLD, LARGEST)))


def give_back() -> None:
    """Gives what is freed back once, so that a run's peak is not that of the run before it in the same process."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)
