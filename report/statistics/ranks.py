"""Who stays first, who leads across datasets, and whether generator quality goes with gain."""
# pyright: standard

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import friedmanchisquare, norm, rankdata, spearmanr, studentized_range

LEAST_DATASETS = 5
LEAST_METHODS = 3
LEAST_POINTS = 4


def times_first(scores: NDArray[np.float64], *, resamples: int = 2_000, seed: int = 0) -> NDArray[np.float64]:
    """How often each method has the highest mean when seeds are drawn again, with replacement.

    Args:
        scores: (methods, seeds) of paired seeds, finite.
        resamples: How often.
        seed: Of the draws.

    Returns:
        (methods,) shares that sum to one; a tie is shared out.
    """
    n = scores.shape[1]
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    means = scores @ drawn.T / n
    first = means >= means.max(axis=0) - 1e-12
    return (first / first.sum(axis=0)).mean(axis=1)


@dataclass(frozen=True)
class AcrossDatasets:
    """Friedman's test and Nemenyi's critical difference (Demšar, JMLR 7, 2006).

    Attributes:
        mean_ranks: (methods,); 1 is best.
        statistic: Friedman's χ².
        p: Of the hypothesis that all methods are alike.
        critical_difference: Mean ranks further apart than this differ at the 0.05 level.
        pairwise: (methods, methods) Nemenyi's p's.
    """

    mean_ranks: tuple[float, ...]
    statistic: float
    p: float
    critical_difference: float
    pairwise: NDArray[np.float64]


def across_datasets(scores: NDArray[np.float64]) -> AcrossDatasets | str:
    """Compares methods over datasets.

    Args:
        scores: (datasets, methods) means over seeds; higher is better. NaN where a method has none.

    Returns:
        The ranks; or, in words, why there are none.
    """
    whole = scores[np.isfinite(scores).all(axis=1)]
    n, k = whole.shape
    if n < LEAST_DATASETS:
        return (
            f"ranks across datasets need {LEAST_DATASETS} datasets on which every method has scores, and there are {n}"
        )
    if k < LEAST_METHODS:
        return f"ranks across datasets need {LEAST_METHODS} methods, and there are {k}"
    ranks = rankdata(-whole, axis=1)
    if (ranks == ranks[0, 0]).all():
        return "all methods score the same on every dataset"
    import pandas as pd
    from scikit_posthocs import posthoc_nemenyi_friedman

    test = friedmanchisquare(*whole.T)
    q = studentized_range.ppf(0.95, k, np.inf) / 2**0.5
    pairwise = posthoc_nemenyi_friedman(pd.DataFrame(whole)).to_numpy(dtype=np.float64)
    critical = float(q * (k * (k + 1) / (6 * n)) ** 0.5)
    return AcrossDatasets(
        tuple(ranks.mean(axis=0).tolist()), float(test.statistic), float(test.pvalue), critical, pairwise
    )


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's ρ with a 95 % interval, over n points."""

    rho: float
    interval: tuple[float, float]
    n: int


def rank_correlation(quality: Sequence[float], gain: Sequence[float]) -> RankCorrelation | str:
    """Whether better generators bring more.

    Args:
        quality: (n,) of a generative figure, a method each.
        gain: (n,) difference to the reference.

    Returns:
        ρ with the interval of Fisher's z and the variance (1 + ρ²/2)/(n − 3) (Bonett & Wright, Psychometrika 65,
        2000); or, in words, why there is none.
    """
    pairs = np.array(list(zip(quality, gain, strict=True)), dtype=np.float64).reshape(-1, 2)
    pairs = pairs[np.isfinite(pairs).all(axis=1)]
    if len(pairs) < LEAST_POINTS:
        return f"a rank correlation needs {LEAST_POINTS} methods with both figures, and there are {len(pairs)}"
    if (pairs == pairs[0]).all(axis=0).any():
        return "all methods have the same figure"
    rho = float(spearmanr(pairs[:, 0], pairs[:, 1])[0])  # pyright: ignore[reportArgumentType]
    if abs(rho) >= 1 - 1e-12:
        return RankCorrelation(rho, (rho, rho), len(pairs))
    half = float(norm.ppf(0.975)) * ((1 + rho**2 / 2) / (len(pairs) - 3)) ** 0.5
    low, high = np.tanh([np.arctanh(rho) - half, np.arctanh(rho) + half])
    return RankCorrelation(rho, (float(low), float(high)), len(pairs))
