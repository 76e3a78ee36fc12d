"""Scores of predictions on the test images. Methods never see this."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from results import Metrics

METRIC_VERSION = 1
"""Goes up when a metric's figure would change; enters the protocol."""

CALIBRATION_BINS = 15

METRICS = {
    "balanced_accuracy": "mean of the classes' recalls",
    "macro_f1": "mean of the classes' F1",
    "macro_auc": "mean of the classes' areas under the one-against-rest ROC curve",
    "macro_ap": "mean of the classes' average precisions (areas under the one-against-rest precision-recall curve)",
    "accuracy": "share of images classified right",
    "g_mean": "geometric mean of the classes' recalls",
    "minority_recall": "recall of the class with the fewest training images",
    "ece": "expected calibration error: |confidence − accuracy|, weighted over 15 equal bins of confidence",
    "brier": "half the mean squared distance between probabilities and the one-hot label",
}


def score(
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int64],
    *,
    classes: tuple[str, ...],
    train_counts: NDArray[np.int64],
) -> Metrics:
    """Scores class probabilities against true labels.

    Args:
        probabilities: (N, K), rows sum to one.
        labels: (N,), 0…K−1.
        classes: K class names.
        train_counts: (K,) training images per class; says which class is the rarest.

    Returns:
        Figures in 0…1; a class without test images has recall None, and macro figures are over the others.
    """
    from sklearn.metrics import accuracy_score, average_precision_score, f1_score, roc_auc_score

    predicted = probabilities.argmax(axis=1)
    present = np.flatnonzero(np.bincount(labels, minlength=len(classes)))
    recalls = np.array([np.mean(predicted[labels == k] == k) for k in present])
    by_class = dict(zip(present.tolist(), recalls.tolist(), strict=True))
    truths = {k: labels == k for k in present.tolist()}
    separable = [k for k, truth in truths.items() if not truth.all()]
    auc = [roc_auc_score(truths[k], probabilities[:, k]) for k in separable]
    ap = [average_precision_score(truths[k], probabilities[:, k]) for k in separable]
    one_hot = np.eye(len(classes), dtype=np.float64)[labels]
    return Metrics(
        balanced_accuracy=float(np.mean(recalls)),
        macro_f1=float(f1_score(labels, predicted, labels=present, average="macro")),
        macro_auc=float(np.mean(auc)) if auc else None,
        macro_ap=float(np.mean(ap)) if ap else None,
        accuracy=float(accuracy_score(labels, predicted)),
        g_mean=float(np.prod(recalls) ** (1 / len(recalls))),
        minority_recall=by_class.get(int(np.argmin(train_counts))),
        ece=expected_calibration_error(probabilities, labels),
        brier=float(((probabilities - one_hot) ** 2).sum(axis=1).mean() / 2),
        recall={name: by_class.get(k) for k, name in enumerate(classes)},
    )


def expected_calibration_error(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Expected calibration error of the top prediction (Guo et al. 2017, eq. 3), 15 equal bins.

    Args:
        probabilities: (N, K).
        labels: (N,).

    Returns:
        0…1.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    bins = np.clip(np.ceil(confidence * CALIBRATION_BINS).astype(int) - 1, 0, CALIBRATION_BINS - 1)
    gap = np.bincount(bins, weights=right - confidence, minlength=CALIBRATION_BINS)
    return float(np.abs(gap).sum() / len(labels))
