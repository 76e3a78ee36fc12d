"""A plug-in of methods that misbehave, each in one way."""

import os
import signal
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from methods import Fitted, Method, MethodInfo, NotApplicable, Stateful, register


def info(name: str) -> MethodInfo:
    return MethodInfo(name=name, version=1, tier="control", summary="misbehaves", reference="a test")


class Constant(Fitted):
    """Predicts the same for every image."""

    def __init__(self, row: list[float]) -> None:
        self.row = row

    def predict_proba(self, images):
        return np.tile(np.array(self.row, dtype=np.float32), (len(images), 1))

    def state(self):
        return {"row": torch.tensor(self.row)}


@register
class Diverges(Method):
    """Its loss becomes NaN at step 7."""

    info: ClassVar = info("diverges")

    def fit(self, train, valid, context):
        with context.phase("generator", steps=10):
            for step in range(1, 11):
                context.log(step, loss=float("nan") if step == 7 else 1.0)
        return Constant([0.5, 0.5])


@register
class Fails(Method):
    """Raises in its classifier phase."""

    info: ClassVar = info("fails")

    def fit(self, train, valid, context):
        with context.phase("classifier", steps=1):
            raise KeyError("no such layer")


@register
class Sleeps(Method):
    """Never comes to an end."""

    info: ClassVar = info("sleeps")

    def fit(self, train, valid, context):
        with context.phase("generator", steps=1):
            while True:
                try:
                    time.sleep(60)
                except Exception:
                    continue


@register
class Declines(Method):
    """Says that it cannot be applied."""

    info: ClassVar = info("declines")

    def fit(self, train, valid, context):
        raise NotApplicable("it needs three classes, and there are two.")


@register
class WrongShape(Method):
    """Predicts one class too many."""

    info: ClassVar = info("wrong-shape")

    def fit(self, train, valid, context):
        with context.phase("classifier", steps=1):
            context.log(1, loss=1.0)
        too_many = len(train.classes) + 1
        return Constant([1 / too_many] * too_many)


@register
class NotFinite(Method):
    """Predicts NaN."""

    info: ClassVar = info("not-finite")

    def fit(self, train, valid, context):
        return Constant([float("nan"), 0.5])


@register
class DiesOnce(Method):
    """Kills its process the first time, and works the second; ``marker`` remembers. Waits for ``after`` to exist."""

    info: ClassVar = info("dies-once")
    marker: Path = Path("marker")
    always: bool = False
    after: Path | None = None

    def fit(self, train, valid, context):
        with context.phase("classifier", steps=1):
            context.log(1, loss=1.0)
            if self.after is not None:
                wait_for(self.after)
            if self.always or not self.marker.exists():
                self.marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return Constant([0.9, 0.1])


class Running(Stateful):
    """A running mean, which names none of its attributes, or one too few."""

    def __init__(self) -> None:
        self.sum, self.count = 0.0, 0

    def add(self, value: float) -> float:
        self.sum, self.count = self.sum + value, self.count + 1
        return self.sum / self.count


@register
class NamesNoState(Method):
    """Uses `context.steps` with a state that cannot be written."""

    info: ClassVar = info("names-no-state")
    state: ClassVar = Running

    def fit(self, train, valid, context):
        running, share = self.state(), 0.5
        with context.phase("classifier", steps=30):
            for step in context.steps(30, running):
                share = running.add(step / 100)
                context.log(step, share=share)
        rest = (1 - share) / (len(train.classes) - 1)
        return Constant([share] + [rest] * (len(train.classes) - 1))


class Forgetful(Running):
    changing = ("sum",)


@register
class Forgets(NamesNoState):
    """Leaves something out of its state."""

    info: ClassVar = info("forgets-a-part-of-its-state")
    state: ClassVar = Forgetful


@register
class NeedsMemory(Method):
    """Raises what torch raises where a batch is too large for the GPU."""

    info: ClassVar = info("needs-memory")
    fits: int = 4

    def fit(self, train, valid, context):
        with context.phase("classifier", steps=1):
            context.log(1, loss=1.0)
            if context.budget.batch > self.fits:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return Constant([0.9, 0.1])


@register
class StandsBy(Method):
    """Writes a line into ``begun``, and ends half a second after ``marker`` has appeared."""

    info: ClassVar = info("stands-by")
    marker: Path = Path("marker")
    begun: Path = Path("begun")

    def fit(self, train, valid, context):
        with context.phase("classifier", steps=1):
            context.log(1, loss=1.0)
            with self.begun.open("a") as file:
                file.write("begun\n")
            wait_for(self.marker)
            time.sleep(0.5)
        return Constant([0.9, 0.1])


def wait_for(path: Path) -> None:
    for _ in range(1200):
        if path.exists():
            return
        time.sleep(0.05)
    raise TimeoutError(f"{path} did not appear within a minute")


@register
class Remembers(Method):
    """Draws from the global generator: two fits of one seed differ."""

    info: ClassVar = info("draws-from-the-global-generator")

    def fit(self, train, valid, context):
        with context.phase("classifier", steps=2):
            context.log(1, loss=1.0)
            context.log(2, loss=1.0)
        share = float(torch.rand(()))
        rest = (1 - share) / (len(train.classes) - 1)
        return Constant([share] + [rest] * (len(train.classes) - 1))
