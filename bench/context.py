"""The engine's side of the Context that every method is given."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.checkpoint import RunCheckpoints
from bench.clock import Clock
from bench.plan import Run
from bench.quality import ValidationQuality
from bench.streams import numpy_generator, stream_seed, torch_generator
from datasets import DatasetError, Split
from methods import Budget, Diverged, HasState, NotApplicable, Parts, Phase, Precision, SampleImages
from results import CurveWriter

READS_PER_STRETCH = 100
"""How often a stretch of logged steps is read: often enough for curves, seldom enough not to wait for the device."""

Report = Callable[[str, int, int | None], None]
"""Progress: phase, step, steps of this stretch (None if unknown)."""


class RunContext:
    """What one run offers its method. See `methods.Context` for what each member promises.

    Args:
        run: Which run.
        split: Its images; only the fresh ones and the validation images are used here.
        device: Where to compute.
        clock: Times the phases.
        curves: Where scalars go.
        artifacts: The run's folder.
        report: Called at every step with the progress.
        checkpoints: From which a method's trainings go on, if any.
    """

    def __init__(
        self,
        *,
        run: Run,
        split: Split,
        device: torch.device,
        clock: Clock,
        curves: CurveWriter,
        artifacts: Path,
        report: Report,
        checkpoints: RunCheckpoints | None = None,
    ) -> None:
        self.device = device
        self.artifacts = artifacts
        self.threads: int = run.protocol.threads
        self.precision: Precision = run.protocol.precision
        self.budget: Budget = run.protocol.budget
        self._run = run
        self._split = split
        self._clock = clock
        self._curves = curves
        self._report = report
        self._quality: ValidationQuality | None = None
        self._fresh_calls = 0
        self._steps: int | None = None
        self._every = 1
        self._started = time.perf_counter()
        self._checkpoints = checkpoints

    def seed(self, stream: str) -> int:
        """The seed of a stream."""
        return stream_seed(self._run.fingerprint, self._run.seed, stream)

    def rng(self, stream: str) -> torch.Generator:
        """A CPU generator at the start of a stream."""
        return torch_generator(self.seed(stream))

    @contextlib.contextmanager
    def phase(self, name: Phase, steps: int | None = None) -> Iterator[None]:
        """Times what runs inside."""
        self._steps = steps
        self._every = max(1, (steps or 0) // READS_PER_STRETCH)
        self._report(name, 0, steps)
        with self._clock.phase(name):
            yield
        self._curves.flush()

    def steps(self, count: int, state: HasState) -> Iterator[int]:
        """The steps that are left of a training."""
        if self._checkpoints is None:
            return iter(range(1, count + 1))
        return self._checkpoints.steps(count, state, Parts(curves=self._curves, context=self, clock=self._clock))

    def state_dict(self) -> dict[str, Any]:
        """What changes here while a method fits."""
        return {"fresh_calls": self._fresh_calls, "seconds": time.perf_counter() - self._started}

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """Goes on where an earlier process was."""
        self._fresh_calls, self._started = state["fresh_calls"], time.perf_counter() - state["seconds"]

    def log(self, step: int, **scalars: float | Tensor) -> None:
        """Reports one step; numbers are taken as they come, tensors every few steps."""
        phase = self._clock.current or "outside"
        self._report(phase, step, self._steps)
        self._clock.calibrate()
        due = step % self._every == 0 or step in (1, self._steps)
        read = {name: float(scalar) for name, scalar in scalars.items() if due or not isinstance(scalar, Tensor)}
        if not read:
            return
        self._curves.add(phase, step, read, time.perf_counter() - self._started)
        for name, value in read.items():
            if not math.isfinite(value):
                raise Diverged(step, name)

    def fresh(self, labels: NDArray[np.int64]) -> NDArray[np.uint8]:
        """More real images; every call draws others."""
        if self._split.fresh is None:
            held = "held" in self._run.dataset_table
            advice = "read it with held=0.5 so that some are held back" if held else "leave this method out for it"
            raise NotApplicable(f"{self._run.dataset} cannot draw more real images; {advice}.")
        self._fresh_calls += 1
        try:
            return self._split.fresh(labels, numpy_generator(self.seed(f"fresh/{self._fresh_calls}")))
        except DatasetError as error:
            raise NotApplicable(str(error)) from error

    def quality(self, sample: SampleImages) -> float:
        """KID of generated against validation images in random features."""
        if self._quality is None:
            self._quality = ValidationQuality(self._split.valid, device=self.device, seed=self.seed("quality"))
        return self._quality(sample)
