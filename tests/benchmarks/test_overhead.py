"""What the engine costs over calling the method directly: at most 2 % of a run's time.

`make benchmark` times both; the share below is measured within one process, interleaved, and printed.
"""

import statistics
import time
from pathlib import Path

import pytest
import torch

from bench.clock import Clock, CpuMeter
from bench.context import RunContext
from bench.run import Conditions, carry_out
from bench.session import Session, prepare
from bench.streams import stream_seed
from datasets import Places
from results import CurveWriter, Study


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Session, Places]:
    folder = tmp_path_factory.mktemp("overhead")
    places = Places(cache=folder / "cache")
    asked = Study(
        methods=["none"],
        datasets=["digits"],
        seeds=[0],
        preset="quick",
        budget={"classifier_steps": 300, "size": 16},
        device="cpu",
    )
    session = prepare(asked, folder=folder / "study", places=places, references=False)
    _engine(session, places)  # fills caches, warms the libraries
    return session, places


def _engine(session: Session, places: Places) -> None:
    carry_out(session.runs[0], Conditions(study=session.store.folder, places=places))


class _Silent(CurveWriter):
    """Keeps no curves: what a bare script would do."""

    def add(self, *_: object) -> None:
        return None


def _direct(session: Session, folder: Path) -> None:
    """The same work by hand: split, fit, predict."""
    run, (_, source) = session.runs[0], session.sources[0]
    torch.set_num_threads(1)
    split = source.split(size=run.protocol.budget.size, seed=stream_seed(run.fingerprint, run.seed, "split"))
    with _Silent(folder) as curves:
        context = RunContext(
            run=run,
            split=split,
            device=torch.device("cpu"),
            clock=Clock(CpuMeter()),
            curves=curves,
            artifacts=folder,
            report=lambda *_: None,
        )
        run.build_method().fit(split.train, split.valid, context).predict_proba(split.test.images)


def test_a_run_by_the_engine(benchmark, planned) -> None:
    benchmark.pedantic(_engine, args=planned, rounds=5)


def test_a_run_by_hand(benchmark, planned, tmp_path: Path) -> None:
    benchmark.pedantic(_direct, args=(planned[0], tmp_path), rounds=5)


def test_the_share_of_the_engine(benchmark, planned, tmp_path: Path) -> None:
    """CPU seconds of either, in turn, in one process; the median of the paired ratios is stored with the benchmark."""
    ratios: list[float] = []

    def one_pair() -> None:
        spans = []
        for work in (lambda: _engine(*planned), lambda: _direct(planned[0], tmp_path)):
            start = time.process_time()
            work()
            spans.append(time.process_time() - start)
        ratios.append(spans[0] / spans[1])

    benchmark.pedantic(one_pair, rounds=7)
    share = statistics.median(ratios) - 1
    benchmark.extra_info["engine_share"] = share
    print(f"\nthe engine adds {100 * share:.1f} % of CPU time (median of {len(ratios)} pairs)")
