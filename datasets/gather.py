"""Images picked out of a mapped set without pulling them into memory."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

IN_MEMORY_BYTES = 256 * 2**20
"""Up to this size a pick from a mapped set is simply copied into memory."""

BLOCK_BYTES = 16 * 2**20


def gather(images: NDArray[np.uint8], indices: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The images at some indices, in that order.

    A small pick is a copy in memory. A large one from a memory-mapped set goes, block by block, into a file beside
    the set that has no name any more once it is mapped: the system may drop its pages whenever memory is short, and
    removes it with the process, killed or not.

    Args:
        images: (N, C, H, W) uint8, perhaps memory-mapped.
        indices: (M,) 0…N−1.

    Returns:
        (M, C, H, W) uint8.

    Raises:
        OSError: The disk is full.
    """
    bytes_each = images.itemsize * int(np.prod(images.shape[1:]))
    if not isinstance(images, np.memmap) or len(indices) * bytes_each <= IN_MEMORY_BYTES:
        return images[indices]
    folder = Path(images.filename).parent if images.filename else None
    handle, name = tempfile.mkstemp(dir=folder, prefix=".pick-")
    with os.fdopen(handle, "wb") as file:
        block = max(1, BLOCK_BYTES // bytes_each)
        try:
            for start in range(0, len(indices), block):
                file.write(images[indices[start : start + block]].tobytes())
            file.flush()
            return np.memmap(name, dtype=np.uint8, mode="r+", shape=(len(indices), *images.shape[1:]))
        finally:
            with contextlib.suppress(OSError):  # Windows keeps a mapped file; it goes with the cache
                Path(name).unlink()
