"""A context that records what a method asks of it, and small labelled images."""

import contextlib
import hashlib
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from datasets import LabelledImages
from methods import Budget, Diverged, NotApplicable
from methods.training.arrangement import pooled

SMOKE = Budget(size=16, batch=8, classifier_steps=12, classifier_width=8, generator_steps=12, generator_width=8)


@dataclass
class RecordingContext:
    run_seed: int = 0
    budget: Budget = SMOKE
    precision: str = "float32"
    artifacts: Path = Path()
    device: torch.device = torch.device("cpu")  # noqa: RUF009
    threads: int = 1
    qualities: list[float] = field(default_factory=list)
    can_draw: bool = True
    channels: int = 3
    phases: list[tuple[str, int | None]] = field(default_factory=list)
    logged: list[tuple[str, int, dict[str, float]]] = field(default_factory=list)
    asked_fresh: list[np.ndarray] = field(default_factory=list)
    streams: set[str] = field(default_factory=set)

    def seed(self, stream):
        self.streams.add(stream)
        return int.from_bytes(hashlib.sha256(f"{self.run_seed}|{stream}".encode()).digest()[:8], "big") >> 1

    def rng(self, stream):
        return torch.Generator().manual_seed(self.seed(stream))

    @contextlib.contextmanager
    def phase(self, name, steps=None):
        self.phases.append((name, steps))
        yield

    def steps(self, count, state):
        yield from range(1, count + 1)

    def log(self, step, **scalars):
        read = {name: float(value) for name, value in scalars.items()}
        self.logged.append((self.phases[-1][0], step, read))
        for name, value in read.items():
            if not math.isfinite(value):
                raise Diverged(step, name)

    def fresh(self, labels):
        if not self.can_draw:
            raise NotApplicable("this dataset draws no further images.")
        self.asked_fresh.append(labels)
        return coloured_images(np.asarray(labels), size=self.budget.size, channels=self.channels, seed=99)

    def quality(self, sample):
        images = sample(np.array([0, 1, 1]), torch.Generator().manual_seed(0))
        assert images.dtype == np.uint8
        return self.qualities.pop(0) if self.qualities else float(images.mean())

    def curve(self, phase, name):
        return [scalars[name] for at, _, scalars in self.logged if at == phase and name in scalars]


def coloured_images(labels, *, size=16, channels=3, seed=0):
    """Class k is a noisy disc of brightness 60 + 60 k on a dark ground."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    disc = x**2 + y**2 < (size / 3) ** 2
    images = rng.normal(30, 15, (len(labels), channels, size, size))
    images += disc * (60 + 60 * labels)[:, None, None, None]
    return images.clip(0, 255).astype(np.uint8)


@pytest.fixture
def context():
    return RecordingContext()


@pytest.fixture
def make_context():
    return RecordingContext


@pytest.fixture
def make_images():
    def make(counts, *, size=16, channels=3, seed=0):
        labels = np.repeat(np.arange(len(counts)), counts).astype(np.int64)
        images = coloured_images(labels, size=size, channels=channels, seed=seed)
        return LabelledImages(images, labels, tuple("abcdefgh"[: len(counts)]))

    return make


@pytest.fixture
def make_training(make_images):
    """A training with a given discriminator, whose generator and optimisers do not matter."""

    def make(kind, discriminator, context, **options):
        return kind(
            pooled(make_images([4, 4]), context),
            generator=nn.Linear(1, 1),
            discriminator=discriminator,
            latent=1,
            optimise=lambda g, d: (torch.optim.SGD(g.parameters()), torch.optim.SGD(d.parameters())),
            **options,
        )

    return make


@pytest.fixture
def smoke():
    return SMOKE


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
