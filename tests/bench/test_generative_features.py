"""Feature-space metrics: against torch-fidelity, against the published formulas word for word, and planted cases."""

import numpy as np
import pytest
import torch

from bench.generative.fid import fid
from bench.generative.inception_score import inception_score
from bench.generative.kid import kid
from bench.generative.pairs import ROWS
from bench.generative.prdc import compare


def cloud(n: int, width: int = 16, *, shift: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(width, width))
    return rng.normal(size=(n, width)) @ mixing + shift


def test_kid_by_hand() -> None:
    """One dimension, x = {0, 1}, y = {2, 0}: k(a, b) = (ab + 1)³.

    within x: k(0, 1) = 1; within y: k(2, 0) = 1; across: k(0,2)=1, k(0,0)=1, k(1,2)=27, k(1,0)=1, mean 7.5.
    """
    x, y = np.array([[0.0], [1.0]]), np.array([[2.0], [0.0]])
    assert kid(x, y) == pytest.approx(1 + 1 - 2 * 7.5)


@pytest.mark.parametrize("n", [700, 1300])
def test_kid_is_torch_fidelitys(n: int) -> None:
    """Its subsets are drawn without repetition: one of all images is the exact mean that its subsets estimate."""
    from torch_fidelity.metric_kid import kid_features_to_metric

    x, y = cloud(n, 32, shift=0.2), cloud(n, 32, seed=1)
    theirs = kid_features_to_metric(
        torch.from_numpy(x), torch.from_numpy(y), kid_subsets=1, kid_subset_size=n, verbose=False
    )
    assert kid(x, y) == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-6)
    assert compare(x, y).kid == pytest.approx(kid(x, y), rel=1e-9)


@pytest.mark.parametrize(("n", "width"), [(300, 64), (60, 100)])
def test_fid_is_torch_fidelitys(n: int, width: int) -> None:
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    x, y = cloud(n, width, shift=0.3), cloud(n + 20, width, seed=1)
    of_x, of_y = (fid_features_to_statistics(torch.from_numpy(features)) for features in (x, y))
    theirs = fid_statistics_to_metric(of_x, of_y, verbose=False)["frechet_inception_distance"]
    assert fid(x, y) == pytest.approx(theirs, rel=1e-4)


def test_fid_of_gaussians_in_closed_form() -> None:
    """Points ±1 and 3 ± 2 have means 0 and 3 and variances 2 and 8: 9 + 2 + 8 − 2·√16 = 11."""
    assert fid(np.array([[-1.0], [1.0]]), np.array([[1.0], [5.0]])) == pytest.approx(11)


def test_inception_score_is_torch_fidelitys() -> None:
    from torch_fidelity.metric_isc import isc_features_to_metric

    logits = 3 * cloud(500, 7)
    theirs = isc_features_to_metric(torch.from_numpy(logits), splits=1)["inception_score_mean"]
    assert inception_score(logits) == pytest.approx(theirs, rel=1e-9)


def test_inception_score_at_its_ends() -> None:
    """K classes told apart for sure and equally often give K; the same answer for every image gives 1."""
    sure = 2000.0 * np.eye(5)[np.arange(50) % 5]
    assert inception_score(sure) == pytest.approx(5)
    assert inception_score(np.tile([[0.3, 0.1, -2.0]], (20, 1))) == pytest.approx(1)


def published(generated: np.ndarray, real: np.ndarray, *, manifold: int, ball: int) -> tuple[float, ...]:
    """The formulas of arXiv 1904.06991 (eqs. 1, 2) and 2002.09797 (eqs. 3, 4), pair by pair."""

    def radius(points: np.ndarray, i: int, k: int) -> float:
        return sorted(float(np.linalg.norm(points[i] - other)) for j, other in enumerate(points) if j != i)[k - 1]

    def share_in_manifold(points: np.ndarray, of: np.ndarray) -> float:
        radii = [radius(of, i, manifold) for i in range(len(of))]
        return float(np.mean([any(np.linalg.norm(p - o) <= r for o, r in zip(of, radii, strict=True)) for p in points]))

    radii = [radius(real, i, ball) for i in range(len(real))]
    inside = np.array([[np.linalg.norm(y - x) < r for x, r in zip(real, radii, strict=True)] for y in generated])
    density = inside.sum() / (ball * len(generated))
    return share_in_manifold(generated, real), share_in_manifold(real, generated), density, inside.any(axis=0).mean()


