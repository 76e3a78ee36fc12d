"""The gate's two rules: against scipy, and simulated before they are trusted."""

import numpy as np
import pytest
from scipy import stats

from report.gate import ALPHA, TOLERANCE
from report.statistics.multiplicity import holm
from report.statistics.regression import QUALITY_FLOOR, TIME_FLOOR, loss, power, seeds_for, slow_downs


def test_a_loss_is_scipys_paired_test_where_the_spread_is_above_the_floor() -> None:
    old, new = [0.80, 0.84, 0.79, 0.88], [0.74, 0.85, 0.73, 0.80]
    found = loss(old, new)
    assert found is not None
    assert found.p == pytest.approx(stats.ttest_rel(new, old, alternative="less").pvalue, abs=1e-12)


def test_a_constant_shift_is_judged_with_the_floor() -> None:
    found = loss([0.8, 0.8, 0.8, 0.8], [0.77, 0.77, 0.77, 0.77])
    assert found is not None and found.sd == QUALITY_FLOOR
    assert found.p == pytest.approx(float(stats.t.cdf(-0.03 / (0.01 / 2), df=3)), abs=1e-12)


def test_what_did_not_change_is_no_loss_and_one_pair_tells_nothing() -> None:
    same = loss([0.8, 0.7], [0.8, 0.7])
    assert same is not None and same.p == 0.5
    assert loss([0.8], [0.2]) is None


def test_power_is_that_of_statsmodels_and_the_seeds_are_the_fewest() -> None:
    sm = pytest.importorskip("statsmodels.stats.power")
    expected = sm.TTestPower().power(effect_size=0.03 / 0.015, nobs=7, alpha=0.01, alternative="larger")
    assert power(0.03, sd=0.015, n=7, alpha=0.01) == pytest.approx(expected, abs=1e-9)
    n = seeds_for(0.03, sd=0.015, alpha=0.01)
    assert n is not None
    assert power(0.03, sd=0.015, n=n, alpha=0.01) >= 0.9 > power(0.03, sd=0.015, n=n - 1, alpha=0.01)
    assert seeds_for(0.0001, sd=0.1, alpha=0.01) is None


def test_a_slow_down_is_a_pooled_t_against_the_tolerance() -> None:
    old, new = [100.0, 108.0, 93.0], [140.0, 130.0, 148.0]
    (found,) = slow_downs([(old, new)], tolerance=1.1, alpha=0.05, floor=0.0) or []
    expected = stats.ttest_ind(np.log(new), np.log(old) + np.log(1.1), alternative="greater")
    assert found.p == pytest.approx(expected.pvalue, abs=1e-12)
    assert found.ratio == pytest.approx(stats.gmean(new) / stats.gmean(old))
    at_limit = [x * found.limit / found.ratio for x in new]
    (found,) = slow_downs([(old, at_limit)], tolerance=1.1, alpha=0.05, floor=0.0) or []
    assert found.p == pytest.approx(0.05)


def test_equal_times_are_judged_with_the_floor_and_single_runs_not_at_all() -> None:
    (found,) = slow_downs([([100.0, 100.0], [130.0, 130.0])], tolerance=1.0, alpha=0.05) or []
    assert found.p == pytest.approx(float(stats.t.sf(np.log(1.3) / TIME_FLOOR, df=2)))
    assert slow_downs([([100.0], [130.0])], tolerance=1.0, alpha=0.05) is None


@pytest.mark.parametrize("sd", [0.005, 0.02, 0.05])
def test_false_alarms_over_unchanged_quality_stay_below_two_in_a_hundred(sd: float) -> None:
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(1000):
        p = [found.p for _ in range(8) if (found := loss(np.zeros(5), rng.normal(0, sd, 5)))]
        alarms += any(adjusted is not None and adjusted <= ALPHA for adjusted in holm(p))
    assert alarms / 1000 <= ALPHA + 3 * (ALPHA * (1 - ALPHA) / 1000) ** 0.5


@pytest.mark.parametrize("noise", [0.01, 0.05, 0.1])
def test_false_alarms_over_unchanged_times_and_slow_downs_found(noise: float) -> None:
    rng = np.random.default_rng(0)

    def alarms(factor: float) -> float:
        count = 0
        for _ in range(400):
            cells = [np.exp(rng.normal(0, noise, (2, 5))) for _ in range(6)]
            cells[0][1] *= factor
            found = slow_downs([(old, new) for old, new in cells], tolerance=TOLERANCE, alpha=ALPHA / 6) or []
            adjusted = holm([one.p for one in found])
            count += adjusted[0] is not None and adjusted[0] <= ALPHA
        return count / 400

    assert alarms(1.0) <= ALPHA
    if noise <= 0.05:
        assert alarms(1.3) >= 0.95
