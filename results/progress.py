"""Signs of life of a run under way: a small file that its worker rewrites, and anyone may read."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

INTERVAL_S = 0.5


class Progress(BaseModel):
    """How far a run is.

    Attributes:
        run_id: Which run.
        phase: What it is at: a phase of the clock, or any other word (``data``, ``score``).
        step: Steps of the phase that are done.
        steps: Steps that the phase will take, if known.
        steps_per_s: Since the phase began; None before its first step.
        started_at: Start of the run.
        updated_at: When this was written.
        pid: Process of the worker.
        host: Machine of the worker.
    """

    model_config = ConfigDict(frozen=True)

    run_id: str
    phase: str
    step: int = 0
    steps: int | None = None
    steps_per_s: float | None = None
    started_at: datetime
    updated_at: datetime
    pid: int
    host: str

    @property
    def left_s(self) -> float | None:
        """Seconds until the phase ends at this pace, if that can be told."""
        if not self.steps or not self.steps_per_s:
            return None
        return max(self.steps - self.step, 0) / self.steps_per_s

    def silent_s(self, now: datetime) -> float:
        """Seconds since the last sign of life."""
        return (now - self.updated_at).total_seconds()


class Heartbeat:
    """Writes the progress of one run, at most twice a second.

    A write is one small file and a rename, without fsync: after a power cut nobody asks how far a run was.
    Where the file cannot be written the run goes on without it.

    Args:
        folder: Of the signs of life of all runs under way (``Store.running_folder``); made if missing.
        run_id: Which run.
    """

    def __init__(self, folder: Path, run_id: str) -> None:
        self._path = folder / f"{run_id}.json"
        self._run_id = run_id
        self._started_at = datetime.now(UTC)
        self._phase, self._phase_start, self._written = "", 0.0, -INTERVAL_S

    def update(self, phase: str, step: int = 0, steps: int | None = None) -> None:
        """Tells where the run is; cheap enough for every step.

        Args:
            phase: What it is at. A new phase starts the pace anew, and is written at once.
            step: Steps of the phase that are done.
            steps: Steps that the phase will take, if known.
        """
        now = time.monotonic()
        new = phase != self._phase
        if not new and now - self._written < INTERVAL_S:
            return
        if new:
            self._phase, self._phase_start = phase, now
        self._written = now
        spent = now - self._phase_start
        self._write(
            Progress(
                run_id=self._run_id,
                phase=phase,
                step=step,
                steps=steps,
                steps_per_s=step / spent if step and spent > 0 else None,
                started_at=self._started_at,
                updated_at=datetime.now(UTC),
                pid=os.getpid(),
                host=platform.node(),
            )
        )

    def close(self) -> None:
        """Takes the file away: the run is over."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _write(self, progress: Progress) -> None:
        temporary = self._path.with_name(f".{self._path.name}.tmp")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(progress.model_dump_json(), encoding="utf-8")
            temporary.replace(self._path)


def read_progress(path: Path) -> Progress | None:
    """The last sign of life of a run; None where there is none that can be read."""
    try:
        return Progress.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