@pytest.mark.parametrize(("m", "n", "shift"), [(60, 45, 0.0), (30, 80, 1.5)])
@pytest.mark.parametrize(("manifold", "ball"), [(3, 5), (5, 5), (4, 2)])
def test_prdc_is_the_published_formula(m: int, n: int, shift: float, manifold: int, ball: int) -> None:
    generated, real = cloud(m, 4, shift=shift), cloud(n, 4, seed=1)
    ours = compare(generated, real, manifold=manifold, ball=ball)
    expected = published(generated, real, manifold=manifold, ball=ball)
    assert (ours.precision, ours.recall, ours.density, ours.coverage) == pytest.approx(expected, abs=1e-12)


def test_precision_and_recall_are_torch_fidelitys() -> None:
    from torch_fidelity.metric_prc import prc_features_to_metric

    generated, real = cloud(ROWS + 100, 6, shift=0.8), cloud(700, 6, seed=1)
    theirs = prc_features_to_metric(torch.from_numpy(generated), torch.from_numpy(real), verbose=False)
    ours = compare(generated, real)
    assert ours.precision == pytest.approx(theirs["precision"], rel=1e-6)
    assert ours.recall == pytest.approx(theirs["recall"], rel=1e-6)


def test_identical_sets() -> None:
    """Every point lies in its own ball and in those of its k nearest but on the boundary, which is not inside."""
    x = cloud(300)
    found = compare(x, x.copy())
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    assert 0.5 < found.density <= 1
    assert found.kid < 0, "unbiased: pairs of an image with its copy count as pairs of different images"
    assert fid(x, x.copy()) == pytest.approx(0, abs=1e-6)


def test_sets_of_one_distribution_are_apart_by_noise_only() -> None:
    x, y = cloud(1000), cloud(1000, seed=1)
    near, far = compare(x, y), compare(cloud(1000, shift=4.0), y)
    assert abs(near.kid) < 0.02 * far.kid
    assert near.density == pytest.approx(1, abs=0.1)
    assert near.precision > 0.8


def test_shifted_sets_share_nothing() -> None:
    found = compare(cloud(200, shift=200.0), cloud(200, seed=1))
    assert (found.precision, found.recall, found.density, found.coverage) == (0, 0, 0, 0)
    assert found.kid > 1e3


def test_a_dropped_mode_costs_coverage_but_not_precision() -> None:
    centres = 100.0 * np.eye(4, 16)
    real = np.concatenate([cloud(100, seed=k) + centre for k, centre in enumerate(centres)])
    three = np.concatenate([cloud(100, seed=k + 10) + centre for k, centre in enumerate(centres[:3])])
    all_four = np.concatenate([three, cloud(100, seed=20) + centres[3]])
    whole, dropped = compare(all_four, real), compare(three, real)
    assert dropped.precision >= whole.precision
    assert dropped.coverage == pytest.approx(0.75 * whole.coverage, abs=0.03)
    assert dropped.recall == pytest.approx(0.75 * whole.recall, abs=0.05)


def test_float32_features_give_the_same_figures() -> None:
    x, y = cloud(600, 32, shift=0.5), cloud(600, 32, seed=1)
    wide, narrow = compare(x, y), compare(x.astype(np.float32), y.astype(np.float32))
    assert narrow.kid == pytest.approx(wide.kid, rel=1e-4)
    assert (narrow.precision, narrow.recall) == pytest.approx((wide.precision, wide.recall), abs=2 / 600)
    assert fid(x.astype(np.float32), y.astype(np.float32)) == pytest.approx(fid(x, y), rel=1e-4)


def test_blocks_do_not_show() -> None:
    """Sizes around a block's: the same figures as from one big product."""
    x, y = cloud(2 * ROWS + 1, 5, shift=0.1), cloud(ROWS, 5, seed=1)
    gram = (x @ y.T / 5 + 1) ** 3
    own = [(z @ z.T / 5 + 1) ** 3 for z in (x, y)]
    own_means = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in own]
    assert kid(x, y) == pytest.approx(sum(own_means) - 2 * gram.mean(), rel=1e-9)
