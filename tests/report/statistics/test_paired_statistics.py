"""The paired statistics against scipy, statsmodels, baycomp and figures worked by hand."""

import itertools

import numpy as np
import pytest
from baycomp.single import CorrelatedTTest, Posterior
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from report.statistics.cost import cost_ratio
from report.statistics.multiplicity import holm
from report.statistics.paired import correction, effect_size, estimate, interval, p_value
from report.statistics.planning import minimum_detectable, seeds_needed
from report.statistics.posterior import mass_within, probabilities, smallest_rope
from report.statistics.sign_flip import sign_flip_p, smallest_p
from report.statistics.verdict import when, word

DIFFERENCES = [0.031, 0.012, -0.004, 0.022, 0.017, 0.008, 0.026, -0.011, 0.019, 0.015]


def near(value):
    return pytest.approx(value, rel=1e-9, abs=1e-12)


def test_without_correction_it_is_the_paired_t_of_scipy():
    found = estimate(DIFFERENCES)
    test = stats.ttest_1samp(DIFFERENCES, 0)
    band = test.confidence_interval(0.95)
    assert p_value(found) == near(test.pvalue)
    assert interval(found) == near((band.low, band.high))
    assert effect_size(found) == near(np.mean(DIFFERENCES) / np.std(DIFFERENCES, ddof=1))


def test_with_tenfold_cross_validations_r_it_is_baycomps_correlated_t():
    found = estimate(DIFFERENCES, r=1 / 9)
    mean, variance, df = CorrelatedTTest.compute_statistics(np.zeros(10), np.array(DIFFERENCES))
    assert (found.mean, found.variance, found.df) == near((mean, variance, df))
    worse, equivalent, better = Posterior(mean, variance, df, 0.01).probs()
    mass = probabilities(found, rope=0.01)
    assert (mass.worse, mass.equivalent, mass.better) == near((worse, equivalent, better))
    assert mass_within(found, 0.01) == near(equivalent)
    assert mass_within(found, smallest_rope(found)) == near(0.95)


def test_the_correction_is_by_split_rule():
    assert correction("resampled", n_test=20, n_train=70) == near(2 / 7)
    assert correction("fresh", n_test=20, n_train=70) == correction("fixed-test", n_test=20, n_train=70) == 0
    assert estimate([1.0, 3.0], r=0.5, added=1.0).variance == near(2 * (1 / 2 + 0.5) + 1)


def test_equal_and_few_differences_have_sensible_figures():
    assert estimate([0.1]) is None and estimate([0.1, float("nan")]) is None
    same = estimate([0.0, 0.0, 0.0])
    assert (p_value(same), probabilities(same, rope=0.01).equivalent, smallest_rope(same)) == (1.0, 1.0, 0.0)
    assert minimum_detectable(same) is None and effect_size(same) is None
    assert p_value(estimate([0.1, 0.1, 0.1])) is None
    assert p_value(estimate([0.1, 0.2])) == near(stats.ttest_1samp([0.1, 0.2], 0).pvalue)


def test_holm_is_that_of_statsmodels():
    p = [0.04, 0.001, 0.02, 0.6, 0.011]
    assert holm(p) == near(multipletests(p, method="holm")[1].tolist())
    assert holm([None, 0.03, None, 0.02]) == [None, near(0.04), None, near(0.04)]
    assert holm([]) == [] and holm([None]) == [None]


def test_sign_flips_are_counted_as_scipy_counts_them():
    found = stats.permutation_test(
        (np.array(DIFFERENCES),), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    assert sign_flip_p(DIFFERENCES) == near(found.pvalue)
    values = [0.1, 0.2, 0.3, -0.1, 0.1]
    sums = [
        abs(sum(s * v for s, v in zip(signs, values, strict=True))) for signs in itertools.product((1, -1), repeat=5)
    ]
    assert sign_flip_p(values) == sum(total >= 0.6 - 1e-9 for total in sums) / 32


def test_the_smallest_sign_flip_p_by_number_of_pairs():
    figures = {5: 0.0625, 6: 0.03125, 7: 0.015625, 8: 0.0078125, 10: 0.001953125}
    assert {n: smallest_p(n) for n in figures} == figures
    assert all(sign_flip_p([1.0] * n) == p for n, p in figures.items())
    assert smallest_p(0) is None and sign_flip_p([]) is None and sign_flip_p([0.0, 0.0]) == 1.0
    assert sign_flip_p([1.0] * 40) == smallest_p(40) == 1e-4


@pytest.mark.parametrize(("n", "comparisons"), [(3, 4), (5, 1), (10, 5), (50, 20)])
def test_the_detectable_difference_is_that_of_statsmodels(n, comparisons):
    values = np.random.default_rng(n).normal(0, 1, n).tolist()
    found = minimum_detectable(estimate(values), comparisons=comparisons) / np.std(values, ddof=1)
    assert TTestPower().power(found, n, 0.05 / comparisons, alternative="two-sided") == pytest.approx(0.8, abs=1e-9)


def test_seeds_needed_is_the_first_number_that_settles_it():
    found = estimate([0.05, -0.03, 0.04, -0.02, 0.03])
    n = seeds_needed(found, rope=0.001)
    assert p_value(found.with_seeds(n)) <= 0.05 < p_value(found.with_seeds(n - 1))
    floored = estimate([0.05, -0.03, 0.04, -0.02, 0.03], r=2 / 7)
    assert floored.mean < 1.96 * floored.sd * (2 / 7) ** 0.5
    assert seeds_needed(floored, rope=0.001) is None
    assert seeds_needed(estimate([0.2, 0.21, 0.19]), rope=0.01) == 3


def test_the_cost_ratio_is_a_geometric_mean_with_the_t_interval_of_logs():
    ratio, band = cost_ratio([2.0, 8.0, 3.0], [1.0, 2.0, 1.0])
    logs = np.log([2, 4, 3])
    t = stats.ttest_1samp(logs, 0).confidence_interval()
    assert (ratio, *band) == near((np.exp(logs.mean()), np.exp(t.low), np.exp(t.high)))
    assert cost_ratio([2.0], [1.0]) == (near(2.0), None) and cost_ratio([], []) == (None, None)


def test_the_four_words():
    assert word(difference=0.1, p_holm=0.05, p_equivalent=0) == "better"
    assert word(difference=-0.1, p_holm=0.01, p_equivalent=0) == "worse"
    assert word(difference=0.001, p_holm=0.3, p_equivalent=0.95) == "equivalent"
    assert word(difference=0.1, p_holm=0.051, p_equivalent=0.94) == "undecided"
    assert word(difference=None, p_holm=None, p_equivalent=None) == "undecided"
    assert when(("it", 9, 1)) == " when it trains (9 of 10)" and when(("it", 9, 0), ("none", 5, 0)) == ""
    assert when(("it", 9, 1), ("gan", 5, 5)) == " when it trains (9 of 10) and gan trains (5 of 10)"
