"""Checkpoints: what a long run writes now and then, so that it goes on from there if it is killed.

A run is done again from its beginning, and only its trainings take the short way: each one goes on from its last
checkpoint, the finished ones from their end. All between them (splitting, drawing images, fitting Gaussians) follows
from seeds and from the trainings, so the result is that of an undisturbed run, on a CPU to the bit.
"""

from __future__ import annotations

import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch

from bench.clock import Clock
from bench.packing import pack, unpack
from methods import HasState
from results import write_whole

FORMAT = 1
EVERY_S = 300.0
"""Seconds between two checkpoints, by default."""


class StaleCheckpoint(Exception):
    """A checkpoint does not fit what it was loaded into, which is now half changed: the run has to start anew."""


class RunCheckpoints:
    """The checkpoints of one run: a file for each of its trainings, in the order in which they are entered.

    Nothing is written in a run that is over before the first checkpoint is due.

    Args:
        folder: Survives the run's process; made when something is written.
        identity: What has to be the same, the run's id first; a checkpoint with another is not used.
        device: Where the run computes.
        clock: Keeps the time of writing out of the run's.
        is_due: Asked after each step; None to write nothing (what lies there is still used).
    """

    def __init__(
        self,
        folder: Path,
        *,
        identity: Mapping[str, Any],
        device: torch.device,
        clock: Clock,
        is_due: Callable[[], bool] | None,
    ) -> None:
        self._folder, self._device, self._clock, self._is_due = folder, device, clock, is_due
        self._identity = {**identity, "format": FORMAT, "torch": torch.__version__}
        self._generators = GlobalGenerators(device)
        self._entered = 0
        self._unwritten: dict[int, bytes] = {}

    def steps(self, count: int, state: HasState, around: HasState) -> Iterator[int]:
        """See `methods.Context.steps`.

        Args:
            count: How many.
            state: Of the training.
            around: What changes beside the trainings: clock, curves.
        """
        number, self._entered = self._entered, self._entered + 1
        done = self._restore(number, count, state, around)
        for step in range(done + 1, count + 1):
            yield step
            due = self._is_due is not None and self._is_due()
            if due or (self._is_due is not None and step == count):  # what is finished is written with what comes next
                content = {"count": count, "step": step, "around": around.state_dict()}
                self._take(number, content, state)
            if due:
                self._write()

    def _take(self, number: int, content: dict[str, Any], state: HasState) -> None:
        with self._clock.apart():
            try:
                of_training = {"state": state.state_dict(), "generators": self._generators.state_dict()}
                self._unwritten[number] = pack({**self._identity, **content, **of_training})
            except NotImplementedError as error:
                self._is_due = None
                _say(f"{self._identity['run_id']} writes no checkpoints: {error}")

    def _write(self) -> None:
        with self._clock.apart():
            for number, content in self._unwritten.items():
                write_whole(self._file(number), content)
        self._unwritten.clear()

    def _restore(self, number: int, count: int, state: HasState, around: HasState) -> int:
        """Goes on where a training was written; how many of its steps are done then."""
        try:
            content = unpack(self._file(number).read_bytes(), self._device)
        except FileNotFoundError:
            return 0
        except (OSError, safetensors.SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
            return self._start_anew(f"cannot be read ({error})")
        for name, value in {**self._identity, "count": count}.items():
            if content.get(name) != value:
                return self._start_anew(f"is of {name} {content.get(name)}, and this is {value}")
        try:
            state.load_state_dict(content["state"])
        except (NotImplementedError, RuntimeError, ValueError, KeyError, TypeError) as error:
            raise StaleCheckpoint(str(error).splitlines()[0]) from error
        self._generators.load_state_dict(content["generators"])
        around.load_state_dict(content["around"])
        return content["step"]

    def _start_anew(self, reason: str) -> int:
        _say(f"a checkpoint of {self._identity['run_id']} {reason}; the run starts anew.")
        shutil.rmtree(self._folder, ignore_errors=True)
        return 0

    def _file(self, number: int) -> Path:
        return self._folder / f"{number}.safetensors"


class Every:
    """Says now and then that the time has come.

    Args:
        seconds: Between two times.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self._last = seconds, time.monotonic()

    def __call__(self) -> bool:
        """Whether it has; then the next time is counted from now."""
        now = time.monotonic()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True


class GlobalGenerators:
    """The generators of random numbers that belong to the process: torch's, NumPy's and Python's.

    Args:
        device: Whose generator is one of them.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def state_dict(self) -> dict[str, Any]:
        """Their states."""
        _, keys, *rest = np.random.get_state()
        return {
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state(self._device) if self._device.type == "cuda" else None,
            "numpy": (torch.from_numpy(np.asarray(keys, dtype=np.int64)), *rest),
            "python": random.getstate(),
        }

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """Puts them back."""
        torch.set_rng_state(state["torch"])
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda"], self._device)
        keys, *rest = state["numpy"]
        np.random.set_state(("MT19937", keys.numpy().astype(np.uint32), *rest))
        random.setstate(state["python"])


def _say(sentence: str) -> None:
    print(f"bench: {sentence}", file=sys.stderr, flush=True)
