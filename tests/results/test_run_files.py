"""The files of one run beside its record: progress, predictions, curves."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from results import (
    CurvePoint,
    CurveWriter,
    Heartbeat,
    Predictions,
    Progress,
    Store,
    UnreadableFile,
    load_predictions,
    read_curves,
    save_predictions,
)
from results import progress as progress_module


def test_progress_is_written_at_most_twice_a_second(tmp_path, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: clock[0])
    store = Store(tmp_path)
    heartbeat = Heartbeat(store.running_folder, "a")

    def steps_seen(at: float, phase: str, step: int) -> tuple[str, int]:
        clock[0] = at
        heartbeat.update(phase, step, 200)
        (seen,) = store.progress()
        return seen.phase, seen.step

    assert steps_seen(100.0, "generator", 1) == ("generator", 1)
    assert steps_seen(100.4, "generator", 40) == ("generator", 1)
    assert steps_seen(100.5, "generator", 50) == ("generator", 50)
    assert store.progress()[0].steps_per_s == pytest.approx(100)
    assert store.progress()[0].left_s == pytest.approx(1.5)
    assert steps_seen(100.6, "classifier", 0) == ("classifier", 0)
    assert store.progress()[0].left_s is None
    heartbeat.close()
    assert store.progress() == [] and list(store.running_folder.iterdir()) == []


def test_progress_without_a_writable_folder_disturbs_nobody(tmp_path):
    (tmp_path / "running").write_text("a file where a folder should be")
    heartbeat = Heartbeat(tmp_path / "running", "a")
    heartbeat.update("generator", 1)
    heartbeat.close()
    assert (tmp_path / "running").read_text().startswith("a file")


def test_progress_tells_how_long_it_is_silent():
    then = datetime(2026, 1, 1, tzinfo=UTC)
    progress = Progress(run_id="a", phase="score", started_at=then, updated_at=then, pid=1, host="h")
    assert progress.silent_s(then + timedelta(minutes=2)) == 120


@pytest.mark.parametrize("groups", [None, np.array([7, 7, 9]), np.array(["slide 1", "slide 2", "ß"])])
def test_predictions_come_back(tmp_path, groups):
    labels = np.array([0, 1, 1])
    probabilities = np.array([[0.75, 0.25], [0.5, 0.5], [0.0, 1.0]], dtype=np.float32)
    save_predictions(Predictions(labels, probabilities, groups), tmp_path / "run")
    loaded = load_predictions(tmp_path / "run")
    assert loaded is not None
    assert loaded.labels.dtype == np.int64 and loaded.probabilities.dtype == np.float32
    np.testing.assert_array_equal(loaded.labels, labels)
    np.testing.assert_array_equal(loaded.probabilities, probabilities)
    if groups is None:
        assert loaded.groups is None
    else:
        np.testing.assert_array_equal(loaded.groups, groups)


def test_groups_of_python_objects_are_stored_as_text(tmp_path):
    groups = np.array(["a", "b"], dtype=object)
    save_predictions(Predictions(np.array([0, 1]), np.eye(2, dtype=np.float32), groups), tmp_path)
    loaded = load_predictions(tmp_path)
    assert loaded is not None and loaded.groups is not None and loaded.groups.tolist() == ["a", "b"]


def test_predictions_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"got \(3,\) and \(2, 2\)"):
        Predictions(np.zeros(3, dtype=np.int64), np.eye(2, dtype=np.float32))


def test_no_pickle_and_no_part_of_a_file_is_read(tmp_path):
    assert load_predictions(tmp_path) is None
    path = save_predictions(Predictions(np.array([0, 1]), np.eye(2, dtype=np.float32)), tmp_path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(UnreadableFile, match="is damaged"):
            load_predictions(tmp_path)
    np.savez(path, labels=np.array([{"a": 1}], dtype=object), probabilities=np.eye(1))
    with pytest.raises(UnreadableFile, match="is damaged"):
        load_predictions(tmp_path)


def test_curves_come_back(tmp_path):
    with CurveWriter(tmp_path) as writer:
        writer.add("generator", 1, {"loss_d": 1.5, "loss_g": math.nan}, 0.25)
        writer.add("classifier", 20, {"loss, smoothed": 1 / 3}, 12.0)
    first, second, third = read_curves(tmp_path)
    assert first == CurvePoint("generator", 1, "loss_d", 1.5, 0.25)
    assert second.name == "loss_g" and math.isnan(second.value)
    assert third == CurvePoint("classifier", 20, "loss, smoothed", pytest.approx(1 / 3, rel=1e-6), 12.0)
    assert (tmp_path / "curves.csv").read_text().splitlines()[0] == "phase,step,name,value,wall_s"


def test_curves_reach_the_disk_in_batches_and_a_new_attempt_starts_anew(tmp_path):
    writer = CurveWriter(tmp_path)
    for step in range(600):
        writer.add("classifier", step, {"loss": 1.0}, 0.0)
    assert len(read_curves(tmp_path)) == 512
    writer.close()
    assert len(read_curves(tmp_path)) == 600
    CurveWriter(tmp_path).close()
    assert read_curves(tmp_path) == []


def test_a_last_row_that_is_not_whole_is_dropped(tmp_path):
    (tmp_path / "curves.csv").write_text(
        "phase,step,name,value,wall_s\nclassifier,1,loss,0.5,0.1\nclassifier,2,loss,0."
    )
    assert read_curves(tmp_path) == [CurvePoint("classifier", 1, "loss", 0.5, 0.1)]
    assert read_curves(tmp_path / "nowhere") == []
