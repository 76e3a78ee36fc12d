"""Measuring generated images as part of a run, and of the command."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from bench.commands.app import app
from bench.errors import UsageError
from bench.generative import cas, domain, pretrained
from bench.generative.class_folders import compared_classes
from bench.generative.of_folders import score_folders
from bench.generative.pretrained import Dinov2Extractor, InceptionExtractor, Weights, load
from bench.run import Conditions, carry_out
from bench.verify import toy_images
from results import Store

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def short_training(monkeypatch: pytest.MonkeyPatch) -> None:
    long = domain.train_network
    monkeypatch.setattr(domain, "train_network", lambda *a, **k: long(*a, **{**k, "steps": 20}))


def one(session, places, method: str = "dcgan", **conditions: object):
    planned = session(method)
    record = carry_out(planned.runs[0], Conditions(study=planned.store.folder, places=places, **conditions))
    assert record.status == "ok", record.error
    return record, planned.store.run_folder(record.run_id)


def test_a_run_measures_its_generated_images(session, places) -> None:
    record, folder = one(session, places)
    found = record.generative
    assert found is not None and found.extractor is not None
    assert (found.extractor.name, found.extractor.resize, len(found.extractor.hash)) == ("domain", "none", 12)
    assert set(found.per_class) == {"lying", "standing"}
    assert {name: of.n for name, of in found.per_class.items()} == {"lying": 64, "standing": 64}, "at least 64 a class"
    assert found.n == found.extractor.n == 48, "as many as test images, in their proportions"
    assert found.kid is not None
    assert found.per_class["lying"].kid_floor is not None
    assert 0 <= found.label_fidelity <= 1
    assert found.missing["fid"] == "48 test images, needs more than the 64 features"
    assert found.missing["cas"] == "a whole training, left out with preset smoke"
    assert record.timing.phases.keys() == {"generator", "synthesis", "classifier", "score"}
    assert record.timing.warmup_s > 0, "the extractor's training is in no phase"
    with Image.open(folder / "nearest.png") as nearest, Image.open(folder / "samples.png") as samples:
        assert nearest.size == samples.size


def test_one_training_is_one_phase(session, places) -> None:
    record, folder = one(session, places, "unified")
    assert record.timing.phases.keys() == {"joint", "score"}
    assert record.generative is not None
    assert (folder / "samples.png").exists()


def test_a_method_configured_not_to_sample_is_only_scored(session, places) -> None:
    record, folder = one(session, places, "unified[adversarial=false]")
    assert record.metrics is not None
    assert record.generative is None
    assert not (folder / "samples.png").exists()


def test_the_same_run_measures_the_same(session, places) -> None:
    first, second = (one(session, places)[0].generative for _ in range(2))
    assert first == second


def test_methods_that_draw_no_images_have_no_figures(session, places) -> None:
    assert one(session, places, "nearest-mean")[0].generative is None


def test_a_selecting_method_tells_what_it_kept(session, places) -> None:
    record, _ = one(session, places, "dcgan[selection=confidence,confidence=0]")
    kept = {name: of.acceptance for name, of in record.generative.per_class.items()}
    assert kept["lying"] is None, "the largest class is asked for no image"
    assert 0 <= kept["standing"] <= 1
    assert one(session, places)[0].generative.per_class["standing"].acceptance is None
    unified, _ = one(session, places, "unified[warm_up=0]")
    assert all(0 <= of.acceptance <= 1 for of in unified.generative.per_class.values())


def test_it_can_be_switched_off(session, places) -> None:
    record, folder = one(session, places, generative=False)
    assert record.generative is None
    assert record.metrics is not None
    assert (folder / "samples.png").exists()
    assert not (folder / "nearest.png").exists()
    assert not list(places.cache.glob("domain-*"))


def test_a_seeds_methods_share_one_extractor(session, places) -> None:
    planned = session("dcgan", "dcgan[per_class=false]")
    conditions = Conditions(study=planned.store.folder, places=places)
    hashes = {carry_out(run, conditions).generative.extractor.hash for run in planned.runs}
    assert len(hashes) == 1
    assert len(list(places.cache.glob("domain-*"))) == 1


def test_cas_trains_on_generated_images_only(session, places, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the preset's rule lifted: a balanced accuracy, and the figures that were there before."""
    without = one(session, places)[0].generative
    monkeypatch.setattr("bench.generative.of_run.PRESETS", ("smoke",))
    seen: list[np.ndarray] = []
    train_classifier = cas.train_classifier

    def watched(*arguments, train, **others):
        seen.append(train.counts)
        return train_classifier(*arguments, train=train, **others)

    monkeypatch.setattr(cas, "train_classifier", watched)
    found = one(session, places)[0].generative
    assert [counts.tolist() for counts in seen] == [[70, 12]], "as many as real training images"
    assert 0 <= found.cas <= 1
    assert "cas" not in found.missing
    assert found.kid == without.kid


