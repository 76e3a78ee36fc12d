"""Statistics on test images and across datasets, against scikit-learn, scipy, scikit-posthocs and hand-made figures."""

import numpy as np
import pytest
from scikit_posthocs import posthoc_nemenyi_friedman
from scipy import stats
from sklearn import metrics
from statsmodels.stats.libqsturng import qsturng

from report.statistics.delong import delong, delong_macro, ranked
from report.statistics.images import bootstrap_interval, bootstrap_variance, resampled_scores, resampling_weights
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


def test_the_variance_over_few_groups_is_that_of_new_ones():
    """Means of three groups of equal size, drawn anew: the variance of a sample of three, over three."""
    labels, groups = np.zeros(30, dtype=int), np.repeat([0, 1, 2], 10)
    right = np.eye(2)[(np.arange(30) % 10 >= np.repeat([2, 5, 8], 10)).astype(int)]  # .2, .5 and .8 right
    weights = resampling_weights(30, groups=groups, resamples=20000)
    method, reference = (resampled_scores(SCORES["accuracy"], labels, [p], weights) for p in (right, np.eye(2)[labels]))
    found = bootstrap_variance(method, reference, groups=groups)
    assert found == pytest.approx(np.var([0.2, 0.5, 0.8], ddof=1) / 3, rel=0.05)
    assert bootstrap_variance(method, reference, groups=np.zeros(30)) is None
    assert bootstrap_interval(method, reference, groups=np.zeros(30)) is None


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


OVARIAN = """
    3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0  1.6 5.6 5 1
    3.8 5.7 5 1  3.7 6.7 6 1  3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1  4.3 7.0 4 1  3.6 6.7 4 0
    2.3 4.4 6 1  4.2 7.6 4 0  4.0 6.6 6 0  3.5 5.8 6 1  3.8 6.8 7 1  3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1
    3.1 6.6 6 1  4.1 8.2 6 1  4.3 7.0 5 1  4.3 6.5 4 1  3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0
    3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1  3.5 6.2 5 1  2.9 5.7 9 0  2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1
    3.3 5.7 6 1  3.7 6.9 5 1  3.6 6.6 5 1
"""
"""Albumin, total protein, K-G score and outcome of ovarian cancer patients (DeLong et al. 1988, as SAS/STAT prints)."""


@pytest.mark.parametrize(
    ("column", "difference", "error", "p"), [(0, 0.0108, 0.0953, 0.9102), (1, -0.0780, 0.1046, 0.4561)]
)
def test_delong_on_the_papers_own_data(column, difference, error, p):
    """SAS/STAT 14, PROC LOGISTIC, "Comparing Receiver Operating Characteristic Curves"."""
    patients = np.array(OVARIAN.split(), dtype=float).reshape(-1, 4)
    found = delong(patients[:, 3] > 0, patients[:, column], 10 - patients[:, 2])
    assert found.first - found.second == pytest.approx(difference, abs=5e-5)
    assert found.variance**0.5 == pytest.approx(error, abs=5e-5)
    assert found.p == pytest.approx(p, abs=5e-5)


def test_delong_over_classes_is_delong_for_two(predictions):
    rng = np.random.default_rng(1)
    labels = np.arange(50) % 2
    first, second = rng.uniform(size=50) + 0.5 * labels, rng.uniform(size=50) + 0.2 * labels
    one = delong(labels == 1, first, second)
    both = delong_macro(ranked(labels, np.stack([-first, first], 1)), ranked(labels, np.stack([-second, second], 1)))
    assert (both.first, both.second, both.variance, both.p) == pytest.approx(
        (one.first, one.second, one.variance, one.p), rel=1e-9
    )
    assert delong_macro(*[ranked(np.zeros(5, int), np.ones((5, 2)))] * 2) is None


