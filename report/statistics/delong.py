"""Two correlated areas under the ROC curve (DeLong, DeLong & Clarke-Pearson, Biometrics 44, 1988)."""
# pyright: standard

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr


@dataclass(frozen=True)
class AucComparison:
    """Areas of two classifiers on the same images.

    Attributes:
        first: Area of the first.
        second: Area of the second.
        variance: Of first minus second.
        p: Two-sided, from the normal; None where the areas have no variance.
    """

    first: float
    second: float
    variance: float
    p: float | None


def delong(truth: NDArray[np.bool_], first: NDArray[np.floating], second: NDArray[np.floating]) -> AucComparison | None:
    """DeLong's test of two areas on the same images.

    Args:
        truth: (N,), which images are of the class.
        first: (N,) scores of the first classifier, higher for the class.
        second: (N,) of the second.

    Returns:
        None where a side has fewer than two images, which leaves no variance.
    """
    if min(int(truth.sum()), int((~truth).sum())) < 2:
        return None
    areas, parts = zip(*(_components(truth, scores) for scores in (first, second)), strict=True)
    by_positive, by_negative = (np.stack(side) for side in zip(*parts, strict=True))
    covariance = np.cov(by_positive) / by_positive.shape[1] + np.cov(by_negative) / by_negative.shape[1]  # eq. 7
    contrast = np.array([1.0, -1.0])
    variance = max(0.0, float(contrast @ covariance @ contrast))
    z = (areas[0] - areas[1]) / variance**0.5 if variance > 1e-24 else None
    return AucComparison(areas[0], areas[1], variance, None if z is None else float(2 * ndtr(-abs(z))))


@dataclass(frozen=True)
class Ranked:
    """One classifier's part in the comparison of mean areas.

    Attributes:
        areas: (K',) one-against-rest areas of the classes that have two images and lack two.
        shares: (N,) each image's share of the mean area, about zero.
    """

    areas: NDArray[np.float64]
    shares: NDArray[np.float64]


def ranked(labels: NDArray[np.int64], probabilities: NDArray[np.floating]) -> Ranked:
    """Areas and shares of one classifier, from (N,) labels and (N, K) probabilities."""
    shares = np.zeros(len(labels))
    areas: list[float] = []
    for k in range(probabilities.shape[1]):
        truth = labels == k
        if min(int(truth.sum()), int((~truth).sum())) < 2:
            continue
        area, parts = _components(truth, probabilities[:, k])
        for side, part in zip((truth, ~truth), parts, strict=True):
            n = len(part)
            shares[side] += (part - area) / (n * (n - 1)) ** 0.5
        areas.append(area)
    return Ranked(np.array(areas), shares / max(1, len(areas)))


def delong_macro(first: Ranked, second: Ranked, *, groups: NDArray[np.generic] | None = None) -> AucComparison | None:
    """The same for the mean of the one-against-rest areas of several classes.

    Each image's shares of the classes' areas are added up before they are squared, so that the correlation between
    classes counts; for two classes it is DeLong's test. With groups the sums are over whole groups, as Obuchowski
    (Biometrics 53, 1997) does for one area.

    Args:
        first: Of the first classifier.
        second: Of the second, on the same images.
        groups: (N,) slide, patient or image of origin; None where images stand alone.

    Returns:
        Over the classes that have two images and lack two; None where there is none.
    """
    if not len(first.areas):
        return None
    shares = first.shares - second.shares
    if groups is not None:
        members = np.unique(groups, return_inverse=True)[1]
        of_group = np.bincount(members, weights=shares)
        variance = float(of_group @ of_group) * len(of_group) / max(1, len(of_group) - 1)
    else:
        variance = float(shares @ shares)
    mean, other_mean = float(first.areas.mean()), float(second.areas.mean())
    z = (mean - other_mean) / variance**0.5 if variance > 1e-24 else None
    p = None if z is None else float(2 * ndtr(-abs(z)))
    return AucComparison(mean, other_mean, variance, p)


def _components(
    truth: NDArray[np.bool_], scores: NDArray[np.floating]
) -> tuple[float, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """The area, and each image's share of it (eq. 5 and 6), from midranks (Sun & Xu, IEEE SPL 21, 2014)."""
    positive, negative = scores[truth], scores[~truth]
    m, n = len(positive), len(negative)
    together = _midranks(np.concatenate([positive, negative]))
    by_positive = (together[:m] - _midranks(positive)) / n
    by_negative = 1 - (together[m:] - _midranks(negative)) / m
    return float(by_positive.mean()), (by_positive, by_negative)


def _midranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """As ``scipy.stats.rankdata``, whose checks take several times as long as the ranks of a test set."""
    in_order = np.sort(values)
    return (np.searchsorted(in_order, values, "left") + np.searchsorted(in_order, values, "right") + 1) / 2
