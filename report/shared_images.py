"""The test images that all seeds share: what their sampling adds to the error of a difference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from report.statistics.images import bootstrap_variance, resampled_scores, resampling_weights
from report.statistics.weighted_scores import SCORES, Floats
from results import Predictions, Record, Store, UnreadableFile, load_predictions

MOST_SEEDS = 10
"""Seeds whose predictions are resampled. The mean of fewer seeds varies a little more, so the error is no smaller."""


class SharedImages:
    """Resamples the test images of one dataset, the same way for all of its methods.

    Args:
        folder: The study's; None where there are records only.
    """

    def __init__(self, folder: Path | None) -> None:
        self._store = None if folder is None else Store(folder)
        self._weights: Floats | None = None
        self._groups: NDArray[np.generic] | None = None
        self._scores: dict[tuple[str, tuple[str, ...]], Floats | str] = {}

    def variance(self, metric: str, runs: Sequence[Record], base: Sequence[Record]) -> float | str:
        """Bootstrap variance of the mean difference over seeds; or, in words, why there is none."""
        first, second = self._resampled(metric, runs), self._resampled(metric, base)
        if isinstance(first, str):
            return first
        if isinstance(second, str):
            return second
        variance = bootstrap_variance(first, second, groups=self._groups)
        return (
            "seeds share test images of one group (slide, patient), which tells nothing of others"
            if variance is None
            else variance
        )

    def _resampled(self, metric: str, runs: Sequence[Record]) -> Floats | str:
        key = (metric, tuple(record.run_id for record in runs))
        if key not in self._scores:
            self._scores[key] = self._score(metric, runs)
        return self._scores[key]

    def _score(self, metric: str, runs: Sequence[Record]) -> Floats | str:
        if metric not in SCORES:
            return f"seeds share their test images, and {metric} cannot be computed on resampled ones"
        read = [self._read(record) for record in runs[:MOST_SEEDS]]
        predictions = [found for found in read if found is not None]
        if len(predictions) < len(read):
            return "seeds share their test images, and not every run has stored its predictions on them"
        labels, groups = predictions[0].labels, predictions[0].groups
        if any(not np.array_equal(labels, other.labels) for other in predictions):
            return "seeds should share their test images, and their stored labels differ"
        if self._weights is None:
            self._weights, self._groups = resampling_weights(len(labels), groups=groups), groups
        if self._weights.shape[1] != len(labels):
            return "methods should share their test images, and their stored labels differ"
        return resampled_scores(SCORES[metric], labels, [found.probabilities for found in predictions], self._weights)

    def _read(self, record: Record) -> Predictions | None:
        if self._store is None:
            return None
        try:
            return load_predictions(self._store.run_folder(record.run_id))
        except UnreadableFile:
            return None
