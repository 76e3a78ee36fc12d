"""The sign-flip test: without a difference, each pair could as well have come out the other way round.

It is exact for the images of this dataset and says nothing of other images: where seeds share images, their
differences are not independent, and it claims too much.
"""
# pyright: standard

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

EXACT_UP_TO = 30
"""Pairs whose sign patterns are counted exactly; beyond, ``PATTERNS`` random ones are drawn."""

PATTERNS = 9_999

NO_CLAIM_BELOW = 6
"""Pairs from which on p can fall below 0.05, and from which on pairs that are all equal count as equivalent."""


def sign_flip_p(differences: Sequence[float]) -> float | None:
    """Two-sided p: the share of sign patterns whose |sum| is at least the observed one; None without pairs.

    Exact for up to 30 pairs. Beyond, (1 + hits) / (1 + 9 999) over fixed random patterns, as scipy's
    ``permutation_test`` does.
    """
    values = np.asarray(differences, dtype=np.float64)
    if len(values) == 0 or not np.isfinite(values).all():
        return None
    tolerance = 1e-12 * float(np.abs(values).sum())  # sums that differ by rounding alone are equal
    bound = abs(float(values.sum())) - tolerance
    if len(values) <= EXACT_UP_TO:
        return _share_beyond(values, bound)
    hits = int((np.abs(_patterns(len(values)) @ values) >= bound).sum())
    return (1 + hits) / (1 + PATTERNS)


def smallest_p(n: int) -> float | None:
    """The smallest two-sided p that n pairs allow: 2/2ⁿ while counted exactly; None without pairs."""
    if n == 0:
        return None
    return min(1.0, 2.0 ** (1 - n)) if n <= EXACT_UP_TO else 1 / (1 + PATTERNS)


def _share_beyond(values: NDArray[np.float64], bound: float) -> float:
    """Counts |sum| ≥ bound over all 2ⁿ patterns: sums of one half are looked up among the sorted sums of the other."""
    if bound <= 0:
        return 1.0
    half = len(values) // 2
    first, second = _sums(values[:half]), np.sort(_sums(values[half:]))
    above = len(second) - np.searchsorted(second, bound - first, side="left")
    return min(1.0, 2 * int(above.sum()) / 2.0 ** len(values))  # sums are symmetric about 0


def _sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums - value, sums + value])
    return sums


@lru_cache(maxsize=4)
def _patterns(n: int) -> NDArray[np.float64]:
    return np.random.default_rng(n).choice(np.array([-1.0, 1.0]), size=(PATTERNS, n))
