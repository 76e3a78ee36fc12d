import errno
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import torch

import bench.examination
from bench.errors import StudyStopped
from bench.run import Conditions, carry_out
from bench.score import score
from report import Results
from results import Record, load_predictions, read_curves


def one(session, places, method: str, **conditions: object) -> Record:
    planned = session(method)
    return carry_out(planned.runs[0], Conditions(study=planned.store.folder, places=places, **conditions))


def test_a_record_is_whole_and_stored(session, places) -> None:
    planned = session("nearest-mean[temperature=2]")
    record = carry_out(planned.runs[0], Conditions(study=planned.store.folder, places=places))
    assert planned.store.read(record.run_id) == record
    assert record.status == "ok"
    assert record.method == "nearest-mean[temperature=2]"
    assert record.parameters == {"classifier": "cnn", "temperature": 2.0}
    assert record.dataset == "stripes"
    assert record.budget["size"] == 16
    assert record.split is not None
    assert record.split.class_counts.train == {"lying": 70, "standing": 12}
    assert (record.split.n_valid, record.split.n_test, record.split.rule) == (24, 48, "fresh")
    assert record.timing is not None
    assert set(record.timing.phases) == {"classifier", "score"}
    assert record.timing.peak_rss_bytes is not None


def test_the_stored_predictions_give_the_stored_scores(session, places) -> None:
    planned = session("nearest-mean")
    record = carry_out(planned.runs[0], Conditions(study=planned.store.folder, places=places))
    kept = load_predictions(planned.store.run_folder(record.run_id))
    assert kept is not None
    assert len(kept.labels) == 48
    again = score(kept.probabilities, kept.labels, classes=("lying", "standing"), train_counts=np.array([70, 12]))
    assert again == record.metrics
    points = read_curves(planned.store.run_folder(record.run_id))
    assert [(p.phase, p.step, p.name) for p in points] == [("classifier", k, "brightness") for k in (1, 2)]


@pytest.mark.parametrize(
    ("method", "status", "kind", "phase", "message"),
    [
        ("diverges", "diverged", "Diverged", "generator", "loss is not finite at step 7."),
        ("not-finite", "diverged", "Diverged", "score", "a predicted probability is not finite at step 0."),
        ("fails", "failed", "KeyError", "classifier", "'no such layer'"),
        ("wrong-shape", "failed", "ValueError", "score", "shape (48, 3), expected (48, 2)"),
        ("declines", "skipped", "NotApplicable", None, "it needs three classes, and there are two."),
    ],
)
def test_what_goes_wrong_becomes_a_record(
    session, places, method: str, status: str, kind: str, phase: str | None, message: str
) -> None:
    record = one(session, places, method)
    assert record.status == status
    assert record.metrics is None
    assert record.error is not None
    assert (record.error.type, record.error.phase) == (kind, phase)
    assert message in record.error.message


def test_a_traceback_is_kept_beside_a_failed_run(session, places) -> None:
    planned = session("fails")
    record = carry_out(planned.runs[0], Conditions(study=planned.store.folder, places=places))
    assert 'raise KeyError("no such layer")' in (planned.store.run_folder(record.run_id) / "log.txt").read_text()


def test_images_that_change_while_a_study_goes_on_stop_it(session, places) -> None:
    planned = session("none")
    run = replace(planned.runs[0], fingerprint="0" * 32)
    with pytest.raises(StudyStopped, match="the images of stripes have changed while the study went on"):
        carry_out(run, Conditions(study=planned.store.folder, places=places))
    assert planned.store.records() == []


def test_a_run_says_what_it_was_at_and_when(session, places) -> None:
    planned = session("none")
    record = carry_out(planned.runs[0], Conditions(study=planned.store.folder, places=places))
    log = (planned.store.run_folder(record.run_id) / "log.txt").read_text().splitlines()
    steps = record.budget["classifier_steps"]
    said = [line.split(" ", 2)[2] for line in log]
    assert said == [
        "none on stripes, seed 0, preset smoke, on cpu", "data", f"classifier, {steps} steps", "score", "ok"
    ]  # fmt: skip
    times = [datetime.strptime(" ".join(line.split()[:2]), "%Y-%m-%d %H:%M:%S") for line in log]
    assert times == sorted(times)


