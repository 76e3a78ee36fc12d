"""Paired differences over seeds: mean, interval and p of the corrected paired t test.

Seeds that resample their splits from the same images have correlated differences. With correlation ρ the mean of n
of them has variance σ²(1/n + ρ/(1−ρ)) where σ² is what the sample variance estimates (Nadeau & Bengio, Inference for
the generalization error, Machine Learning 52, 2003, eq. 9 and section 4), and ρ/(1−ρ) is taken to be n_test/n_train.
"""
# pyright: standard

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import stdtr, stdtrit

SplitRule: TypeAlias = Literal["fresh", "resampled", "fixed-test"]

NO_SPREAD = 1e-12
"""Standard deviations below this are rounding errors of equal differences."""


@dataclass(frozen=True)
class Estimate:
    """A mean difference and what is known of its error; statistics are made of it.

    Attributes:
        n: Pairs.
        mean: Mean difference.
        sd: Standard deviation of the differences with n − 1; 0 where all are equal.
        r: Nadeau and Bengio's addition to 1/n.
        added: Variance that more seeds do not lower: of the test images, where all seeds share them.
    """

    n: int
    mean: float
    sd: float
    r: float = 0.0
    added: float = 0.0

    @property
    def df(self) -> int:
        """Degrees of freedom, n − 1."""
        return self.n - 1

    @property
    def variance(self) -> float:
        """Of the mean: sd² (1/n + r) + added."""
        return self.sd**2 * (1 / self.n + self.r) + self.added

    @property
    def standard_error(self) -> float:
        """Square root of the variance."""
        return self.variance**0.5

    def with_seeds(self, n: int) -> Estimate:
        """The same mean and spread from another number of seeds."""
        return replace(self, n=n)


def correction(rule: SplitRule, *, n_test: int, n_train: int) -> float:
    """Nadeau and Bengio's addition to 1/n.

    Args:
        rule: ``fresh``: seeds share no image, so 0. ``resampled``: n_test/n_train. ``fixed-test``: 0, for the spread
            over seeds is of training alone, and the test images' share is added apart.
        n_test: Test images of a seed.
        n_train: Training images of a seed.
    """
    return n_test / n_train if rule == "resampled" else 0.0


def estimate(differences: Sequence[float], *, r: float = 0.0, added: float = 0.0) -> Estimate | None:
    """Mean and spread of paired differences; None for fewer than two, or where one is not finite."""
    values = np.asarray(differences, dtype=np.float64)
    if len(values) < 2 or not np.isfinite(values).all():
        return None
    sd = float(values.std(ddof=1))
    return Estimate(len(values), float(values.mean()), 0.0 if sd < NO_SPREAD else sd, r, added)


def p_value(found: Estimate) -> float | None:
    """Two-sided p of the corrected t: mean / standard error on n − 1 degrees of freedom.

    Returns:
        1 where all pairs are equal; None where all differ by the same amount, which no t can judge.
    """
    if found.variance == 0:
        return 1.0 if abs(found.mean) < NO_SPREAD else None
    return float(2 * stdtr(found.df, -abs(found.mean) / found.standard_error))


def interval(found: Estimate, *, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of the mean difference from the corrected t."""
    half = quantile(1 - (1 - confidence) / 2, found.df) * found.standard_error
    return found.mean - half, found.mean + half


def effect_size(found: Estimate) -> float | None:
    """Mean difference in standard deviations of the paired differences (Cohen's d_z); None without spread."""
    return found.mean / found.sd if found.sd else None


def quantile(probability: float, df: int) -> float:
    """Quantile of Student's t."""
    return float(stdtrit(df, probability))