# --- folders --------------------------------------------------------------------------------------------------------


def folders(place: Path, *, classes: bool = True, n: int = 40, size: int = 16, channels: int = 3) -> list[str]:
    """Folders real, generated and train of toy images, in class folders or not; returned as arguments."""
    for seed, part in enumerate(("real", "generated", "train")):
        images = toy_images(n=n, seed=seed, size=size, channels=channels)
        for i, (pixels, label) in enumerate(zip(images.images, images.labels, strict=True)):
            folder = place / part / (f"class-{label}" if classes else "")
            folder.mkdir(parents=True, exist_ok=True)
            array = np.moveaxis(pixels, 0, -1) if channels == 3 else pixels[0]
            Image.fromarray(array).save(folder / f"{i}.png")
    return [str(place / part) for part in ("real", "generated", "train")]


def test_two_folders_by_class_as_json(tmp_path: Path) -> None:
    real, generated, train = folders(tmp_path)
    said = CliRunner().invoke(app, ["score", real, generated, "--train", train, "--json"])
    assert said.exit_code == 0, said.stderr
    found = json.loads(said.stdout)
    assert set(found["per_class"]) == {"class-0", "class-1", "class-2"}
    assert found["extractor"]["name"] == "random"
    assert found["extractor"]["resize"] == "none"
    assert found["per_class"]["class-0"]["n"] == 40
    assert found["n"] == 40 + 20 + 13
    assert abs(found["kid"]) < 0.05
    assert found["kid_floor"] is not None


def test_two_folders_without_classes_as_a_table(tmp_path: Path) -> None:
    real, generated, _ = folders(tmp_path, classes=False)
    said = CliRunner().invoke(app, ["score", real, generated])
    assert said.exit_code == 0, said.stderr
    header, row = said.stdout.strip().splitlines()[:2]
    assert header.split()[:2] == ["images", "KID"]
    assert row.split()[:2] == ["all", "73"]
    assert "extractor random" in said.stderr
    assert "no training images are given" in said.stderr


def test_copies_are_told_in_folders_with_the_domain_extractor(tmp_path: Path) -> None:
    real, _, train = folders(tmp_path)
    compared = compared_classes([Path(real), Path(train), Path(train)])
    found = score_folders(compared, extractor="domain", size=None, weights=None, device=CPU)
    assert found.memorisation == 1
    assert found.label_fidelity > 0.5


def test_folders_are_brought_to_a_size(tmp_path: Path) -> None:
    real, generated, _ = map(Path, folders(tmp_path / "a", channels=1))
    arguments = {"extractor": "random", "weights": None, "device": CPU}
    found = score_folders(compared_classes([real, generated]), size=12, **arguments)
    assert found.extractor.resize == "Lanczos to 12"
    Image.new("L", (20, 12)).save(real / "class-0" / "odd.png")
    with pytest.raises(UsageError, match=r"not square and of one size \(16×16, 20×12\); give the size with --size"):
        score_folders(compared_classes([real, generated]), size=None, **arguments)


def test_one_image_in_colour_makes_all_colour(tmp_path: Path) -> None:
    """Grey first files, where the others are in colour, give the figures of the same pictures stored in colour."""
    real, generated, _ = map(Path, folders(tmp_path))
    found = []
    for mode in ("L", "RGB"):
        for first in (sorted(place.iterdir())[0] for place in (*real.iterdir(), *generated.iterdir())):
            with Image.open(first) as image:
                image.convert("L").convert(mode).save(first)
        compared = compared_classes([real, generated])
        found.append(score_folders(compared, extractor="random", size=None, weights=None, device=CPU))
    assert found[0] == found[1]


