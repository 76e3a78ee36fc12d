"""Files that are either whole or not there."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


class UnreadableFile(ValueError):
    """A record, study or baseline file that cannot be read; the message names it and says what to do."""


class NotComparable(ValueError):
    """Runs of different protocols were to be put together; the message names the difference."""


def write_whole(path: Path, content: str | bytes) -> None:
    """Writes a file so that a reader, or a power cut, finds the old file or the new one and never a part.

    Temporary file in the same folder, fsync, rename, fsync of the folder.

    Args:
        path: Target; its folder is made.
        content: Text is written as UTF-8.

    Raises:
        OSError: The folder cannot be written, or the disk is full; the target is then untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # not the process id: two containers that share a folder may both be process 1
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    data = content.encode() if isinstance(content, str) else content
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
