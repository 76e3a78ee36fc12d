import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from bench.score import expected_calibration_error, score


def test_a_hand_made_table() -> None:
    """Three classes; class 0: 3 of 4 right, class 1: 1 of 2 right, class 2: none of 1 right."""
    labels = np.array([0, 0, 0, 0, 1, 1, 2])
    predicted = np.array([0, 0, 0, 1, 1, 0, 0])
    metrics = score(
        np.eye(3, dtype=np.float32)[predicted], labels, classes=("a", "b", "c"), train_counts=np.array([40, 20, 10])
    )
    assert metrics.recall == {"a": 0.75, "b": 0.5, "c": 0.0}
    assert metrics.balanced_accuracy == pytest.approx(1.25 / 3)
    assert metrics.accuracy == pytest.approx(4 / 7)
    assert metrics.g_mean == 0
    assert metrics.minority_recall == 0
    # F1: a 2·3/(2·3+2+1) = 2/3, b 2·1/(2+1+1) = 1/2, c 0
    assert metrics.macro_f1 == pytest.approx((2 / 3 + 1 / 2) / 3)
    # of 7 one-hot rows 3 are wrong, each at squared distance 2; half of the mean
    assert metrics.brier == pytest.approx(3 / 7)
    assert metrics.ece == pytest.approx(3 / 7), "all confidences are 1, and 4 of 7 are right"


def test_ranking_metrics_by_hand() -> None:
    """Scores of class 1: 0.9 (right), 0.8 (wrong), 0.7 (right), 0.1 (wrong)."""
    probabilities = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7], [0.9, 0.1]], dtype=np.float32)
    metrics = score(probabilities, np.array([1, 0, 1, 0]), classes=("a", "b"), train_counts=np.array([3, 1]))
    assert metrics.macro_auc == pytest.approx(0.75), "3 of the 4 pairs are in order, for either class"
    # class 1: precision 1 at the first hit, 2/3 at the second; class 0 mirrored: 1 and 2/3
    assert metrics.macro_ap == pytest.approx((1 + 2 / 3) / 2)


def test_balanced_accuracy_is_sklearns() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 200)
    probabilities = rng.dirichlet(np.ones(4), 200).astype(np.float32)
    metrics = score(probabilities, labels, classes=tuple("abcd"), train_counts=np.ones(4, dtype=np.int64))
    assert metrics.balanced_accuracy == pytest.approx(balanced_accuracy_score(labels, probabilities.argmax(axis=1)))


def test_a_class_without_test_images_has_no_recall() -> None:
    labels = np.array([0, 1])
    metrics = score(np.eye(3, dtype=np.float32)[labels], labels, classes=tuple("abc"), train_counts=np.array([5, 4, 1]))
    assert metrics.recall == {"a": 1.0, "b": 1.0, "c": None}
    assert metrics.minority_recall is None
    assert metrics.balanced_accuracy == 1


def test_one_class_only_has_no_ranking() -> None:
    labels = np.zeros(3, dtype=np.int64)
    metrics = score(np.ones((3, 1), dtype=np.float32), labels, classes=("a",), train_counts=np.array([3]))
    assert metrics.macro_auc is None
    assert metrics.macro_ap is None
    assert metrics.balanced_accuracy == 1


def test_calibration_error_by_hand() -> None:
    """Two bins: confidence .6 with half right (gap .1), confidence .9 with all right (gap .1)."""
    probabilities = np.array([[0.6, 0.4], [0.6, 0.4], [0.9, 0.1], [0.9, 0.1]], dtype=np.float32)
    assert expected_calibration_error(probabilities, np.array([0, 1, 0, 0])) == pytest.approx(0.1, abs=1e-6)
