"""What a number of seeds can show, and how many would settle a question."""
# pyright: standard

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import nctdtr

from report.statistics.paired import Estimate, quantile
from report.statistics.posterior import mass_within

ALPHA = 0.05
POWER = 0.8
EQUIVALENT_FROM = 0.95
MOST_SEEDS = 10_000
"""More than anyone runs: beyond, a question counts as not to be settled."""


def minimum_detectable(found: Estimate, *, comparisons: int = 1) -> float | None:
    """The true difference that a test with this spread and number of seeds finds with 80 % power.

    Args:
        found: The paired differences.
        comparisons: In the family; the level is Holm's strictest, 0.05 / comparisons.

    Returns:
        In units of the metric, ≥ 0; None where there is no spread to judge by.
    """
    if found.variance == 0:
        return None
    return _noncentrality(found.df, ALPHA / comparisons) * found.standard_error


def seeds_needed(found: Estimate, *, rope: float, comparisons: int = 1) -> int | None:
    """The least number of seeds, no fewer than there are, that settles it if mean and spread stay as they are.

    Settled: the corrected t rejects at Holm's strictest level, or the posterior holds 95 % within ±rope.

    Returns:
        None where no number does (up to 10 000): sd² r + added is a floor that the variance never falls below.
    """
    if found.variance == 0 or _settled(found, rope, comparisons):
        return found.n
    low, high = found.n, found.n
    while not _settled(found.with_seeds(high), rope, comparisons):
        if high == MOST_SEEDS:
            return None
        low, high = high, min(2 * high, MOST_SEEDS)
    while high - low > 1:  # both conditions, once met, stay met: the error and the quantile only shrink
        middle = (low + high) // 2
        low, high = (low, middle) if _settled(found.with_seeds(middle), rope, comparisons) else (middle, high)
    return high


def _settled(found: Estimate, rope: float, comparisons: int) -> bool:
    bound = quantile(1 - ALPHA / comparisons / 2, found.df) * found.standard_error
    return abs(found.mean) >= bound or mass_within(found, rope) >= EQUIVALENT_FROM


@lru_cache(maxsize=256)
def _noncentrality(df: int, alpha: float) -> float:
    """Noncentrality of a two-sided t test with 80 % power."""
    bound = quantile(1 - alpha / 2, df)

    def lacking(shift: float) -> float:
        other_side = np.nan_to_num(nctdtr(df, shift, -bound))  # scipy gives NaN for some that are next to nothing
        return float(1 - nctdtr(df, shift, bound) + other_side) - POWER

    return float(brentq(lacking, 0.0, 20.0 + 2 * bound, xtol=1e-12))  # pyright: ignore[reportArgumentType]
