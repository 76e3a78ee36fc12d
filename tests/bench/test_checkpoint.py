"""A run that is killed goes on from its checkpoints, and ends as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from bench.checkpoint import Every, RunCheckpoints
from bench.packing import pack, unpack
from bench.run import Conditions, carry_out
from results import Record, Store, load_predictions, read_curves, write_study

ROOT = Path(__file__).resolve().parents[2]
BUDGET = {"classifier_steps": 9, "generator_steps": 14}


class Killed(BaseException):
    pass


@pytest.fixture
def conditions(session, places, plugins):
    return Conditions(study=session("none").store.folder, places=places, plugins=tuple(plugins), generative=False)


@pytest.fixture
def planned(session):
    """The one run of a study of one method, with few steps."""
    return lambda method: session(method, budget=BUDGET).runs[0]


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch, conditions: Conditions):
    """Carries out a run that is killed each time when it has written twice, at most ``times`` times."""

    real = RunCheckpoints._write

    def until_done(run, *, times: int = 99) -> tuple[Record | None, int]:
        kills = 0
        while True:
            counts = {"steps": 0, "written": 0}

            def is_due(counts=counts) -> bool:
                counts["steps"] += 1
                return counts["steps"] % 3 == 0

            def write(self, counts=counts) -> None:
                real(self)
                counts["written"] += 1
                if counts["written"] == 2:
                    raise Killed

            with monkeypatch.context() as patch:
                patch.setattr(RunCheckpoints, "_write", write)
                patch.setattr("bench.run.Every", lambda _, is_due=is_due: is_due)
                try:
                    return carry_out(run, with_checkpoints(conditions)), kills
                except Killed:
                    kills += 1
                    if kills == times:
                        return None, kills

    return until_done


def with_checkpoints(conditions: Conditions) -> Conditions:
    return Conditions(**{**vars(conditions), "checkpoint_every": 1.0})


def outcome(store: Store, run_id: str):
    """All that a run left but for times."""
    record, folder = store.read(run_id), store.run_folder(run_id)
    predictions, samples = load_predictions(folder), folder / "samples.png"
    return (
        record.model_dump(exclude={"timing", "started_at", "finished_at"}),
        predictions.probabilities.tobytes(),
        [point[:4] for point in read_curves(folder)],
        samples.read_bytes() if samples.exists() else None,
    )


@pytest.mark.parametrize(
    "method",
    [
        "classic-balanced",
        "mixup[classifier=vit]",
        "dcgan",
        "bagan-gp[labels=soft,selection=full]",
        "ddpm",
        "cgan-diffaug[loss=hinge,spectral_norm=true]",
        "unified[weighting=dwa,warm_up=0]",
    ],
)
def test_a_run_that_is_killed_goes_on_to_the_same_to_the_bit(planned, killed, conditions: Conditions, method) -> None:
    run, store = planned(method), Store(conditions.study)
    carry_out(run, conditions)
    undisturbed = outcome(store, run.run_id)
    record, kills = killed(run)
    assert kills >= 1
    assert record.timing.resumed == kills
    assert outcome(store, run.run_id) == undisturbed
    assert not (conditions.study / "checkpoints").exists()


def test_a_short_run_writes_nothing(planned, conditions: Conditions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RunCheckpoints, "_write", lambda _: pytest.fail("it wrote a checkpoint"))
    record = carry_out(planned("none"), Conditions(**{**vars(conditions), "checkpoint_every": 300.0}))
    assert record.status == "ok"
    assert record.timing.resumed == 0


def other_format(path: Path) -> None:
    content = unpack(path.read_bytes(), torch.device("cpu"))
    path.write_bytes(pack({**content, "format": 0}))


def other_state(path: Path) -> None:
    content = unpack(path.read_bytes(), torch.device("cpu"))
    content["state"]["parts"]["network"] = {"strange": torch.zeros(3)}
    path.write_bytes(pack(content))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "cannot be read"),
        (lambda path: path.write_bytes(b"nothing of the kind"), "cannot be read"),
        (other_format, "is of format 0, and this is 1"),
        (other_state, "does not fit"),
    ],
)
def test_a_checkpoint_that_cannot_be_used_is_ignored_with_a_sentence(
    planned, killed, conditions: Conditions, capfd, spoil, sentence: str
) -> None:
    run, store = planned("none"), Store(conditions.study)
    carry_out(run, conditions)
    undisturbed = outcome(store, run.run_id)
    killed(run, times=1)
    spoil(store.checkpoint_folder(run.run_id) / "0.safetensors")
    record = carry_out(run, conditions)
    assert record.timing.resumed == 0
    assert outcome(store, run.run_id) == undisturbed
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert sentence in said
    assert "starts anew" in said


def test_a_training_that_names_no_state_runs_without_checkpoints(planned, conditions: Conditions, capfd) -> None:
    record = carry_out(planned("names-no-state"), Conditions(**{**vars(conditions), "checkpoint_every": 1e-9}))
    assert record.status == "ok"
    assert "give it `changing`" in capfd.readouterr().err
    assert not (conditions.study / "checkpoints").exists()


def test_checkpoints_of_runs_that_the_study_no_longer_has_are_named(session) -> None:
    planned = session("none")
    planned.store.checkpoint_folder("none-stripes-s0-0123456789").mkdir(parents=True)
    planned.store.checkpoint_folder(planned.runs[0].run_id).mkdir(parents=True)
    (notice,) = session("none").notices
    assert "none-stripes-s0-0123456789" in notice
    assert planned.runs[0].run_id not in notice


def test_the_time_comes_again_and_again() -> None:
    often, seldom = Every(0.0), Every(3600.0)
    assert [often(), often(), seldom(), seldom()] == [True, True, False, False]


def test_packing_keeps_types_and_bits() -> None:
    content = {
        0: (1, 2.5, None, True, "text"),
        "nested": [{"a": torch.tensor([1.0, float("nan")])}, (), [], {}],
        "bytes": torch.arange(5, dtype=torch.uint8),
        "turned": torch.arange(6.0).reshape(2, 3).T,
        "tiny": 5e-324,
    }
    again = unpack(pack(content), torch.device("cpu"))
    assert list(again) == list(content)
    assert again[0] == content[0]
    assert again["nested"][1:] == [(), [], {}]
    assert again["nested"][0]["a"].isnan().tolist() == [False, True]
    assert torch.equal(again["bytes"], content["bytes"])
    assert again["bytes"].dtype == torch.uint8
    assert torch.equal(again["turned"], content["turned"])
    assert again["tiny"] == 5e-324
    with pytest.raises(NotImplementedError, match="a set"):
        pack({"x": {1, 2}})


DRIVER = """
import sys
from pathlib import Path
from bench.run import Conditions, carry_out
from bench.session import prepare
from datasets import Places
from results import read_study

