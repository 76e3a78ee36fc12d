"""``curves.csv``: the scalars that a method logged while it trained."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

FILE_NAME = "curves.csv"
COLUMNS = ("phase", "step", "name", "value", "wall_s")
BUFFER_ROWS = 512


class CurvePoint(NamedTuple):
    """One row.

    Attributes:
        phase: Phase of the clock.
        step: 1, 2, … within the phase.
        name: Name of the scalar.
        value: Finite, or NaN where the scalar left the finite numbers.
        wall_s: Seconds since the run began.
    """

    phase: str
    step: int
    name: str
    value: float
    wall_s: float


class CurveWriter:
    """Appends rows to ``curves.csv``, in batches, so that logging costs next to nothing.

    Curves of an earlier attempt at the run are replaced. Use as a context, or call ``close``.

    Args:
        folder: The run's artifact folder; made if missing.

    Raises:
        OSError: The folder cannot be written, or the disk is full (on any call that writes).
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / FILE_NAME).open("w+", newline="", encoding="utf-8")
        self._csv = csv.writer(self._file, lineterminator="\n")
        self._csv.writerow(COLUMNS)
        self._rows: list[tuple[str, int, str, str, str]] = []

    def add(self, phase: str, step: int, scalars: Mapping[str, float], wall_s: float) -> None:
        """Takes the scalars of one step.

        Args:
            phase: Phase of the clock.
            step: 1, 2, … within the phase.
            scalars: By name.
            wall_s: Seconds since the run began.
        """
        seconds = f"{wall_s:.3f}"
        self._rows += [(phase, step, name, f"{value:.7g}", seconds) for name, value in scalars.items()]
        if len(self._rows) >= BUFFER_ROWS:
            self.flush()

    def state_dict(self) -> dict[str, str]:
        """The curves so far, for a checkpoint."""
        self.flush()
        self._file.seek(0)
        return {"text": self._file.read()}

    def load_state_dict(self, state: dict[str, str], /) -> None:
        """Goes on behind curves of an earlier process, in the place of what was written here."""
        self._rows.clear()
        self._file.seek(0)
        self._file.truncate()
        self._file.write(state["text"])

    def flush(self) -> None:
        """Hands all rows to the system."""
        self._csv.writerows(self._rows)
        self._rows.clear()
        self._file.flush()

    def close(self) -> None:
        """Flushes and closes."""
        if not self._file.closed:
            try:
                self.flush()
            finally:
                self._file.close()

    def __enter__(self) -> CurveWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_curves(folder: Path) -> list[CurvePoint]:
    """Reads ``curves.csv`` of a run; a row that a killed run left incomplete is dropped.

    Returns:
        Rows in the order written; none where the run left no curves.
    """
    try:
        with (folder / FILE_NAME).open(newline="", encoding="utf-8", errors="replace") as file:
            return [point for row in csv.reader(file) if (point := _point(row)) is not None]
    except (OSError, csv.Error):
        return []


def _point(row: list[str]) -> CurvePoint | None:
    if len(row) != len(COLUMNS):
        return None
    phase, step, name, value, wall_s = row
    try:
        point = CurvePoint(phase, int(step), name, float(value), float(wall_s))
    except ValueError:
        return None
    return point if math.isfinite(point.wall_s) else None
