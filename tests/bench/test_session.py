from pathlib import Path

import pytest
import torch

from bench.plan import REFERENCES
from bench.run import Conditions, carry_out
from bench.session import Overwrite, default_folder, prepare, to_do, try_splits, write_study_file
from datasets import DatasetError
from results import NotComparable, Study, read_study


def test_the_written_study_is_resolved_and_can_be_given_back(session, places, tmp_path: Path) -> None:
    planned = session("nearest-mean", seeds=(0, 1), references=True)
    write_study_file(planned)
    study = read_study(planned.store.study_file)
    assert study.methods == [*REFERENCES, "nearest-mean"]
    assert (study.preset, study.precision, study.device) == ("smoke", planned.protocol.precision, "cpu")
    again = prepare(study, folder=tmp_path / "other", places=places)
    assert [run.run_id for run in again.runs] == [run.run_id for run in planned.runs]


def test_a_study_file_says_where_weights_lie_and_names_say_what_they_are(session, places, tmp_path: Path) -> None:
    weights = tmp_path / "mine.pt"
    torch.save({}, weights)
    planned = session(f"none[classifier=cnn[weights={weights}]]")
    write_study_file(planned)
    assert str(tmp_path) not in planned.runs[0].method
    again = prepare(Study(), folder=planned.store.folder, places=places)
    assert [run.run_id for run in again.runs] == [planned.runs[0].run_id]
    assert again.runs[0].build_method() == planned.runs[0].build_method()
    torch.save({"other": torch.zeros(1)}, weights)
    changed = prepare(Study(), folder=planned.store.folder, places=places)
    assert changed.runs[0].run_id != planned.runs[0].run_id


def test_a_second_run_adds_methods_and_seeds(session, places) -> None:
    write_study_file(session("nearest-mean", seeds=(0, 1)))
    more = prepare(Study(methods=["diverges"], seeds=[1, 5]), folder=session("none").store.folder, places=places)
    assert more.study.methods == ["nearest-mean", "diverges"]
    assert more.study.seeds == [0, 1, 5]
    assert more.study.preset == "smoke"
    assert len(more.runs) == 6


@pytest.mark.parametrize(
    "other", [{"preset": "quick"}, {"budget": {"batch": 8}}, {"threads": 2}, {"precision": "bfloat16"}]
)
def test_another_protocol_is_refused(session, places, other: dict[str, object]) -> None:
    planned = session("nearest-mean", precision="float32")
    write_study_file(planned)
    with pytest.raises(NotComparable, match=f"with {next(iter(other))} .* and is asked for"):
        prepare(Study(methods=["none"], **other), folder=planned.store.folder, places=places)


def test_a_study_is_gone_on_with_on_the_devices_that_are_asked_for(session, places, monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: False)
    write_study_file(session("nearest-mean", device="cuda"))
    folder = session("nearest-mean", device="cuda").store.folder
    for asked, devices in (("cuda:1", [1]), ("cuda:2,cuda:3", [2, 3]), ("all", [0, 1, 2, 3]), (None, [0])):
        more = Study(methods=["none"], **({"device": asked} if asked else {}))
        found = prepare(more, folder=folder, places=places)
        assert found.devices == tuple(f"cuda:{index}" for index in devices)
        assert found.study.device == "cuda"


def test_records_of_another_protocol_are_refused_without_a_study_file(session, places) -> None:
    planned = session("nearest-mean")
    carry_out(planned.runs[0], Conditions(study=planned.store.folder, places=places))
    with pytest.raises(NotComparable, match="holds runs of protocol"):
        session("nearest-mean", budget={"batch": 8})


def test_a_study_without_reference_arms_stays_so_when_it_is_gone_on_with(session, places) -> None:
    write_study_file(session("nearest-mean"))
    again = prepare(read_study(session("none").store.study_file), folder=session("none").store.folder, places=places)
    assert again.study.methods == ["nearest-mean"]
    asked = Study(methods=["diverges"], reference_arms=True)
    more = prepare(asked, folder=again.store.folder, places=places)
    assert more.study.methods == [*REFERENCES, "nearest-mean", "diverges"]


def test_records_on_other_images_of_the_same_name_are_refused_before_anything_runs(session, places) -> None:
    planned = session("nearest-mean")
    record = carry_out(planned.runs[0], Conditions(study=planned.store.folder, places=places))
    planned.store.write(record.model_copy(update={"dataset_fingerprint": "0" * 32}))
    with pytest.raises(NotComparable, match=r"runs on other images of stripes \(fingerprint 000000000000, now"):
        session("none")


def test_what_is_done_again(session) -> None:
    runs = session("nearest-mean", "fails", "diverges", "none").runs
    statuses = dict(zip((run.run_id for run in runs), ("ok", "failed", "diverged"), strict=False))
    names = lambda overwrite: [run.method for run in to_do(runs, statuses, overwrite)]  # noqa: E731
    assert names(Overwrite.never) == ["none"]
    assert names(Overwrite.failed) == ["fails", "none"]
    assert names(Overwrite.always) == ["nearest-mean", "fails", "diverges", "none"]


def test_a_dataset_that_cannot_be_split_is_refused_before_anything_is_written(session) -> None:
    planned = session("none")

    def refuse(**_: object) -> None:
        raise DatasetError("class 'standing' has 1 image.")

    planned.sources[0][1].split = refuse
    with pytest.raises(DatasetError, match="standing"):
        try_splits(planned, planned.runs)
    assert not planned.store.folder.exists()


def test_the_default_folder_is_named_after_the_study() -> None:
    asked = Study(methods=["none", "dcgan[classifier=mlp]"], datasets=["cells", "digits"])
    assert default_folder(asked) == Path("studies/none+dcgan-classifier-mlp-cells+digits")
    assert default_folder(Study(methods=["../../etc"])).parts[0] == "studies"
    own = Study(methods=["none"], datasets=["folder:/home/me/pets[part=develop]", "csv:../rows.csv"])
    assert default_folder(own) == Path("studies/none-folder-pets-part-develop-+csv-rows.csv")
    assert ".." not in default_folder(Study(methods=["../../etc"])).parts
    one, other = (default_folder(Study(methods=[*["none"] * 30, last])).name for last in ("focal", "mixup"))
    assert one != other, "long lists share a folder"
    assert len(one) < 120
