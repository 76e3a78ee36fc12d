"""From a run with --keep-weights to images and predictions, and nothing outside the folder that was named."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image
from typer.testing import CliRunner

from bench.commands.app import app
from bench.commands.sample import class_folders, parse_labels
from bench.errors import UsageError
from bench.rehearsal import rehearse
from bench.run import Conditions, carry_out
from bench.session import prepare, write_study_file
from bench.streams import stream_seed, torch_generator
from bench.weights import keep, read, restore
from datasets import LabelledImages, Places
from methods import METHODS
from results import Store, Study, UnreadableFile, load_predictions

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def study(plugins, tmp_path_factory: pytest.TempPathFactory):
    """A study of dcgan and nearest-mean, carried out, with their weights."""
    folder = tmp_path_factory.mktemp("kept")
    places = Places(data=None, cache=folder / "cache")
    asked = Study(
        methods=["dcgan", "nearest-mean"],
        datasets=["stripes"],
        seeds=[0],
        preset="smoke",
        device="cpu",
        precision="float32",
        plugins=[str(path) for path in plugins],
        reference_arms=False,
    )
    planned = prepare(asked, folder=folder / "study", places=places)
    write_study_file(planned)
    conditions = Conditions(study=planned.store.folder, places=places, generative=False, keep_weights=True)
    assert [carry_out(run, conditions).status for run in planned.runs] == ["ok", "ok"]
    return planned


def bench(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="bench")
    return result.exit_code, result.stdout, " ".join(result.stderr.split())


def test_a_run_comes_back_to_the_bit(study) -> None:
    for run in study.runs:
        kept = read(study.store.weights_file(run.run_id))
        seed = stream_seed(run.fingerprint, run.seed, "split")
        test = study.sources[0][1].split(size=16, seed=seed).test
        probabilities = load_predictions(study.store.run_folder(run.run_id)).probabilities
        assert np.array_equal(restore(kept, device=CPU).predict_proba(test.images), probabilities)
        assert (kept.classes, kept.counts, kept.channels) == (("lying", "standing"), (70, 12), 1)


def test_the_command_keeps_weights_and_uses_them(plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    options = ("--datasets", "stripes", "--preset", "smoke", "--device", "cpu", "--seeds", "1", "--no-reference")
    folder = tmp_path / "study"
    code, _, err = bench("run", "--methods", "nearest-mean", *options, "--keep-weights", "--out", folder)
    assert code == 0, err
    (run_id,) = Store(folder).run_ids()
    Image.new("L", (16, 16)).save(tmp_path / "one.png")
    code, out, err = bench("predict", folder, run_id, tmp_path / "one.png")
    assert (code, out.splitlines()[0]) == (0, "file,class,lying,standing"), err


def test_weights_are_kept_only_when_asked_for(study, tmp_path: Path) -> None:
    conditions = Conditions(study=tmp_path, places=Places(data=None, cache=tmp_path / "cache"))
    carry_out(study.runs[1], conditions)
    assert not Store(tmp_path).weights_file(study.runs[1].run_id).exists()


def test_images_lie_in_class_folders_and_are_those_of_the_seed(study, tmp_path: Path) -> None:
    folder, run = study.store.folder, study.runs[0]
    code, _, err = bench("sample", folder, run.run_id, "--labels", "standing:3,lying", "--out", tmp_path / "a")
    assert (code, "wrote 4 images" in err) == (0, True), err
    written = sorted(path.relative_to(tmp_path / "a").as_posix() for path in (tmp_path / "a").rglob("*.png"))
    assert written == ["lying/seed0-00000.png", *(f"standing/seed0-0000{k}.png" for k in range(3))]
    fitted = restore(read(study.store.weights_file(run.run_id)), device=CPU)
    expected = fitted.sample(np.array([1, 1, 1]), torch_generator(0))
    for k, image in enumerate(expected):
        with Image.open(tmp_path / f"a/standing/seed0-0000{k}.png") as picture:
            assert np.array_equal(np.asarray(picture), image[0])


def test_a_count_alone_is_for_every_class_and_the_seed_changes_the_images(study, tmp_path: Path) -> None:
    arguments = ("sample", study.store.folder, study.runs[0].run_id, "--labels", "2", "--out", tmp_path)
    assert bench(*arguments)[0] == 0
    assert bench(*arguments, "--seed", "5")[0] == 0
    files = sorted(tmp_path.rglob("*.png"))
    assert len(files) == 8
    assert len({path.read_bytes() for path in files}) == 8


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("standin:3", "there is no class 'standin'; did you mean standing?"),
        ("standing:0", "--labels 'standing:0' asks for no whole number of images; write for example standing:20."),
        ("standin", "there is no class 'standin'; did you mean standing?"),
        ("1.5", "asks for no whole number of images"),
        ("-1", "asks for no whole number of images"),
        ("lying,,standing", "has an empty name in its list"),
    ],
)
def test_labels_that_cannot_be_had_are_named(study, tmp_path: Path, labels: str, message: str) -> None:
    code, _, err = bench("sample", study.store.folder, study.runs[0].run_id, f"--labels={labels}", "--out", tmp_path)
    assert code == 2
    assert message in err


def test_labels_with_colons_and_numbers_for_names() -> None:
    classes = ("a:1", "2", "b")
    assert parse_labels("a:1,a:1:3,2", classes, (5, 5, 5)) == {"a:1": 4, "2": 1}
    assert parse_labels("7", classes, (5, 0, 5)) == {"a:1": 7, "b": 7}, "a class without training images is left out"


def test_labels_with_commas_brackets_and_quotes_in_quotes() -> None:
    classes = ("ring, young", "it's", "a[b", "c:1", "ring")
    asked = parse_labels("""'ring, young':3,"it's","a[b":2,'c:1',"c:1":4,ring""", classes, (1,) * 5)
    assert asked == {"ring, young": 3, "it's": 1, "a[b": 2, "c:1": 5, "ring": 1}
    with pytest.raises(UsageError, match=r"there is no class 'young'; did you mean 'ring, young'\?"):
        parse_labels("ring, young:3", classes, (1,) * 5)
    with pytest.raises(
        UsageError, match=r"leaves a ' open; close it, and put names with commas, brackets or quotes in"
    ):
        parse_labels("it's:3", classes, (1,) * 5)


def test_class_names_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    names = ("../../etc", "..", "/root", "a/b", "a_b", "", "C:\\x", "ok", "OK", "Zellkern (groß)")
    folders = class_folders(names)
    inside = {(tmp_path / folder).resolve() for folder in folders.values()}
    assert all(path.parent == tmp_path.resolve() for path in inside)
    assert len({folder.lower() for folder in folders.values()}) == len(names)
    assert folders["ok"] == "ok"
    assert folders["Zellkern (groß)"] == "Zellkern (groß)", "as the folder of real images is called"


def test_runs_that_cannot_sample_say_why(study, tmp_path: Path) -> None:
    folder, (dcgan, nearest) = study.store.folder, (run.run_id for run in study.runs)
    code, _, err = bench("sample", folder, nearest, "--labels", "1", "--out", tmp_path / "x")
    assert (code, "nearest-mean draws no images" in err) == (2, True)
    code, _, err = bench("sample", folder, dcgan + "x", "--labels", "1", "--out", tmp_path / "x")
    assert (code, "has no record of" in err) == (2, True)
    assert f"did you mean {dcgan}" in err
    assert not (tmp_path / "x").exists()


def test_a_run_without_weights_says_how_to_get_them(study, tmp_path: Path) -> None:
    conditions = Conditions(study=tmp_path / "s", places=Places(data=None, cache=tmp_path / "cache"))
    record = carry_out(study.runs[1], conditions)
    Image.new("L", (8, 8)).save(tmp_path / "one.png")
    code, _, err = bench("predict", tmp_path / "s", record.run_id, tmp_path)
    assert (code, "--keep-weights --overwrite always" in err) == (2, True)


@pytest.fixture
def pictures(study, tmp_path: Path):
    """Three test images as files: one as it is, one in colour, one in a subfolder; and their classes."""
    run = study.runs[0]
    test = study.sources[0][1].split(size=16, seed=stream_seed(run.fingerprint, run.seed, "split")).test
    (tmp_path / "in/deeper").mkdir(parents=True)
    chosen = [0, len(test) // 2, len(test) - 1]
    for name, image in zip(("in/a.png", "in/b.png", "in/deeper/c.png"), test.images[chosen], strict=True):
        picture = Image.fromarray(image[0])
        (picture.convert("RGB") if name == "in/b.png" else picture).save(tmp_path / name)
    return tmp_path / "in", test.images[chosen]


def test_predictions_are_those_of_the_fitted_method(study, pictures) -> None:
    folder, images = pictures
    run_id = study.runs[0].run_id
    expected = restore(read(study.store.weights_file(run_id)), device=CPU).predict_proba(images)
    code, out, err = bench("predict", study.store.folder, run_id, folder)
    assert code == 0, err
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [Path(row["file"]).name for row in rows] == ["a.png", "b.png", "c.png"]
    assert [row["class"] for row in rows] == [("lying", "standing")[k] for k in expected.argmax(axis=1)]
    assert [float(row["standing"]) for row in rows] == pytest.approx(expected[:, 1].tolist(), abs=1e-5)
    code, out, _ = bench("predict", study.store.folder, run_id, folder / "a.png", folder / "b.png", "--json")
    entries = json.loads(out)
    assert [entry["class"] for entry in entries] == [row["class"] for row in rows[:2]]
    assert sum(entries[0]["probabilities"].values()) == pytest.approx(1.0, abs=1e-5)


def test_images_are_brought_to_the_size_of_the_run(study, tmp_path: Path) -> None:
    Image.new("RGB", (40, 31), "grey").save(tmp_path / "large.jpg")
    code, out, err = bench("predict", study.store.folder, study.runs[1].run_id, tmp_path / "large.jpg")
    assert (code, len(out.splitlines())) == (0, 2), err


def test_what_file_managers_leave_behind_is_no_image(study, pictures) -> None:
    folder, _ = pictures
    (folder / "._a.png").write_bytes(b"Mac OS X")
    code, out, err = bench("predict", study.store.folder, study.runs[1].run_id, folder)
    assert (code, len(out.splitlines())) == (0, 4), err


def test_images_that_are_none_are_named(study, tmp_path: Path) -> None:
    run_id = study.runs[1].run_id
    code, _, err = bench("predict", study.store.folder, run_id, tmp_path / "gone")
    assert (code, "there is no" in err) == (2, True)
    code, _, err = bench("predict", study.store.folder, run_id, tmp_path)
    assert (code, "holds no images" in err) == (2, True)
    (tmp_path / "bad.png").write_bytes(b"no image")
    code, _, err = bench("predict", study.store.folder, run_id, tmp_path)
    assert (code, "bad.png is no image that can be read" in err) == (2, True)


def test_weights_of_another_version_and_files_of_another_kind_are_refused(study, tmp_path: Path) -> None:
    kept = read(study.store.weights_file(study.runs[1].run_id))
    object.__setattr__(kept, "version", 99)
    with pytest.raises(UsageError, match=r"the weights are of nearest-mean version 99, and this is version 1; run it"):
        restore(kept, device=CPU)
    other = tmp_path / "weights.safetensors"
    for content in (b"", b"no weights", safetensors.torch.save({"a": torch.zeros(1)})):
        other.write_bytes(content)
        with pytest.raises(UnreadableFile, match="holds no kept weights"):
            read(other)


def test_weights_that_do_not_fit_are_refused_with_a_sentence(study) -> None:
    kept = read(study.store.weights_file(study.runs[0].run_id))
    kept.tensors.pop(next(iter(kept.tensors)))
    with pytest.raises(UsageError, match=r"the weights do not go back into dcgan \(.*\); run it again\."):
        restore(kept, device=CPU)


def test_no_path_is_kept(study, tmp_path: Path) -> None:
    """A classifier that began with a file of weights comes back without the file."""
    run = study.runs[0]
    start = tmp_path / "start.safetensors"
    fitted = restore(read(study.store.weights_file(run.run_id)), device=CPU)
    safetensors.torch.save_file(fitted.state(), start)
    method = METHODS.build(f"none[classifier=cnn[weights={start},mixup=0.1]]")
    images = LabelledImages(np.zeros((3, 1, 16, 16), np.uint8), np.array([0, 0, 1]), ("lying", "standing"))
    again = replace(run, method=method.name, method_table=method.to_table())
    trained = rehearse(
        method,
        budget=run.protocol.budget,
        precision="float32",
        classes=images.classes,
        counts=(2, 1),
        channels=1,
        device=CPU,
    )
    path = tmp_path / "weights.safetensors"
    keep(path, trained, run=again, train=images)
    start.unlink()
    kept = read(path)
    assert str(tmp_path) not in str(kept.method)
    assert kept.method["classifier"] == "cnn[mixup=0.1]"
    assert np.array_equal(restore(kept, device=CPU).predict_proba(images.images), trained.predict_proba(images.images))