def test_a_stuck_run_ends_at_its_time_limit_even_if_it_catches_everything(session, places) -> None:
    record = one(session, places, "sleeps", timeout=0.5)
    assert record.status == "timeout"
    assert record.error is not None
    assert record.error.message == "the run took longer than 0.5 s."
    assert record.error.phase == "generator"


def test_a_full_disk_stops_the_study_and_leaves_no_record(session, places, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = session("nearest-mean")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bench.examination, "save_predictions", full)
    with pytest.raises(StudyStopped, match=r"disk of .* is full; make space"):
        carry_out(planned.runs[0], Conditions(study=planned.store.folder, places=places))
    assert planned.store.run_ids() == []


def test_debug_lets_a_fault_through_but_not_a_divergence(session, places) -> None:
    with pytest.raises(KeyError, match="no such layer"):
        one(session, places, "fails", reraise=True)
    assert one(session, places, "diverges", reraise=True).status == "diverged"


def test_an_earlier_attempt_leaves_nothing_behind(session, places) -> None:
    planned = session("diverges")
    folder: Path = planned.store.run_folder(planned.runs[0].run_id)
    folder.mkdir(parents=True)
    (folder / "predictions.npz").write_bytes(b"of an earlier attempt")
    carry_out(planned.runs[0], Conditions(study=planned.store.folder, places=places))
    assert not (folder / "predictions.npz").exists()
    assert planned.store.progress() == []


def test_the_same_run_gives_the_same_predictions_to_the_bit(session, places) -> None:
    planned = session("none", "dcgan")
    for run in planned.runs:
        first, second = [_probabilities(planned, run, places, noise=noise) for noise in (0, 1)]
        assert np.array_equal(first, second), run.method


def _probabilities(planned, run, places, *, noise: int) -> np.ndarray:
    torch.manual_seed(noise)
    carry_out(run, Conditions(study=planned.store.folder, places=places))
    kept = load_predictions(planned.store.run_folder(run.run_id))
    assert kept is not None
    return kept.probabilities


def test_methods_of_one_seed_share_their_split_and_streams(session) -> None:
    """What the pairing rests on: split and seeds come from the dataset and the seed, never from the method."""
    from bench.clock import Clock
    from bench.context import RunContext
    from bench.meters import CpuMeter
    from bench.streams import stream_seed
    from results import CurveWriter

    planned = session("none", "dcgan")
    splits, streams = [], []
    for run in planned.runs:
        source = planned.sources[0][1]
        split = source.split(size=16, seed=stream_seed(run.fingerprint, run.seed, "split"))
        with CurveWriter(planned.store.run_folder(run.run_id)) as curves:
            context = RunContext(
                run=run,
                split=split,
                device=torch.device("cpu"),
                clock=Clock(CpuMeter()),
                curves=curves,
                artifacts=planned.store.run_folder(run.run_id),
                report=lambda *_: None,
            )
            streams.append([context.seed(s) for s in ("init", "batches", "transforms", "sampling")])
            once, again = (torch.rand(3, generator=context.rng("init")) for _ in range(2))
            assert torch.equal(once, again)
        splits.append(split)
    assert streams[0] == streams[1]
    for part in ("train", "valid", "test"):
        assert np.array_equal(getattr(splits[0], part).images, getattr(splits[1], part).images)


@pytest.mark.parametrize(("fits", "asked", "status"), [(4, True, "ok"), (4, False, "failed"), (0, True, "failed")])
def test_a_smaller_batch_is_tried_only_if_asked_and_the_record_says_so(
    session, places, fits: int, asked: bool, status: str
) -> None:
    planned = session({"name": "needs-memory", "fits": fits})
    conditions = Conditions(study=planned.store.folder, places=places, halve_batch=asked)
    record = carry_out(planned.runs[0], conditions)
    assert record.status == status
    assert record.error is not None
    assert record.error.type == "OutOfMemoryError"
    assert record.protocol == planned.protocol.hash
    assert record.budget["batch"] == {(4, True): 4, (4, False): 16, (0, True): 1}[fits, asked]
    if status == "ok":
        assert "a batch of 16 did not fit into the GPU's memory; 4 was used" in record.error.message
        assert any("smaller batch" in note for note in Results.of([record]).notes)
