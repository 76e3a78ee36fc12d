"""Planted cases: what each figure says of generators whose fault is known."""

import numpy as np
import pytest
import torch

from bench.generative.domain import DomainExtractor, cached_domain, train_network
from bench.generative.label_fidelity import label_fidelity
from bench.generative.measure import Measured, measure
from bench.generative.memorisation import memorisation, nearest
from bench.generative.ms_ssim import WEIGHTS, _pairs, ms_ssim, scales
from bench.generative.of_run import reference
from bench.generative.random_features import RandomExtractor
from datasets import LabelledImages

CPU = torch.device("cpu")
CLASSES = ("disc", "square", "rare")


def drawn(counts: tuple[int, ...], *, seed: int, size: int = 24) -> LabelledImages:
    """Discs, squares and crosses of random place, size and shade: variety inside each class."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    y, x = np.mgrid[:size, :size] / size
    images = []
    for label in labels:
        dx, dy = np.abs(x - rng.uniform(0.35, 0.65)), np.abs(y - rng.uniform(0.35, 0.65))
        radius = rng.uniform(0.12, 0.3)
        shape = (dx**2 + dy**2 < radius**2, np.maximum(dx, dy) < radius, np.minimum(dx, dy) < radius / 3)[label]
        shade = rng.uniform(60, 160, size=(3, 1, 1))
        images.append(np.where(shape, shade, 230) + rng.normal(0, 6, size=(3, size, size)))
    pixels = np.clip(np.stack(images), 0, 255).astype(np.uint8)
    return LabelledImages(pixels, labels.astype(np.int64), CLASSES[: len(counts)])


TRAIN, TEST = drawn((240, 160), seed=0), drawn((150, 90), seed=1)


@pytest.fixture(scope="module")
def extractor() -> DomainExtractor:
    return DomainExtractor(train_network(TRAIN, fingerprint="shapes", seed=0, device=CPU), device=CPU)


def measured(generated: LabelledImages, extractor, *, test: LabelledImages = TEST, train=TRAIN) -> Measured:
    return measure(generated=generated, test=test, train=train, extractor=extractor, rng=np.random.default_rng(0))


def test_fresh_real_images_are_at_the_floor_and_new(extractor) -> None:
    found = measured(drawn((150, 90), seed=2), extractor).generative
    assert found.kid is not None and found.kid_floor is not None and found.fid is not None
    wrong = measured(swapped(drawn((150, 90), seed=2)), extractor).generative
    assert abs(found.kid) < 0.02 * wrong.per_class["disc"].kid
    assert found.fid == pytest.approx(found.fid_floor, rel=0.5)
    assert found.memorisation == pytest.approx(0.1, abs=0.06)
    assert found.label_fidelity == pytest.approx(found.label_fidelity_real, abs=0.06)
    assert found.label_fidelity > 0.9
    assert found.density == pytest.approx(1, abs=0.2)
    assert found.coverage > 0.85
    for metric in ("precision", "recall", "coverage"):
        assert getattr(found, metric) == pytest.approx(getattr(found, f"{metric}_floor"), abs=0.1)
    assert 1.7 < found.inception_score <= 2
    assert found.ms_ssim == pytest.approx(found.ms_ssim_real, abs=0.06)
    assert set(found.missing) == set()
    assert (found.n, found.per_class["disc"].n, found.extractor.n) == (240, 150, 240)


def swapped(images: LabelledImages) -> LabelledImages:
    return LabelledImages(images.images, 1 - images.labels, images.classes)


def test_copies_of_training_images_are_memorised(extractor) -> None:
    found = measured(TRAIN, extractor)
    assert found.generative.memorisation == 1
    assert found.generative.per_class["disc"].memorisation == 1
    for label, near in found.nearest.items():
        trio = found.trios[label]
        assert np.array_equal(trio.train.images[near.indices], trio.generated.images), "each is its own nearest"


def test_half_of_them_copies_gives_half(extractor) -> None:
    fresh = drawn((100, 100), seed=3)
    mixed = fresh.images.copy()
    for label in (0, 1):
        mixed[np.flatnonzero(fresh.labels == label)[:50]] = TRAIN.images[TRAIN.labels == label][:50]
    found = measured(LabelledImages(mixed, fresh.labels, fresh.classes), extractor).generative
    assert found.memorisation == pytest.approx(0.5 + 0.05, abs=0.06)


def test_swapped_labels_have_no_fidelity(extractor) -> None:
    found = measured(swapped(drawn((60, 60), seed=4)), extractor).generative
    assert found.label_fidelity < 0.1
    assert found.label_fidelity_real > 0.9
    assert found.per_class["disc"].precision < 0.1


def test_one_image_again_and_again_is_alike(extractor) -> None:
    real = drawn((60, 60), seed=5)
    first = np.array([np.flatnonzero(real.labels == k)[0] for k in (0, 1)])
    found = measured(LabelledImages(real.images[first[real.labels]], real.labels, real.classes), extractor).generative
    assert found.ms_ssim == pytest.approx(1, abs=1e-6)
    assert found.ms_ssim_real < 0.7
    assert found.recall == 0
    assert found.coverage < 0.1


def test_three_test_images_give_no_figure_but_a_reason(extractor) -> None:
    test = TEST.subset(np.concatenate([np.flatnonzero(TEST.labels == 0), np.flatnonzero(TEST.labels == 1)[:3]]))
    found = measured(drawn((150, 64), seed=6), extractor, test=test).generative
    square = found.per_class["square"]
    why = "3 test images, needs at least 10"
    for metric in ("kid", "kid_floor", "fid", "fid_floor", "precision", "recall", "density", "coverage"):
        assert getattr(square, metric) is None
        assert found.missing[f"{metric}/square"] == why
    for metric in ("ms_ssim", "ms_ssim_real", "memorisation"):
        assert getattr(square, metric) is None
        assert found.missing[f"{metric}/square"] == why
    assert square.label_fidelity > 0.9, "needs no test images"
    assert found.per_class["disc"].kid is not None
    assert found.n == 153, "pooled in the test images' proportions"


def test_fid_needs_more_images_than_features_and_a_floor_of_as_many(extractor) -> None:
    few = TEST.subset(np.flatnonzero(TEST.labels == 0)[:64])
    found = measured(drawn((70, 0), seed=7), extractor, test=few).generative
    assert found.per_class["disc"].fid is None
    assert found.missing["fid/disc"] == "64 test images, needs more than the 64 features"
    assert found.per_class["disc"].kid is not None
    assert found.missing["kid/square"] == "no test images"
    short = TRAIN.subset(np.flatnonzero(TRAIN.labels == 0)[:80])
    found = measured(drawn((100, 0), seed=7), extractor, train=short).generative
    why = "80 training images, its floor needs as many as the 100 generated ones"
    for metric in ("fid", "fid_floor", "coverage_floor"):
        assert found.missing[f"{metric}/disc"] == why
    assert found.per_class["disc"].kid_floor is not None, "unbiased, so fewer will do"


def test_the_floor_of_all_classes_is_at_nought_however_unlike_the_proportions_of_training_images(extractor) -> None:
    rare = TRAIN.subset(np.concatenate([np.arange(240), np.arange(240, 252)]))  # 12 of 160 squares
    found = measured(drawn((150, 90), seed=2), extractor, train=rare).generative
    assert found.kid_floor is not None
    assert abs(found.kid_floor) < 0.05
    assert found.per_class["square"].kid_floor is not None


def test_every_figure_that_is_missing_has_a_reason(extractor) -> None:
    """None in the record, key in ``missing``, and the other way round."""
    for chosen in (extractor, RandomExtractor(3, device=CPU)):
        for train in (TRAIN, None):
            found = measured(drawn((12, 5), seed=8), chosen, train=train).generative
            for prefix, figures in [("", found), *((f"/{name}", of) for name, of in found.per_class.items())]:
                for metric, value in figures:
                    if metric in ("per_class", "missing", "extractor", "acceptance", "cas"):
                        continue
                    assert (value is None) == (f"{metric}{prefix}" in found.missing), (metric, prefix)


def test_without_training_images_there_are_no_floors() -> None:
    found = measured(drawn((300, 300), seed=9), RandomExtractor(3, device=CPU), train=None).generative
    assert found.kid is not None
    for key in ("kid_floor", "kid_floor/disc", "memorisation/disc"):
        assert found.missing[key] == "no training images are given"
    assert found.inception_score is None
    assert found.missing["inception_score"] == "the random extractor tells no classes"
    assert (found.extractor.name, found.extractor.resize) == ("random", "none")


def test_there_is_no_fid_without_its_floor(extractor) -> None:
    found = measured(drawn((150, 90), seed=2), extractor, train=None).generative
    assert found.fid is None
    assert found.missing["fid"] == found.missing["fid_floor"] == "no training images are given"


# --- single figures -------------------------------------------------------------------------------------------------


def test_memorisation_by_hand() -> None:
    """Nine test distances 1…9: the 10 % quantile at rank 0.1 · 10 is the smallest, 1."""
    test = np.arange(1.0, 10.0)
    assert memorisation(np.array([0.2, 0.9, 1.0, 5.0]), test) == 0.5


def test_memorisation_of_fresh_images_is_its_nominal_value_at_any_n() -> None:
    rng = np.random.default_rng(0)
    for n in (9, 12, 50):
        shares = [memorisation(rng.exponential(size=50), rng.exponential(size=n)) for _ in range(2000)]
        assert np.mean(shares) == pytest.approx(0.1, abs=0.012), n


def test_nearest_by_hand() -> None:
    found = nearest(np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[3.0, 0.0], [0.0, 1.0]]))
    assert found.distances == pytest.approx([1, 4])
    assert found.indices.tolist() == [1, 0]


def test_label_fidelity_by_hand() -> None:
    assert label_fidelity(np.array([[2.0, 1.0], [0.0, 3.0], [1.0, 0.0], [5.0, 4.0]]), 0) == 0.75


def test_ms_ssim_uses_as_many_scales_as_fit() -> None:
    sizes = {8: 0, 11: 1, 16: 1, 22: 2, 32: 2, 64: 3, 128: 4, 256: 5}
    assert {size: scales(size) for size in sizes} == sizes


def test_ms_ssim_of_one_scale_is_ssim() -> None:
    """But for how either continues an image beyond its border."""
    from skimage.metrics import structural_similarity

    images = drawn((2,), seed=0, size=16).images
    theirs = structural_similarity(
        images[0], images[1], channel_axis=0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        data_range=255, full=True,
    )[1].mean()  # fmt: skip
    assert ms_ssim(images, rng=np.random.default_rng(0)) == pytest.approx(theirs, abs=0.01)


def test_pairs_are_different_and_of_different_images() -> None:
    for n, expected in ((2, 1), (5, 10), (40, 100)):
        first, second = _pairs(n, np.random.default_rng(0))
        assert len(set(zip(first.tolist(), second.tolist(), strict=True))) == len(first) == expected
        assert (first < second).all() and first.min() >= 0 and second.max() < n
    assert sum(WEIGHTS) == pytest.approx(1, abs=2e-4)


def test_very_many_test_images_are_cut_to_a_random_part() -> None:
    test = LabelledImages(np.zeros((2600, 1, 4, 4), np.uint8), np.repeat([0, 1, 2], [2000, 590, 10]), CLASSES)
    chosen = reference(test, np.random.default_rng(0))
    assert np.bincount(test.labels[chosen]).tolist() == [1000, 590, 10]
    assert len(np.unique(chosen)) == len(chosen)


def test_the_domain_extractor_is_trained_once_and_kept(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.generative import domain

    trained = []

    def short(*args, **kwargs):
        trained.append(kwargs["seed"])
        return train_network(*args, **{**kwargs, "steps": 3})

    monkeypatch.setattr(domain, "train_network", short)
    made = [cached_domain(TRAIN, fingerprint="abc", seed=seed, device=CPU, cache=tmp_path) for seed in (0, 0, 1)]
    assert trained == [0, 1]
    assert made[0].hash == made[1].hash != made[2].hash
    a, b = (extractor.embed(TEST.images[:7]) for extractor in made[:2])
    assert np.array_equal(a.features, b.features)
    assert a.features.shape == (7, 64)
    assert a.logits.shape == (7, 2)
    assert a.features.mean(axis=1) == pytest.approx(0, abs=1e-5)


def test_training_the_domain_extractor_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    train_network(TRAIN, fingerprint="abc", seed=0, device=CPU, steps=2)
    assert torch.equal(before, torch.get_rng_state())
