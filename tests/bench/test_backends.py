"""The same study on every backend gives the same records but for times; clusters are started here."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from bench.backends import Backend, BackendName, choose_backend
from bench.backends.loky import Loky
from bench.errors import StudyStopped, UsageError
from bench.execute import execute
from bench.run import Conditions
from results import Store, load_predictions

ROOT = Path(__file__).resolve().parents[2]
METHODS = ("nearest-mean", "diverges", "none", "class-weight")
SEEDS = tuple(range(6))


@pytest.fixture
def outcome(session, places, plugins, tmp_path: Path):
    """Carries out a study of 24 runs and gives what came out, without times."""

    def carry_out(backend: Backend, name: str) -> dict[str, tuple]:
        folder = tmp_path / name
        conditions = Conditions(study=folder, places=places, plugins=tuple(plugins))
        finished = list(execute(session(*METHODS, seeds=SEEDS).runs, conditions, backend=backend))
        store = Store(folder)
        assert sorted(one.run_id for one in finished) == store.run_ids()
        assert not store.progress()
        found = {}
        for record in store.records():
            predictions = load_predictions(store.run_folder(record.run_id))
            kept = None if predictions is None else predictions.probabilities.tobytes()
            found[record.run_id] = (record.status, record.metrics, record.error, kept)
        return found

    return carry_out


@pytest.fixture
def expected(outcome):
    found = outcome(choose_backend(BackendName.loky, jobs=1, scheduler=None, address=None), "serial")
    assert len(found) == 24
    assert {status for status, *_ in found.values()} == {"ok", "diverged"}
    return found


def test_two_processes_give_the_same(outcome, expected) -> None:
    assert outcome(choose_backend(BackendName.loky, jobs=2, scheduler=None, address=None), "loky") == expected


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs augbench[dask]")
def test_a_dask_scheduler_with_two_worker_processes_gives_the_same(outcome, expected, death_beside) -> None:
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
    ):
        backend = choose_backend(BackendName.dask, jobs=1, scheduler=cluster.scheduler_address, address=None)
        assert backend.jobs == 2
        assert outcome(backend, "dask") == expected
        one = choose_backend(BackendName.dask, jobs=1, at_most=1, scheduler=cluster.scheduler_address, address=None)
        assert one.jobs == 1
        one.stop()
        again = choose_backend(BackendName.dask, jobs=1, scheduler=cluster.scheduler_address, address=None)
        death_beside(again, retries=0)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs augbench[dask]")
def test_dask_workers_with_several_threads_are_refused() -> None:
    from distributed import LocalCluster

    with (
        LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster,
        pytest.raises(UsageError, match="--nthreads 1"),
    ):
        choose_backend(BackendName.dask, jobs=1, scheduler=cluster.scheduler_address, address=None)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs augbench[dask]")
def test_a_lost_scheduler_stops_the_study_with_a_sentence(session, places, plugins, tmp_path: Path) -> None:
    found = tmp_path / "scheduler.json"
    started = ["--scheduler-file", str(found)]
    programs = [
        ["distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard", *started],
        ["distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", *started],
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    scheduler, worker = (
        subprocess.Popen([sys.executable, "-m", *program], env=environment, stderr=subprocess.DEVNULL)
        for program in programs
    )
    try:
        while not found.exists():
            assert scheduler.poll() is None
            time.sleep(0.1)
        address = json.loads(found.read_text())["address"]
        backend = choose_backend(BackendName.dask, jobs=1, scheduler=address, address=None)
        planned = session("nearest-mean", "sleeps")
        conditions = Conditions(study=planned.store.folder, places=places, plugins=tuple(plugins))
        finished = execute(planned.runs, conditions, backend=backend)
        assert next(finished).status == "ok"
        scheduler.kill()
        with pytest.raises(StudyStopped, match="was lost; start it again and run the same command"):
            next(finished)
        assert [record.status for record in planned.store.records()] == ["ok"]
    finally:
        for program in (scheduler, worker):
            program.kill()
            program.wait()


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs augbench[ray]")
def test_a_local_ray_gives_the_same(outcome, expected, death_beside) -> None:
    assert outcome(choose_backend(BackendName.ray, jobs=2, scheduler=None, address=None), "ray") == expected
    death_beside(choose_backend(BackendName.ray, jobs=2, scheduler=None, address=None), retries=0)


@pytest.mark.parametrize(
    ("name", "scheduler", "address", "message"),
    [
        (BackendName.dask, None, None, "needs --scheduler"),
        (BackendName.loky, "tcp://127.0.0.1:1", None, "belongs to --backend dask"),
        (BackendName.dask, "tcp://127.0.0.1:1", "auto", "belongs to --backend ray"),
    ],
)
def test_addresses_that_are_missing_or_belong_elsewhere(name, scheduler, address, message) -> None:
    with pytest.raises(UsageError, match=message):
        choose_backend(name, jobs=1, scheduler=scheduler, address=address)


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs augbench[dask]")
def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.backends.dask.CONNECT_S", 0.5)
    with pytest.raises(UsageError, match=re.escape("answers at tcp://127.0.0.1:9")):
        choose_backend(BackendName.dask, jobs=1, scheduler="tcp://127.0.0.1:9", address=None)


def test_a_fresh_worker_in_the_place_of_a_grown_one_is_no_warning() -> None:
    from joblib.externals.loky import process_executor

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        Loky(2)
        words = "A worker stopped while some jobs were given to the "
        assert words in Path(process_executor.__file__).read_text(), "loky says it in other words now"
        warnings.warn(f"{words}executor.", UserWarning, stacklevel=1)
    assert not told