study, folder, cache = map(Path, sys.argv[1:])
places = Places(data=None, cache=cache)
(run,) = prepare(read_study(study), folder=folder, places=places).runs
carry_out(run, Conditions(study=folder, places=places, generative=False, checkpoint_every=0.1))
"""


def test_a_process_that_is_killed_leaves_a_checkpoint_that_another_goes_on_from(
    session, conditions: Conditions, tmp_path: Path
) -> None:
    planned = session("cgan-diffaug", budget={"classifier_steps": 10, "generator_steps": 60})
    write_study(planned.study, tmp_path / "asked.toml")
    (run,) = planned.runs
    undisturbed = Store(tmp_path / "undisturbed")
    carry_out(run, Conditions(**{**vars(conditions), "study": undisturbed.folder}))

    killed = Store(tmp_path / "killed")
    command = [sys.executable, "-c", DRIVER, str(tmp_path / "asked.toml"), str(killed.folder), str(tmp_path / "cache")]
    worker = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"})
    while not list(killed.checkpoint_folder(run.run_id).glob("*.safetensors")):
        assert worker.poll() is None
        time.sleep(0.001)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    assert killed.run_ids() == []
    record = carry_out(run, Conditions(**{**vars(conditions), "study": killed.folder}))
    assert record.timing.resumed == 1
    assert outcome(killed, run.run_id) == outcome(undisturbed, run.run_id)
