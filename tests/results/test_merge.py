"""Merging: nothing lost, nothing counted twice, nothing put together that does not belong together."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from results import Metrics, NotComparable, Store, Study, merge


def metrics(value):
    names = ("balanced_accuracy", "macro_f1", "macro_auc", "macro_ap", "accuracy", "g_mean", "minority_recall")
    return Metrics(**dict.fromkeys((*names, "ece", "brier"), value), recall={"a": value})


@pytest.fixture
def study_of(make_record):
    """Writes a study with one record a (run id, status, score)."""

    def write(folder: Path, *runs, study: Study | None = None, **values) -> Store:
        store = Store(folder)
        store.write_study(study or Study(methods=["none"], seeds=[0], preset="smoke"))
        for run_id, status, score in runs:
            found = metrics(score) if status == "ok" else None
            store.write(make_record(run_id, status=status, metrics=found, **values))
        return store

    return write


def test_records_artifacts_and_study_are_united(tmp_path, study_of):
    one = study_of(
        tmp_path / "a", ("r0", "ok", 0.5), study=Study(methods=["none"], seeds=[0, 2], families={"m": ["none"]})
    )
    two = study_of(
        tmp_path / "b", ("r1", "ok", 0.6), study=Study(methods=["dcgan"], seeds=[1], families={"m": ["dcgan"]})
    )
    (two.run_folder("r1")).mkdir(parents=True)
    (two.run_folder("r1") / "curves.csv").write_text("step\n")
    into = Store(tmp_path / "all")
    found = merge([one, two], into)
    assert (found.n_runs, found.n_twice, found.differing, found.damaged) == (2, 0, (), ())
    assert into.records() == [*one.records(), *two.records()]
    assert (into.run_folder("r1") / "curves.csv").read_text() == "step\n"
    study = into.read_study()
    assert (study.methods, study.seeds, study.families) == (["none", "dcgan"], [0, 1, 2], {"m": ["none", "dcgan"]})


def test_a_finished_run_goes_before_a_failed_one_and_the_first_before_the_later(tmp_path, study_of):
    one = study_of(tmp_path / "a", ("r0", "failed", 0), ("r1", "ok", 0.5))
    two = study_of(tmp_path / "b", ("r0", "ok", 0.7), ("r1", "ok", 0.6))
    into = Store(tmp_path / "all")
    found = merge([one, two], into)
    assert into.statuses() == {"r0": "ok", "r1": "ok"}
    assert into.read("r1") == one.read("r1") and into.read("r0") == two.read("r0")
    assert (found.n_twice, found.differing) == (2, ("r1",))


def test_merging_again_changes_nothing(tmp_path, study_of):
    stores = [
        study_of(tmp_path / "a", ("r0", "ok", 0.5)),
        study_of(tmp_path / "b", ("r0", "ok", 0.5), ("r1", "diverged", 0)),
    ]
    into = Store(tmp_path / "all")
    merge(stores, into)
    before = {path: path.read_bytes() for path in into.folder.rglob("*") if path.is_file()}
    merge(stores, into)
    assert {path: path.read_bytes() for path in into.folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "other",
    [
        {"protocol": "ba9876543210"},
        {"dataset_fingerprint": "e" * 32},
        {"study": Study(methods=["none"], seeds=[1], preset="quick")},
    ],
)
def test_what_is_not_comparable_is_refused_before_anything_is_written(tmp_path, study_of, other):
    one, two = study_of(tmp_path / "a", ("r0", "ok", 0.5)), study_of(tmp_path / "b", ("r1", "ok", 0.5), **other)
    with pytest.raises(NotComparable):
        merge([one, two], Store(tmp_path / "all"))
    assert not (tmp_path / "all").exists()


def test_the_same_images_in_another_place_stay_one_dataset(tmp_path, study_of):
    one = study_of(tmp_path / "a", ("r0", "ok", 0.5), study=Study(methods=["none"], datasets=["folder:/here/x"]))
    two = study_of(tmp_path / "b", ("r1", "ok", 0.5), study=Study(methods=["none"], datasets=["folder:/there/x"]))
    into = Store(tmp_path / "all")
    merge([one, two], into)
    assert into.read_study().datasets == ["folder:/here/x"]


def test_links_among_artifacts_are_not_followed(tmp_path, study_of):
    secret = tmp_path / "secret"
    secret.write_text("not yours")
    one = study_of(tmp_path / "a", ("r0", "ok", 0.5))
    one.run_folder("r0").mkdir(parents=True)
    (one.run_folder("r0") / "log.txt").symlink_to(secret)
    into = Store(tmp_path / "all")
    merge([one], into)
    assert not (into.run_folder("r0") / "log.txt").exists()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.dictionaries(st.integers(0, 5), st.sampled_from(["ok", "failed"])), min_size=1, max_size=4))
def test_any_overlap_of_studies_gives_every_run_once(tmp_path_factory, study_of, parts):
    folder = tmp_path_factory.mktemp("merge")
    stores = [
        study_of(folder / str(k), *((f"r{run}", status, 0.5) for run, status in part.items()))
        for k, part in enumerate(parts)
    ]
    into = Store(folder / "all")
    found = merge(stores, into)
    runs = {run for part in parts for run in part}
    best = {f"r{run}": "ok" if "ok" in [part.get(run) for part in parts] else "failed" for run in runs}
    assert into.statuses() == best
    assert found.n_runs == len(runs)
    assert found.differing == ()
