from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.clock import Clock
from bench.context import RunContext
from bench.generative.random_features import RandomExtractor
from bench.meters import CpuMeter
from bench.quality import ValidationQuality
from bench.verify import toy_images
from datasets import Split
from methods import Diverged, NotApplicable
from results import CurveWriter, read_curves


class Counted(torch.Tensor):
    """A scalar that counts how often it is read."""

    reads = 0

    def __float__(self) -> float:
        Counted.reads += 1
        return 1.0


@pytest.fixture
def context(session, tmp_path: Path):
    planned = session("none")
    split = Split(*(toy_images(n=30, seed=seed) for seed in (1, 2, 3)), rule="resampled")
    with CurveWriter(tmp_path) as curves:
        yield RunContext(
            run=planned.runs[0],
            split=split,
            device=torch.device("cpu"),
            clock=Clock(CpuMeter()),
            curves=curves,
            artifacts=tmp_path,
            report=lambda *_: None,
        )


def test_tensors_are_read_at_most_a_hundred_times_or_so_and_numbers_always(context: RunContext, tmp_path: Path) -> None:
    scalar = torch.tensor(1.0).as_subclass(Counted)
    Counted.reads = 0
    with context.phase("classifier", steps=5000):
        for step in range(1, 5001):
            context.log(step, loss=scalar)
            if step == 77:
                context.log(step, valid_accuracy=0.5)
    assert Counted.reads == 101, "each fiftieth of 5,000 steps, and the first"
    points = read_curves(tmp_path)
    assert len(points) == 102
    assert [(p.step, p.value) for p in points if p.name == "valid_accuracy"] == [(77, 0.5)]
    assert [p.step for p in points if p.name == "loss"][:3] == [1, 50, 100]


def test_a_nan_is_seen_by_the_last_step(context: RunContext) -> None:
    with context.phase("generator", steps=1000), pytest.raises(Diverged) as caught:
        for step in range(1, 1001):
            context.log(step, loss=torch.tensor(float("nan") if step > 985 else 0.0))
    assert caught.value.step == 990
    assert caught.value.quantity == "loss"


def test_fresh_images_are_refused_where_there_are_none(context: RunContext) -> None:
    with pytest.raises(NotApplicable, match="leave this method out for it"):
        context.fresh(np.zeros(3, dtype=np.int64))
    context._run = replace(context._run, dataset_table={**context._run.dataset_table, "held": 0.0})
    with pytest.raises(NotApplicable, match=r"read it with held=0\.5"):
        context.fresh(np.zeros(3, dtype=np.int64))


def test_quality_tells_good_generators_from_bad(context: RunContext) -> None:
    """Images from the same process < images of the wrong class < noise."""
    fresh = toy_images(n=200, seed=9)

    def of_class(shift: int):
        def sample(labels: np.ndarray, generator: torch.Generator) -> np.ndarray:
            rng = np.random.default_rng(generator.initial_seed() % 2**32)
            return np.stack([fresh.images[rng.choice(np.flatnonzero(fresh.labels == (k + shift) % 3))] for k in labels])

        return sample

    def noise(labels: np.ndarray, generator: torch.Generator) -> np.ndarray:
        return torch.randint(0, 256, (len(labels), 3, 16, 16), generator=generator, dtype=torch.uint8).numpy()

    good, wrong, bad = context.quality(of_class(0)), context.quality(of_class(1)), context.quality(noise)
    assert abs(good) < 0.05 * wrong
    assert good < wrong
    assert good < bad
    assert context.quality(of_class(0)) == good


def test_random_features_are_the_same_everywhere() -> None:
    images = toy_images(n=4, seed=0).images
    a, b = (RandomExtractor(3, device=torch.device("cpu")) for _ in range(2))
    assert np.array_equal(a.embed(images).features, b.embed(images).features)
    assert a.embed(images).features.shape == (len(images), 256)
    assert a.hash == b.hash


def test_quality_leaves_out_classes_that_are_too_small() -> None:
    valid = toy_images(n=5, seed=2)
    assert valid.counts.tolist() == [5, 2, 1]
    asked: list[int] = []

    def sample(labels: np.ndarray, generator: torch.Generator) -> np.ndarray:
        asked.extend(np.unique(labels).tolist())
        return np.zeros((len(labels), 3, 16, 16), dtype=np.uint8)

    ValidationQuality(valid, device=torch.device("cpu"), seed=0)(sample)
    assert asked == [0, 1]
