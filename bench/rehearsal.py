"""A fit for its networks alone: a few steps on noise, after which kept weights can be loaded.

So no method has to say twice how its networks are built, and every method's weights go back in the same way.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.streams import stream_seed, torch_generator
from datasets import LabelledImages
from methods import Budget, Fitted, HasState, Method, Phase, Precision, SampleImages

STEPS, IMAGES = 4, 4
"""Updates, and images of a class at most (so that no class is the largest, and no policy asks for many more)."""


def rehearse(
    method: Method,
    *,
    budget: Budget,
    precision: Precision,
    classes: tuple[str, ...],
    counts: tuple[int, ...],
    channels: int,
    device: torch.device,
) -> Fitted:
    """Fits a method to noise.

    Args:
        method: Whose networks are wanted.
        budget: Gives size and widths.
        precision: What networks compute in.
        classes: Names.
        counts: Training images of each class; which of them are 0 matters, and no more.
        channels: Of the images.
        device: Where to compute.

    Raises:
        NotApplicable: The method cannot be run on such images.
    """
    labels = np.repeat(np.arange(len(classes)), np.minimum(counts, IMAGES)).astype(np.int64)
    images = LabelledImages(_noise(len(labels), channels, budget.size), labels, classes)
    short = replace(budget, batch=IMAGES, classifier_steps=STEPS, generator_steps=max(STEPS, 2 * len(classes)))
    with tempfile.TemporaryDirectory() as folder:
        context = RehearsalContext(device, precision, short, Path(folder), channels)
        return method.fit(images, images, context)


def _noise(n: int, channels: int, size: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (n, channels, size, size), dtype=np.uint8)


@dataclass(frozen=True)
class RehearsalContext:
    """A context in which nothing counts: no clock, no curves, every generator as good as the next.

    See `methods.Context` for what each member promises.
    """

    device: torch.device
    precision: Precision
    budget: Budget
    artifacts: Path
    channels: int
    threads: int = 1

    def seed(self, stream: str) -> int:
        """The seed of a stream."""
        return stream_seed("rehearsal", 0, stream)

    def rng(self, stream: str) -> torch.Generator:
        """A CPU generator at the start of a stream."""
        return torch_generator(self.seed(stream))

    @contextlib.contextmanager
    def phase(self, name: Phase, steps: int | None = None) -> Iterator[None]:
        """Times nothing."""
        del name, steps
        yield

    def steps(self, count: int, state: HasState) -> Iterator[int]:
        """All of them."""
        del state
        yield from range(1, count + 1)

    def log(self, step: int, **scalars: float | Tensor) -> None:
        """Writes nothing, and lets a loss on noise be what it is."""
        del step, scalars

    def fresh(self, labels: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Noise."""
        return _noise(len(labels), self.channels, self.budget.size)

    def quality(self, sample: SampleImages) -> float:
        """The same for all."""
        del sample
        return 0.0
