"""What every method has to hold to. A check's docstring is the promise."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from bench.checkpoint import RunCheckpoints
from bench.clock import Clock
from bench.context import RunContext
from bench.meters import CpuMeter
from bench.plan import Protocol, Run
from bench.presets import PRESETS
from bench.streams import torch_generator
from bench.verify.checks import Check, Outcome, held, promise
from bench.weights import keep, read, restore
from datasets import LabelledImages, Split
from methods import Fitted, Method, NotApplicable
from results import CurveWriter


def verify_method(method: Method) -> Iterator[Outcome]:
    """Holds a method to the interface, on small drawn images with the ``smoke`` budget.

    Yields:
        One outcome a check, as it ends.
    """
    with tempfile.TemporaryDirectory() as folder:
        trial = _Trial(method, Path(folder))
        yield from held(_CHECKS, trial)


def toy_images(*, n: int, channels: int = 3, size: int = 16, seed: int = 0, classes: int = 3) -> LabelledImages:
    """Images that classes can be told apart on: noise around a grey level of the class.

    Args:
        n: Of the largest class; the k-th has n // (k + 1).
        channels: 1 or 3.
        size: Pixels.
        seed: Of the noise.
        classes: How many.
    """
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), [n // (k + 1) for k in range(classes)])
    levels = np.linspace(60, 200, classes)[labels]
    noise = rng.normal(0, 25, size=(len(labels), channels, size, size))
    images = np.clip(levels[:, None, None, None] + noise, 0, 255).astype(np.uint8)
    return LabelledImages(images, labels.astype(np.int64), tuple(f"class {k}" for k in range(classes)))


class _Cut(BaseException):
    """A fit was ended on purpose; no ``Exception``, so that a method that catches those goes down all the same."""


class _Trial:
    """Fits a method on toy images, as the engine would."""

    def __init__(self, method: Method, folder: Path) -> None:
        self.method = method
        self.folder = folder
        protocol = Protocol("smoke", PRESETS["smoke"], 1, "float32", "cpu")
        self.run = Run("trial", method.name, method.to_table(), "toy", {}, "toy", 0, protocol)
        self._fitted: dict[tuple[int, int], tuple[Fitted, Split, list[str]]] = {}

    def fit(self, *, channels: int = 3, attempt: int = 0) -> tuple[Fitted, Split, list[str]]:
        """(what was fitted, on what, the phases it went through); each attempt is a fit of its own."""
        key = (channels, attempt)
        if key not in self._fitted:
            self._fitted[key] = self._fit(channels, attempt)
        return self._fitted[key]

    def resumed_fit(self) -> Fitted:
        """A fit that is ended twice, after a third of its steps each time, and goes on from its checkpoints."""
        total = len(self.fit()[2])
        for cut in (total // 3, total // 3, None):
            try:
                return self._fit(3, attempt=2, cut=cut, written=total // 4)[0]
            except _Cut:
                continue
        raise AssertionError("a fit that nobody ended did not end by itself.")

    def _fit(
        self, channels: int, attempt: int, *, cut: int | None = None, written: int | None = None
    ) -> tuple[Fitted, Split, list[str]]:
        """Fits; with a checkpoint after ``written`` steps, and ended after ``cut``, where these are given."""
        split = Split(
            train=toy_images(n=40, channels=channels, seed=1),
            valid=toy_images(n=12, channels=channels, seed=2),
            test=toy_images(n=24, channels=channels, seed=3),
            rule="fresh",
            fresh=lambda labels, rng: _toy_like(labels, channels, rng),
        )
        phases: list[str] = []
        artifacts = self.folder / f"{channels}-{attempt}"
        device, clock = torch.device("cpu"), Clock(CpuMeter())
        checkpoints = RunCheckpoints(
            artifacts / "checkpoints",
            identity={"run_id": self.run.run_id},
            device=device,
            clock=clock,
            is_due=None if written is None else lambda: len(phases) == written,
        )

        def report(phase: str, _step: int, _steps: int | None) -> None:
            phases.append(phase)
            if len(phases) == cut:
                raise _Cut

        torch.set_num_threads(1)
        torch.manual_seed(attempt)  # a method that draws from the global generator gives itself away
        with CurveWriter(artifacts) as curves:
            context = RunContext(
                run=self.run,
                split=split,
                device=device,
                clock=clock,
                curves=curves,
                artifacts=artifacts,
                report=report,
                checkpoints=checkpoints,
            )
            return self.method.fit(split.train, split.valid, context), split, phases


def _toy_like(labels: np.ndarray, channels: int, rng: np.random.Generator) -> np.ndarray:
    levels = np.linspace(60, 200, 3)[labels]
    noise = rng.normal(0, 25, size=(len(labels), channels, 16, 16))
    return np.clip(levels[:, None, None, None] + noise, 0, 255).astype(np.uint8)


def _states_itself(trial: _Trial) -> None:
    """It states name, version, summary and reference, and every parameter has a help line."""
    info = trial.method.info
    for field in ("name", "summary", "reference"):
        assert getattr(info, field), f"info.{field} is empty."
    assert info.version >= 1, "info.version starts at 1."
    unexplained = [p.name for p in info.parameters if not p.help and p.name != "classifier"]
    assert not unexplained, f"no description for {', '.join(unexplained)}; add Field(description=…)."


def _survives_a_table(trial: _Trial) -> None:
    """Its parameters survive a study file."""
    table = json.loads(json.dumps(trial.method.to_table()))
    values = {name: value for name, value in table.items() if name != "name"}
    assert type(trial.method).configure(values) == trial.method, "parameters change on the way through JSON."


def _predicts(trial: _Trial) -> None:
    """It predicts (N, K) float32 probabilities that sum to one."""
    fitted, split, _ = trial.fit()
    probabilities = fitted.predict_proba(split.test.images)
    expected = (len(split.test), len(split.test.classes))
    assert probabilities.shape == expected, f"shape {probabilities.shape}, expected {expected}."
    assert probabilities.dtype == np.float32, f"dtype {probabilities.dtype}, expected float32."
    assert np.isfinite(probabilities).all() and (probabilities >= 0).all(), "not all are probabilities."
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-4), "rows do not sum to one."


def _predicts_one_by_one(trial: _Trial) -> None:
    """A prediction depends on its image alone, not on the others in the batch."""
    fitted, split, _ = trial.fit()
    some = split.test.images[:7]
    together = fitted.predict_proba(some)
    alone = np.concatenate([fitted.predict_proba(some[i : i + 1]) for i in range(len(some))])
    assert np.allclose(together, alone, atol=1e-4), "predictions change with the batch; is the network in eval mode?"


def _repeats(trial: _Trial) -> None:
    """The same seed gives the same predictions to the bit, whatever the global generators hold."""
    (a, split, _), (b, _, _) = trial.fit(), trial.fit(attempt=1)
    same = np.array_equal(a.predict_proba(split.test.images), b.predict_proba(split.test.images))
    assert same, "two fits of one seed differ; draw random numbers from context.rng or context.seed only."


def _goes_on(trial: _Trial) -> None:
    """Killed in the middle of its training, it goes on from its checkpoints and comes to the same, to the bit."""
    fitted, split, _ = trial.fit()
    again = trial.resumed_fit()
    images = split.test.images
    same = np.array_equal(fitted.predict_proba(images), again.predict_proba(images))
    assert same, "the predictions differ; name all that changes in context.steps(count, state), or leave it out."
    if trial.method.can_sample:
        labels = np.array([2, 0, 1], dtype=np.int64)
        drawn, others = (of.sample(labels, torch_generator(0)) for of in (fitted, again))
        assert np.array_equal(drawn, others), "the images drawn differ."


def _keeps_state(trial: _Trial) -> None:
    """Its state is tensors by name, on the CPU."""
    state = trial.fit()[0].state()
    assert state, "state() is empty."
    wrong = [name for name, value in state.items() if not isinstance(value, torch.Tensor) or value.device.type != "cpu"]
    assert not wrong, f"{wrong[0]} is no CPU tensor."


def _comes_back(trial: _Trial) -> None:
    """Its state, kept in a file and loaded into another fit, gives the same predictions and the same images."""
    fitted, split, _ = trial.fit()
    path = trial.folder / "weights.safetensors"
    keep(path, fitted, run=trial.run, train=split.train)
    again = restore(read(path), device=torch.device("cpu"))
    images = split.test.images
    assert np.array_equal(fitted.predict_proba(images), again.predict_proba(images)), "the predictions differ."
    if trial.method.can_sample:
        labels = np.array([2, 0, 1], dtype=np.int64)
        drawn, same = (of.sample(labels, torch_generator(0)) for of in (fitted, again))
        assert np.array_equal(drawn, same), "the images drawn differ."


def _uses_phases(trial: _Trial) -> None:
    """It names its phases and logs its steps."""
    phases = trial.fit()[2]
    assert phases, "no phase was entered; wrap the work in context.phase(…)."
    assert "outside" not in phases, "context.log was called outside a phase."
    assert len(phases) > 2, "no step was logged; call context.log(step, loss=…) at every step."


def _takes_greyscale(trial: _Trial) -> None:
    """It works on greyscale images."""
    fitted, split, _ = trial.fit(channels=1)
    assert fitted.predict_proba(split.test.images).shape == (len(split.test), 3), "wrong shape on greyscale images."


def _leaves_images_alone(trial: _Trial) -> None:
    """It leaves the images that it is given as they are."""
    _, split, _ = trial.fit()
    assert np.array_equal(split.train.images, toy_images(n=40, seed=1).images), "the training images were changed."


def _samples(trial: _Trial) -> None:
    """It samples an image for each label, where can_sample says so; the same noise, the same image."""
    fitted, split, _ = trial.fit()
    labels = np.array([2, 0, 1, 1, 2], dtype=np.int64)
    if not trial.method.can_sample:
        try:
            fitted.sample(labels, torch_generator(0))
        except NotApplicable:
            return
        raise AssertionError("it samples although can_sample is false.")
    images, again = (fitted.sample(labels, torch_generator(0)) for _ in range(2))
    expected = (5, *split.train.images.shape[1:])
    assert images.shape == expected and images.dtype == np.uint8, f"got {images.shape} {images.dtype}."
    assert np.array_equal(images, again), "the same generator state gave other images."
    other = fitted.sample(labels, torch_generator(1))
    assert not np.array_equal(images, other), "another generator state gave the same images."


_CHECKS: tuple[Check[_Trial], ...] = tuple(
    promise(check)
    for check in (
        _states_itself,
        _survives_a_table,
        _predicts,
        _predicts_one_by_one,
        _repeats,
        _goes_on,
        _keeps_state,
        _comes_back,
        _uses_phases,
        _leaves_images_alone,
        _takes_greyscale,
        _samples,
    )
)
