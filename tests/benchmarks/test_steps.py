"""A step of every generator and classifier, drawing images, and a DCGAN's step beside that of a plain script.

`make benchmark` runs, stores and compares them; `python tests/benchmarks/test_steps.py` prints docs/performance.md's
figures, the two sides of each ratio in turns.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from bench.memory import keep_freed_memory
from bench.presets import PRESETS
from bench.rehearsal import RehearsalContext
from datasets import LabelledImages
from methods import METHODS
from methods.base import Precision
from methods.classifiers import CLASSIFIERS
from methods.networks.shape import Shape
from methods.training.arrangement import pooled
from methods.two_stage.adversarial import Conditional
from methods.two_stage.dcgan import BETAS, LATENT, LEARNING_RATE, Discriminator, Generator

STEPS = 40
GENERATORS = [name for name in METHODS.names() if METHODS.build(name).can_sample and name != "shuffled"]
BUILT = [name for name in CLASSIFIERS.names() if name != "timm"]
COUNTS = (200, 60, 40, 20)
"""Training images of each class; noise, for a step's cost is the same whatever they show."""

WARM = 5
"""Steps of a training that are not counted."""


@dataclass(frozen=True)
class SteppingContext(RehearsalContext):
    """A context that keeps the wall seconds of each step, by phase.

    Attributes:
        step_s: By phase.
        inside_s: Seconds of these in networks and optimisers, where ``share`` looks.
        share: Looks at them; slows the loop down a little.
    """

    step_s: dict[str, list[float]] = field(default_factory=dict)
    inside_s: dict[str, list[float]] = field(default_factory=dict)
    share: Share | None = None
    entered: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def phase(self, name: Any, steps: int | None = None) -> Iterator[None]:
        """Remembers what the steps belong to."""
        self.entered.append(name)
        yield
        self.entered.pop()

    def steps(self, count: int, state: Any) -> Iterator[int]:
        """The time from asking for one step to asking for the next."""
        del state
        spans, inside = (of.setdefault(self.entered[-1], []) for of in (self.step_s, self.inside_s))
        for step in range(1, count + 1):
            begin, before = time.perf_counter(), self.share.inside if self.share else 0.0
            yield step
            if step > WARM:
                spans.append(time.perf_counter() - begin)
                inside.append((self.share.inside if self.share else 0.0) - before)

    def milliseconds(self) -> dict[str, float]:
        """Median of a step, by phase."""
        return {phase: 1000 * float(np.median(spans)) for phase, spans in self.step_s.items() if spans}


def context(
    steps: int, *, precision: Precision = "bfloat16", preset: str = "quick", share: Share | None = None
) -> SteppingContext:
    """One of a preset's networks and batch, with fewer updates."""
    budget = replace(PRESETS[preset], classifier_steps=steps, generator_steps=steps)
    return SteppingContext(torch.device("cpu"), precision, budget, Path(), 3, share=share)


def images(size: int) -> LabelledImages:
    """Noise, imbalanced."""
    labels = np.repeat(np.arange(len(COUNTS)), COUNTS).astype(np.int64)
    pixels = np.random.default_rng(0).integers(0, 256, (len(labels), 3, size, size), dtype=np.uint8)
    return LabelledImages(pixels, labels, tuple(f"class {k}" for k in range(len(COUNTS))))


class Share:
    """How much of a span is spent in networks (forward and backward) and in optimisers; a context manager."""

    def __init__(self) -> None:
        self.inside = 0.0
        self._depth = 0
        self._begin = 0.0

    def _enter(self, *_: Any) -> None:
        if self._depth == 0:
            self._begin = time.perf_counter()
        self._depth += 1

    def _leave(self, *_: Any) -> None:
        self._depth -= 1
        if self._depth == 0:
            self.inside += time.perf_counter() - self._begin

    def __enter__(self) -> Share:
        self._hooks = [
            register_module_forward_pre_hook(self._enter),
            register_module_forward_hook(self._leave, always_call=True),
            register_optimizer_step_pre_hook(self._enter),
            register_optimizer_step_post_hook(self._leave),
        ]
        self._backward, self._grad = torch.Tensor.backward, torch.autograd.grad
        torch.Tensor.backward = self._timed(self._backward)
        torch.autograd.grad = self._timed(self._grad)
        return self

    def __exit__(self, *_: object) -> None:
        torch.Tensor.backward, torch.autograd.grad = self._backward, self._grad
        for hook in self._hooks:
            hook.remove()

    def _timed(self, call: Any) -> Any:
        def timed(*arguments: Any, **keywords: Any) -> Any:
            self._enter()
            try:
                return call(*arguments, **keywords)
            finally:
                self._leave()

        return timed


@pytest.mark.parametrize("method", GENERATORS)
def test_a_step_of_a_generator(benchmark, method: str) -> None:
    """Total of a short run; a step of each phase is in ``extra_info`` [ms]."""
    fit(benchmark, method)


@pytest.mark.parametrize("classifier", BUILT)
def test_a_step_of_a_classifier(benchmark, classifier: str) -> None:
    fit(benchmark, f"classic-balanced[classifier={classifier}]")


