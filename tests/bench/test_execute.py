import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from bench import cores
from bench.backends.loky import Loky
from bench.cores import own_cores
from bench.errors import UsageError
from bench.execute import choose_jobs, execute
from bench.run import Conditions
from results import load_predictions


@pytest.fixture
def conditions(session, places, plugins) -> Conditions:
    return Conditions(study=session("none").store.folder, places=places, plugins=tuple(plugins))


def test_jobs() -> None:
    assert choose_jobs("3", threads=1, device_type="cpu", runs=10) == 3
    assert choose_jobs("3", threads=1, device_type="cpu", runs=2) == 2
    assert choose_jobs("auto", threads=1, device_type="cuda", runs=10) == 1
    assert choose_jobs("auto", threads=10_000, device_type="cpu", runs=10) == 1
    for text in ("0", "two", "-1"):
        with pytest.raises(UsageError, match="number of jobs"):
            choose_jobs(text, threads=1, device_type="cpu", runs=2)


def test_cores_are_not_claimed_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setattr(cores, "_FOLDER", tmp_path / "claims")
    before = os.sched_getaffinity(0)
    with own_cores(len(before)) as all_of_them, own_cores(1) as one_more:
        assert all_of_them
        assert not one_more
    assert os.sched_getaffinity(0) == before
    with own_cores(1) as alone:
        assert alone
        assert len(os.sched_getaffinity(0)) == 1


def test_side_by_side_gives_what_one_after_another_gives(session, conditions: Conditions) -> None:
    planned = session("nearest-mean", "diverges", "none", seeds=(0, 1))
    apart = [finished.run_id for finished in execute(planned.runs, conditions, backend=Loky(1))]
    one_by_one = {run_id: load_predictions(planned.store.run_folder(run_id)) for run_id in apart}
    statuses = planned.store.statuses()
    together = list(execute(planned.runs, conditions, backend=Loky(2)))
    assert sorted(finished.run_id for finished in together) == sorted(apart)
    assert planned.store.statuses() == statuses
    for run_id, before in one_by_one.items():
        after = load_predictions(planned.store.run_folder(run_id))
        if before is not None and after is not None:
            assert (before.probabilities == after.probabilities).all()
    assert contended(planned) <= {"neighbours", "shared"}


def test_a_run_has_the_machine_to_itself_only_where_no_study_of_the_same_user_runs(
    session, conditions: Conditions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cores, "_FOLDER", tmp_path / "claims")
    planned = session("nearest-mean")
    list(execute(planned.runs, conditions, backend=Loky(1)))
    assert contended(planned) == {"none"}
    monkeypatch.setattr(cores, "available_cores", lambda: [0, 10_000])
    monkeypatch.setattr(cores, "can_pin", lambda: True)
    monkeypatch.setattr("os.sched_setaffinity", lambda *_: None)
    for taken, found in ((["10000"], "neighbours"), (["0", "10000"], "shared"), (["cuda-0-0"], "neighbours")):
        with other_process_holding(tmp_path / "claims", taken):
            list(execute(planned.runs, conditions, backend=Loky(1)))
        assert contended(planned) == {found}
    list(execute(planned.runs, conditions, backend=Loky(1)))
    assert contended(planned) == {"none"}


def contended(planned) -> set[str]:
    return {record.timing.contended for record in planned.store.records() if record.timing}


@contextlib.contextmanager
def other_process_holding(folder: Path, names: list[str]):
    """Locks files as another study's workers would."""
    code = (
        "import fcntl, sys; files = [open(name, 'a') for name in sys.argv[1:]]; "
        "[fcntl.flock(file, fcntl.LOCK_EX) for file in files]; print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, *(str(folder / name) for name in names)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield
        other.stdin.close()


def test_a_worker_that_dies_costs_only_its_run_which_is_tried_again(session, conditions, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    methods = [{"name": "dies-once", "marker": str(marker)}, "nearest-mean"]
    planned = session(*methods, seeds=(0, 1, 2))
    finished = list(execute(planned.runs, conditions, backend=Loky(2), retries=1))
    assert marker.exists()
    assert sorted(f.run_id for f in finished) == sorted(run.run_id for run in planned.runs)
    assert set(planned.store.statuses().values()) == {"ok"}


def test_a_death_neither_ends_nor_blames_the_runs_beside_it(death_beside) -> None:
    death_beside(Loky(2), retries=1)
