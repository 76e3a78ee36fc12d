"""Statistics on test images and across datasets, against scikit-learn, scipy, scikit-posthocs and hand-made figures."""

import numpy as np
import pytest
from sklearn import metrics
from statsmodels.stats.libqsturng import qsturng

from report.statistics.delong import delong
from report.statistics.images import bootstrap_variance, resampled_scores, resampling_weights
from report.statistics.ranks import across_datasets, rank_correlation, times_first
from report.statistics.variance import variance_parts
from report.statistics.weighted_scores import SCORES


@pytest.fixture
def predictions():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 60)
    probabilities = rng.dirichlet(np.ones(3), 60).round(1)
    return labels, probabilities, rng.integers(1, 4, 60)


def test_weighted_scores_are_scikit_learns_on_repeated_images(predictions):
    labels, probabilities, times = predictions
    y, p = np.repeat(labels, times), np.repeat(probabilities, times, axis=0)
    called, one_hot = p.argmax(axis=1), np.eye(3)[y]
    expected = {
        "balanced_accuracy": metrics.balanced_accuracy_score(y, called),
        "accuracy": metrics.accuracy_score(y, called),
        "macro_f1": metrics.f1_score(y, called, average="macro"),
        "macro_ap": metrics.average_precision_score(one_hot, p, average="macro"),
        "macro_auc": metrics.roc_auc_score(one_hot, p, average="macro"),
        "brier": ((p - one_hot) ** 2).sum(axis=1).mean() / 2,
    }
    for name, value in expected.items():
        assert SCORES[name](labels, probabilities, times[None].astype(float))[0] == pytest.approx(value, rel=1e-9), name


def test_groups_are_drawn_whole():
    groups = np.array(["a", "a", "b", "c", "c", "c"])
    weights = resampling_weights(6, groups=groups, resamples=50)
    assert (weights[:, 0] == weights[:, 1]).all() and (weights[:, 3] == weights[:, 5]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_the_bootstrap_variance_is_the_binomials():
    n = 400
    labels = np.zeros(n, dtype=int)
    right = np.eye(2)[(np.arange(n) % 4 == 0).astype(int)]  # three quarters right
    always = np.eye(2)[labels]
    weights = resampling_weights(n, resamples=4000)
    method, reference = (resampled_scores(SCORES["accuracy"], labels, [p], weights) for p in (right, always))
    assert bootstrap_variance(method, reference) == pytest.approx(0.75 * 0.25 / n, rel=0.1)


def test_delong_by_hand():
    truth = np.array([1, 1, 1, 0, 0], dtype=bool)
    first, second = np.array([0.9, 0.8, 0.3, 0.4, 0.1]), np.array([0.6, 0.2, 0.7, 0.5, 0.2])
    found = delong(truth, first, second)
    # shares of positives: first 1, 1, 1/2; second 1, 1/4, 1. Of negatives: first 2/3, 1; second 2/3, 5/6
    by_positive = np.var([0, 3 / 4, -1 / 2], ddof=1) / 3
    by_negative = np.var([0, 1 / 6], ddof=1) / 2
    assert (found.first, found.second) == pytest.approx((5 / 6, 3 / 4))
    assert found.variance == pytest.approx(by_positive + by_negative, rel=1e-9)
    assert delong(truth, first, first).p is None
    assert delong(np.array([True, False, False]), first[:3], second[:3]) is None


def test_variance_is_taken_apart():
    parts = variance_parts([0.0, 0.2], [0.004, 0.006])
    assert (parts.total, parts.test_sample, parts.seeds) == pytest.approx((0.02, 0.005, 0.015))
    assert variance_parts([0.1], [0.1]) is None


def test_the_winner_under_resampling():
    assert times_first(np.array([[3.0, 3.0], [1.0, 2.0]])).tolist() == [1.0, 0.0]
    assert times_first(np.ones((2, 3))).tolist() == [0.5, 0.5]
    assert times_first(np.array([[1.0, 0.0], [0.0, 1.0]]), resamples=20_000)[0] == pytest.approx(0.5, abs=0.02)


def test_ranks_across_datasets():
    # Demšar 2006, table 6: C4.5 without and with m, cf, both, on fourteen datasets
    auc = [
        [0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569], [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657], [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625], [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000], [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975], [0.957, 0.978, 0.946, 0.970],
    ]  # fmt: skip
    found = across_datasets(np.array(auc))
    assert found.mean_ranks == pytest.approx((3.143, 2.0, 2.893, 1.964), abs=5e-4)
    assert found.critical_difference == pytest.approx(1.25, abs=0.005)  # with q = 2.569
    assert found.critical_difference == pytest.approx(float(qsturng(0.95, 4, np.inf)) * (10 / 84) ** 0.5, rel=1e-3)
    assert found.pairwise[0, 3] > 0.05  # 3.143 − 1.964 < 1.25
    assert "need 5 datasets" in across_datasets(np.array(auc)[:4])
    assert across_datasets(np.ones((6, 3))) == "all methods score the same on every dataset"


def test_rank_correlation_and_why_not():
    found = rank_correlation([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])
    assert found.rho == pytest.approx(0.8)
    half = 1.959963984540054 * ((1 + 0.32) / 2) ** 0.5
    assert found.interval == pytest.approx(tuple(np.tanh([np.arctanh(0.8) - half, np.arctanh(0.8) + half])))
    assert "there are 3" in rank_correlation([1, 2, 3], [1, 2, 3])
    assert rank_correlation([1, 1, 1, 1], [1, 2, 3, 4]) == "all methods have the same figure"
