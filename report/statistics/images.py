"""What another sample of test images would have said: a paired bootstrap over images, whole groups at a time."""
# pyright: standard

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from report.statistics.weighted_scores import Floats, Score

RESAMPLES = 500


def resampling_weights(
    n: int, *, groups: NDArray[np.generic] | None = None, resamples: int = RESAMPLES, seed: int = 0
) -> Floats:
    """How often each test image is drawn in each resample.

    Args:
        n: Test images.
        groups: (n,) slide, patient or image of origin, drawn whole; None where images stand alone.
        resamples: B.
        seed: The same weights for the same seed, so that methods are compared on the same resamples.

    Returns:
        (B, n), counts; an image's counts lie together in memory, for scores sum over images.
    """
    members = np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1]
    units = int(members.max()) + 1 if n else 0
    if not units:
        return np.zeros((resamples, 0))
    drawn = np.random.default_rng(seed).multinomial(units, np.full(units, 1 / units), size=resamples)
    return drawn.T[members].astype(np.float64).T


def resampled_scores(
    score: Score, labels: NDArray[np.int64], probabilities: Sequence[NDArray[np.floating]], weights: Floats
) -> Floats:
    """Mean score over seeds that share their test images, in each resample of the images.

    Args:
        score: Of ``weighted_scores.SCORES``.
        labels: (N,).
        probabilities: A seed's (N, K) each.
        weights: (B, N) of ``resampling_weights``.

    Returns:
        (B,); NaN where a resample has no image to score.
    """
    return np.mean([score(labels, of_seed, weights) for of_seed in probabilities], axis=0)


def bootstrap_variance(method: Floats, reference: Floats, *, groups: NDArray[np.generic] | None = None) -> float | None:
    """Variance of method minus reference over samples of test images.

    Args:
        method: (B,) its scores in each resample.
        reference: (B,) the reference's, in the same resamples.
        groups: (n,) what was drawn whole; None where images were drawn alone.

    Returns:
        That over resamples, times G/(G − 1) for G groups: drawn again, they vary by (G − 1)/G of what new ones would.
        None for a single group, which tells nothing of others.
    """
    over_resamples = float(np.nanvar(method - reference, ddof=1))
    if groups is None:
        return over_resamples
    g = len(np.unique(groups))
    return over_resamples * g / (g - 1) if g > 1 else None


def bootstrap_interval(
    method: Floats, reference: Floats, *, groups: NDArray[np.generic] | None = None, confidence: float = 0.95
) -> tuple[float, float] | None:
    """Percentile interval of method minus reference, as scipy's ``bootstrap`` with ``method="percentile"``.

    Args:
        method: (B,) its scores in each resample.
        reference: (B,) the reference's, in the same resamples.
        groups: (n,) what was drawn whole; None where images were drawn alone. Of few groups the interval is too narrow.
        confidence: Of the interval.

    Returns:
        None for a single group, which tells nothing of others.
    """
    if groups is not None and len(np.unique(groups)) < 2:
        return None
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(method - reference, [tail, 1 - tail])
    return float(low), float(high)
