"""Claims on simulated studies; docs/evidence.md has the figures of 2,000 repetitions."""

from report.statistics.simulation import assumed_correlation, simulate

RHO = assumed_correlation()


def test_studies_without_a_difference_are_rarely_claimed():
    for rates in (simulate(resampled=False), simulate(resampled=True, correlation=RHO)):
        assert rates.any_claim <= 0.05 + 2 * rates.error(0.05)
        assert 0.93 <= rates.covered <= 0.97
    assert simulate(resampled=True, correlation=RHO / 2).covered > 0.97


def test_without_the_correction_the_same_studies_are_claimed_often():
    assert simulate(resampled=False, correlation=RHO, repetitions=500).any_claim > 0.3


def test_true_differences_are_found():
    assert simulate(resampled=False, effect=2).found >= 0.9
    assert simulate(resampled=True, correlation=RHO, effect=3).found >= 0.9
