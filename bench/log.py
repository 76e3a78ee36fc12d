"""What a run says of itself while it goes on: ``log.txt`` among its artifacts."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime
from pathlib import Path

FILE_NAME = "log.txt"


class RunLog:
    """Lines with their times (UTC), each written at once.

    Args:
        folder: The run's artifacts; it exists.
    """

    def __init__(self, folder: Path) -> None:
        self._file = (folder / FILE_NAME).open("a", encoding="utf-8", buffering=1)
        self._phase = ""

    def say(self, text: str) -> None:
        """A line."""
        self._file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {text}\n")

    def update(self, phase: str, step: int = 0, steps: int | None = None) -> None:
        """Says where the run is, once a phase; cheap enough for every step. Takes what `Heartbeat.update` takes."""
        if phase != self._phase:
            self._phase = phase
            from_step = f", from step {step}" if step > 1 else ""
            self.say(phase if steps is None else f"{phase}, {steps} steps{from_step}")

    def fault(self, status: str, error: BaseException) -> None:
        """What ended the run, with its traceback."""
        self.say(f"{status}: {error}")
        self._file.write("".join(traceback.format_exception(error)))

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
