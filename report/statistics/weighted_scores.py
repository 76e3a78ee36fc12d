"""Scores of predictions in which each test image has a weight: what resampling test images needs."""
# pyright: standard

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Score: TypeAlias = Callable[[NDArray[np.int64], NDArray[np.floating], Floats], Floats]
"""Labels (N,), probabilities (N, K) and weights (B, N), ≥ 0, to B scores."""


def accuracy(labels: NDArray[np.int64], probabilities: NDArray[np.floating], weights: Floats) -> Floats:
    """Share of the weight that is classified right."""
    right = probabilities.argmax(axis=1) == labels
    return weights @ right / weights.sum(axis=1)


def balanced_accuracy(labels: NDArray[np.int64], probabilities: NDArray[np.floating], weights: Floats) -> Floats:
    """Mean of the recalls of the classes that have weight."""
    return np.nanmean(_recalls(labels, probabilities, weights), axis=1)


def g_mean(labels: NDArray[np.int64], probabilities: NDArray[np.floating], weights: Floats) -> Floats:
    """Geometric mean of the recalls of the classes that have weight."""
    recalls = _recalls(labels, probabilities, weights)
    present = ~np.isnan(recalls)
    return np.where(present, recalls, 1.0).prod(axis=1) ** (1 / present.sum(axis=1))


def macro_f1(labels: NDArray[np.int64], probabilities: NDArray[np.floating], weights: Floats) -> Floats:
    """Mean of the F1 of the classes that have weight."""
    classes = np.arange(probabilities.shape[1])
    truth = labels[:, None] == classes
    predicted = probabilities.argmax(axis=1)[:, None] == classes
    hits, true, called = weights @ (truth & predicted), weights @ truth, weights @ predicted
    return _macro(np.divide(2 * hits, true + called, out=np.full_like(hits, np.nan), where=true > 0))


def macro_ap(labels: NDArray[np.int64], probabilities: NDArray[np.floating], weights: Floats) -> Floats:
    """Mean of the classes' average precisions, ties taken together as scikit-learn does."""
    found = [_average_precision(labels == k, probabilities[:, k], weights) for k in range(probabilities.shape[1])]
    return _macro(np.stack(found, axis=1))


def macro_auc(labels: NDArray[np.int64], probabilities: NDArray[np.floating], weights: Floats) -> Floats:
    """Mean of the classes' areas under the one-against-rest ROC curve; a tie counts half."""
    found = [_area(labels == k, probabilities[:, k], weights) for k in range(probabilities.shape[1])]
    return _macro(np.stack(found, axis=1))


def brier(labels: NDArray[np.int64], probabilities: NDArray[np.floating], weights: Floats) -> Floats:
    """Half the mean squared distance between probabilities and the one-hot label."""
    one_hot = np.eye(probabilities.shape[1])[labels]
    return weights @ ((probabilities - one_hot) ** 2).sum(axis=1) / 2 / weights.sum(axis=1)


SCORES: Mapping[str, Score] = MappingProxyType(
    {
        "balanced_accuracy": balanced_accuracy,
        "macro_ap": macro_ap,
        "macro_f1": macro_f1,
        "macro_auc": macro_auc,
        "accuracy": accuracy,
        "g_mean": g_mean,
        "brier": brier,
    }
)
"""By the names that records use; calibration error and minority recall have no weighted form here."""


def _recalls(labels: NDArray[np.int64], probabilities: NDArray[np.floating], weights: Floats) -> Floats:
    """(B, K); NaN for a class without weight."""
    truth = labels[:, None] == np.arange(probabilities.shape[1])
    right = truth & (probabilities.argmax(axis=1) == labels)[:, None]
    hits, true = weights @ right, weights @ truth
    return np.divide(hits, true, out=np.full_like(hits, np.nan), where=true > 0)


def _macro(by_class: Floats) -> Floats:
    """Mean over classes that are defined; NaN where none is."""
    defined = ~np.isnan(by_class)
    count = defined.sum(axis=1)
    total = np.where(defined, by_class, 0.0).sum(axis=1)
    return np.divide(total, count, out=np.full(len(by_class), np.nan), where=count > 0)


def _ranked(truth: NDArray[np.bool_], scores: NDArray[np.floating], weights: Floats) -> tuple[Floats, Floats]:
    """Weight of true and of other images up to each distinct score, from the highest down: two (B, S)."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    ranked = weights[:, order]
    positive = np.cumsum(ranked * truth[order], axis=1)[:, ends]
    return positive, np.cumsum(ranked, axis=1)[:, ends] - positive


def _average_precision(truth: NDArray[np.bool_], scores: NDArray[np.floating], weights: Floats) -> Floats:
    """Precision is needed only where a true image comes in, so images between two of them are summed at once."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)  # of images with the same score
    rank = np.searchsorted(ends, np.flatnonzero(truth[order]))  # which of these each true image is among
    if not len(rank):
        return np.full(len(weights), np.nan)
    stops, first = ends[np.unique(rank)], np.unique(rank, return_index=True)[1]
    starts = np.concatenate([[0], stops[:-1] + 1])
    by_image = weights.T
    called = np.cumsum(np.add.reduceat(by_image[order[: stops[-1] + 1]], starts, axis=0), axis=0)
    steps = np.add.reduceat(by_image[order[truth[order]]], first, axis=0)
    positive = np.cumsum(steps, axis=0)
    precision = np.divide(positive, called, out=np.zeros_like(called), where=called > 0)
    negative = weights.sum(axis=1) - positive[-1]
    return _where_both(positive[-1], negative, (steps * precision).sum(axis=0), positive[-1])


def _area(truth: NDArray[np.bool_], scores: NDArray[np.floating], weights: Floats) -> Floats:
    positive, negative = _ranked(truth, scores, weights)
    steps = np.diff(negative, axis=1, prepend=0.0)
    before = np.concatenate([np.zeros((len(positive), 1)), positive[:, :-1]], axis=1)
    area = (steps * (positive + before) / 2).sum(axis=1)
    return _where_both(positive[:, -1], negative[:, -1], area, positive[:, -1] * negative[:, -1])


def _where_both(positive: Floats, negative: Floats, total: Floats, size: Floats) -> Floats:
    """``total / size`` where there is weight on either side, else NaN; all (B,)."""
    both = (positive > 0) & (negative > 0)
    return np.divide(total, size, out=np.full(len(total), np.nan), where=both)