def fit(benchmark, method: str) -> None:
    here = context(STEPS)
    some = images(here.budget.size)
    benchmark.pedantic(lambda: METHODS.build(method).fit(some, some, here), rounds=1)
    benchmark.extra_info.update({f"{phase}_ms": ms for phase, ms in here.milliseconds().items()})
    assert here.milliseconds()


@pytest.mark.parametrize("method", GENERATORS)
def test_drawing_256_images(benchmark, method: str) -> None:
    here = context(10)
    some = images(here.budget.size)
    fitted = METHODS.build(method).fit(some, some, here)
    labels = np.arange(256) % len(COUNTS)
    benchmark.pedantic(lambda: fitted.sample(labels, torch.Generator().manual_seed(0)), rounds=3, warmup_rounds=1)


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_a_dcgan_step(benchmark, precision: Precision) -> None:
    """Width 64, batch 64, 32 × 32 pixels."""
    benchmark.pedantic(ours(precision), rounds=20, warmup_rounds=5)


def test_a_dcgan_step_of_a_plain_script(benchmark) -> None:
    benchmark.pedantic(plain(), rounds=20, warmup_rounds=5)


def ours(precision: Precision) -> Callable[[], object]:
    """One update of `dcgan[per_class=false]` on the images as they are, as a run makes it."""
    keep_freed_memory()
    here = context(1000, precision=precision, preset="standard")
    some = images(here.budget.size)
    method = METHODS.build("dcgan[per_class=false]")
    assert isinstance(method, Conditional)
    return method.training(Shape.of(some, here), pooled(some, here, turned=False)).update


def plain() -> Callable[[], object]:
    """The same networks and losses as the textbook's script: float32, contiguous, optimisers as they come.

    The order of things is that of pytorch/examples: D on a real and on a generated batch, then G through D once more.
    There is no average of G, and images are ready in floating point, both in the script's favour.
    """
    here = context(1000, preset="standard")
    some = images(here.budget.size)
    shape = Shape.of(some, here)
    g, d = Generator(shape), Discriminator(shape)
    of_g, of_d = (torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, betas=BETAS) for network in (g, d))
    pixels = torch.tensor(some.images).float().div(127.5).sub(1.0)
    labels = torch.tensor(some.labels)
    loss = nn.functional.binary_cross_entropy_with_logits
    ones, zeros = torch.ones(here.budget.batch), torch.zeros(here.budget.batch)

    def step() -> None:
        chosen = torch.randint(len(labels), (here.budget.batch,))
        real, asked = pixels[chosen], labels[chosen]
        of_d.zero_grad()
        loss(d(real, asked), ones).backward()
        fake = g(torch.randn(here.budget.batch, LATENT), asked)
        loss(d(fake.detach(), asked), zeros).backward()
        of_d.step()
        of_g.zero_grad()
        loss(d(fake, asked), ones).backward()
        of_g.step()

    return step


def in_turns(*sides: Callable[[], Callable[[], object]], rounds: int = 40) -> list[float]:
    """Median seconds of a step of each side: a process each, as its users have it, and a step at a time."""
    spawned = multiprocessing.get_context("spawn")
    pipes = [spawned.Pipe() for _ in sides]
    processes = [
        spawned.Process(target=step_when_asked, args=(side, far), daemon=True)
        for side, (_, far) in zip(sides, pipes, strict=True)
    ]
    for process in processes:
        process.start()
    spans = [[] for _ in sides]
    for k in range(WARM + rounds):
        for span, (near, _) in zip(spans, pipes, strict=True):
            near.send("step")
            seconds = near.recv()
            if k >= WARM:
                span.append(seconds)
    for process in processes:
        process.kill()
    return [float(np.median(span)) for span in spans]


def step_when_asked(side: Callable[[], Callable[[], object]], pipe: Connection) -> None:
    """Builds a side, then does a step for each message and answers with its seconds."""
    torch.set_num_threads(1)
    step = side()
    while True:
        pipe.recv()
        begin = time.perf_counter()
        step()
        pipe.send(time.perf_counter() - begin)


def shares(methods: Sequence[str]) -> Iterator[tuple[str, str, float]]:
    """Method, phase, and the share of the loop's wall time that is spent inside networks and optimisers."""
    for name in methods:
        with Share() as share:
            here = context(3 * STEPS, share=share)
            some = images(here.budget.size)
            METHODS.build(name).fit(some, some, here)
        for phase, spans in here.step_s.items():
            yield name, phase, sum(here.inside_s[phase]) / sum(spans)


def main() -> None:
    """Prints ratios and shares."""
    torch.set_num_threads(1)
    full, half, script = in_turns(partial(ours, "float32"), partial(ours, "bfloat16"), plain)
    print(f"dcgan step [ms]: bfloat16 {1000 * half:.0f}, float32 {1000 * full:.0f}, plain script {1000 * script:.0f}")
    print(f"the plain script takes {script / half:.2f} times bfloat16, {script / full:.2f} times float32")
    for name, phase, share in shares([*GENERATORS, *(f"classic-balanced[classifier={c}]" for c in BUILT)]):
        print(f"{name}, {phase}: {100 * share:.1f} % in networks and optimisers", flush=True)


if __name__ == "__main__":
    main()
