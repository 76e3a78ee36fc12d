"""What the engine costs over calling the method directly: at most 2 % of a run's time.

The difference of two noisy trainings says little about a cost of milliseconds. So the engine carries out a method that
logs as many steps as a `quick` classifier run and computes nothing, which leaves the engine's own cost; the same split
and predictions by hand are taken off, and the rest is held against the CPU time of a real run in the same process.
"""

import statistics
import time

import numpy as np
import pytest
import torch

from bench.run import Conditions, carry_out
from bench.session import Session, prepare
from bench.streams import stream_seed
from datasets import Places
from methods import METHODS, Fitted, Method, MethodInfo, register
from results import Study


class Uniform(Fitted):
    """Predicts every class alike."""

    def __init__(self, classes: int) -> None:
        self.classes = classes

    def predict_proba(self, images):
        return np.full((len(images), self.classes), 1 / self.classes, dtype=np.float32)

    def state(self):
        return {}


class Idle(Method):
    """Logs the steps of a classifier run and computes nothing."""

    info = MethodInfo(name="idle", version=1, tier="control", summary="computes nothing", reference="a benchmark")

    def fit(self, train, valid, context):
        loss = torch.tensor(1.0)
        with context.phase("classifier", steps=context.budget.classifier_steps):
            for step in range(1, context.budget.classifier_steps + 1):
                context.log(step, loss=loss)
        return Uniform(len(train.classes))


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Session, Places]:
    """A study of `none` and `idle` on digits, preset quick; caches filled, libraries warm."""
    if "idle" not in METHODS.names():
        register(Idle)
    folder = tmp_path_factory.mktemp("overhead")
    places = Places(cache=folder / "cache")
    asked = Study(
        methods=["none", "idle"], datasets=["digits"], seeds=[0], preset="quick", device="cpu", reference_arms=False
    )
    session = prepare(asked, folder=folder / "study", places=places)
    by_engine(session, places)
    return session, places


def by_engine(session: Session, places: Places) -> None:
    carry_out(session.runs[1], Conditions(study=session.store.folder, places=places))


def by_hand(session: Session, places: Places) -> None:
    """What is left of the run without the engine: open, split, predict."""
    run = session.runs[1]
    source = run.build_dataset().open(places)
    split = source.split(size=run.protocol.budget.size, seed=stream_seed(run.fingerprint, run.seed, "split"))
    Uniform(len(split.test.classes)).predict_proba(split.test.images)


def cpu_seconds(work, *arguments) -> float:
    start = time.process_time()
    work(*arguments)
    return time.process_time() - start


def test_a_run_that_computes_nothing(benchmark, planned) -> None:
    benchmark.pedantic(by_engine, args=planned, rounds=10)


def test_the_same_by_hand(benchmark, planned) -> None:
    benchmark.pedantic(by_hand, args=planned, rounds=10)


def test_the_share_of_the_engine(benchmark, planned) -> None:
    session, places = planned
    costs = [cpu_seconds(by_engine, *planned) - cpu_seconds(by_hand, *planned) for _ in range(10)]
    conditions = Conditions(study=session.store.folder, places=places)
    spans: list[float] = []
    benchmark.pedantic(lambda: spans.append(cpu_seconds(carry_out, session.runs[0], conditions)), rounds=1)
    cost = statistics.median(costs)
    benchmark.extra_info.update(engine_s=cost, run_s=spans[0], engine_share=cost / spans[0])
    print(f"\nthe engine costs {cost:.3f} s of a run's {spans[0]:.1f} s of CPU time: {100 * cost / spans[0]:.2f} %")