@pytest.mark.parametrize("grouped", [False, True])
def test_delong_over_three_classes_has_the_variance_of_the_bootstrap(grouped):
    rng = np.random.default_rng(2)
    labels = np.repeat(rng.integers(0, 3, 100), 3)
    shift = np.repeat(rng.normal(0, 1.0, (100, 3)), 3, axis=0) if grouped else 0.0
    first, second = (
        np.eye(3)[labels] * skill + shift * sign + rng.normal(0, 1, (300, 3)) for skill, sign in ((1.5, 1), (1.0, -1))
    )
    groups = np.repeat(np.arange(100), 3) if grouped else None
    found = delong_macro(ranked(labels, first), ranked(labels, second), groups=groups)
    weights = resampling_weights(300, groups=groups, resamples=2000)
    drawn = [resampled_scores(SCORES["macro_auc"], labels, [p], weights) for p in (first, second)]
    assert found.first == pytest.approx(metrics.roc_auc_score(np.eye(3)[labels], first, average="macro"), rel=1e-9)
    assert found.variance == pytest.approx(bootstrap_variance(*drawn), rel=0.15)


def test_the_percentile_interval_is_that_of_scipy():
    values = np.random.default_rng(3).normal(size=60)
    drawn = stats.bootstrap((values,), np.mean, n_resamples=999, method="percentile", rng=np.random.default_rng(0))
    band = bootstrap_interval(drawn.bootstrap_distribution, np.zeros(999))
    assert band == pytest.approx(tuple(drawn.confidence_interval), rel=1e-9)


def test_average_precision_knows_ties_and_missing_sides():
    labels, scores = np.array([0, 1, 1, 0, 1]), np.array([0.5, 0.5, 0.9, 0.1, 0.1])
    shares = np.stack([1 - scores, scores], 1)
    weights = np.array([[1, 1, 1, 1, 1], [2, 0, 1, 1, 3], [1, 0, 0, 1, 0]], dtype=float)
    found = SCORES["macro_ap"](labels, shares, weights)
    for row, got in zip(weights[:2].astype(int), found, strict=False):
        y, p = np.repeat(labels, row), np.repeat(shares, row, axis=0)
        assert got == pytest.approx(metrics.average_precision_score(np.eye(2)[y], p, average="macro"), rel=1e-9)
    assert np.isnan(found[2])


def test_friedmans_test_and_nemenyis_p_are_those_of_the_libraries():
    scores = np.random.default_rng(4).uniform(size=(7, 4))
    found = across_datasets(scores)
    test = stats.friedmanchisquare(*scores.T)
    assert (found.statistic, found.p) == pytest.approx((test.statistic, test.pvalue), rel=1e-9)
    nemenyi = posthoc_nemenyi_friedman(scores).to_numpy()
    assert found.pairwise == pytest.approx(nemenyi, rel=1e-9)
    assert found.critical_difference == pytest.approx(
        stats.studentized_range.ppf(0.95, 4, np.inf) / 2**0.5 * (4 * 5 / (6 * 7)) ** 0.5, rel=1e-9
    )


def test_the_rank_correlation_is_scipys():
    x, y = np.random.default_rng(5).normal(size=(2, 9))
    assert rank_correlation(x, y).rho == pytest.approx(stats.spearmanr(x, y).statistic, rel=1e-9)


def test_the_variance_of_shared_test_images_comes_on_top():
    parts = variance_parts([0.0, 0.2], 0.005, same_test=True)
    assert (parts.total, parts.test_sample, parts.seeds) == pytest.approx((0.025, 0.005, 0.02))
    assert parts.test_share == pytest.approx(0.2)
    assert variance_parts([0.1, 0.2], None) is None


def test_variance_is_taken_apart():
    parts = variance_parts([0.0, 0.2], 0.005)
    assert (parts.total, parts.test_sample, parts.seeds) == pytest.approx((0.02, 0.005, 0.015))
    assert variance_parts([0.1], 0.1) is None
    assert variance_parts([0.0, 0.2], 0.05).test_share == pytest.approx(2.5), "seeds that happen to differ less"


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