def test_classes_that_not_every_folder_has_are_named_and_left_out(tmp_path: Path) -> None:
    """As `bench sample --labels class-0:40` leaves it: a generated folder with some of the classes."""
    real, generated, _ = map(Path, folders(tmp_path))
    compared = compared_classes([real, generated])
    whole = score_folders(compared, extractor="random", size=None, weights=None, device=CPU)
    shutil.rmtree(generated / "class-2")
    said = CliRunner().invoke(app, ["score", str(real), str(generated), "--json"])
    assert said.exit_code == 0, said.stderr
    assert f"{real}: left out 1 of 3 classes, which not every folder has: class-2" in " ".join(said.stderr.split())
    found = json.loads(said.stdout)
    assert set(found["per_class"]) == {"class-0", "class-1"}
    assert found["per_class"]["class-0"]["kid"] == whole.per_class["class-0"].kid


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("real", "nowhere"), "nowhere is no folder"),
        (("real", "empty"), "empty holds no images"),
        (
            ("real", "generated", "--extractor", "vgg"),
            "no extractor 'vgg'; known are random, domain, inception, dinov2",
        ),
        (("real", "generated", "--extractor", "domain"), "learns from training images in class folders"),
        (("real", "generated", "--extractor", "inception"), "get it from https://github.com/toshas/torch-fidelity"),
        (("real", "generated", "--extractor", "dinov2"), "get it from https://dl.fbaipublicfiles.com/dinov2"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    folders(tmp_path, n=6)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BENCH_WEIGHTS", raising=False)
    said = CliRunner().invoke(app, ["score", *arguments])
    assert said.exit_code == 2
    assert message in " ".join(said.stderr.split())
    assert said.stdout == ""


# --- weights files --------------------------------------------------------------------------------------------------


def test_a_file_that_is_not_the_published_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / pretrained.INCEPTION.file).write_bytes(b"something else")
    monkeypatch.setenv("BENCH_WEIGHTS", str(tmp_path))
    with pytest.raises(UsageError, match=r"is not the published file .* get it again from https"):
        InceptionExtractor(weights=None, device=CPU)


def test_weights_are_read_as_tensors_alone(tmp_path: Path) -> None:
    """A pickle that would run code is refused although its hash is the expected one."""
    path = tmp_path / "weights.pth"
    torch.save({"a": Path("x")}, path)
    with pytest.raises(pickle.UnpicklingError):
        load(_as_published(path), tmp_path, extractor="any")


def _as_published(path: Path) -> Weights:
    import hashlib

    return Weights(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), "https://example.org")


def test_inception_is_torch_fidelitys_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With random weights in the place of the published ones: features and logits as torch-fidelity gives them."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    with monkeypatch.context() as patched:
        patched.setattr("torch_fidelity.feature_extractor_inceptionv3.load_state_dict_from_url", lambda *a, **k: {})
        patched.setattr(FeatureExtractorInceptionV3, "load_state_dict", lambda *a, **k: None)
        theirs = FeatureExtractorInceptionV3("any", ["2048", "logits_unbiased"])
    path = tmp_path / "weights.pth"
    torch.save(theirs.state_dict(), path)
    monkeypatch.setattr(pretrained, "INCEPTION", _as_published(path))
    ours = InceptionExtractor(weights=tmp_path, device=CPU)
    images = toy_images(n=1, seed=0, classes=1, size=32).images
    expected = theirs(torch.from_numpy(images))
    found = ours.embed(images)
    assert found.features == pytest.approx(expected[0].numpy(), abs=1e-5)
    assert found.logits == pytest.approx(expected[1].numpy(), abs=1e-5)
    assert ours.embed(images[:, :1]).features.shape == (1, 2048), "grey images too"


def test_dinov2_is_timms_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import timm

    theirs = timm.create_model("vit_small_patch14_dinov2", num_classes=0, img_size=224).eval()
    path = tmp_path / "weights.pth"
    torch.save(theirs.state_dict(), path)
    monkeypatch.setattr(pretrained, "DINOV2", _as_published(path))
    ours = Dinov2Extractor(weights=tmp_path, device=CPU)
    grey = np.full((2, 3, 224, 224), 128, np.uint8)
    scaled = (torch.full((2, 3, 224, 224), 128 / 255) - torch.tensor(pretrained._IMAGENET_MEAN)[:, None, None]) / (
        torch.tensor(pretrained._IMAGENET_STD)[:, None, None]
    )
    with torch.inference_mode():
        expected = theirs(scaled).numpy()
    assert ours.embed(grey).features == pytest.approx(expected, abs=1e-4)
    assert ours.embed(grey).logits is None


def test_the_command_leaves_the_figures_out_when_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    arguments = [
        "run",
        "--methods",
        "dcgan",
        "--datasets",
        "digits",
        "--seeds",
        "1",
        "--preset",
        "smoke",
        "--jobs",
        "1",
    ]
    folder = ["--device", "cpu", "--no-reference", "--out", str(tmp_path / "study")]
    said = CliRunner().invoke(app, [*arguments, *folder, "--no-generative-metrics"])
    assert said.exit_code == 0, said.stderr
    (record,) = Store(tmp_path / "study").records()
    assert record.generative is None
    assert "How good and how new" not in (tmp_path / "study/report.md").read_text()
    again = CliRunner().invoke(app, [*arguments, *folder, "--overwrite", "always"])
    assert again.exit_code == 0, again.stderr
    (measured,) = Store(tmp_path / "study").records()
    assert (measured.run_id, measured.protocol) == (record.run_id, record.protocol)
    assert measured.generative is not None
    assert measured.metrics == record.metrics
    assert "How good and how new" in (tmp_path / "study/report.md").read_text()
