"""Generator quality while training: KID against the validation images, in fixed random features.

This serves the choice of a checkpoint, never a result: results are measured on test images, in other features.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from bench.generative.kid import kid
from bench.generative.random_features import RandomExtractor
from datasets import LabelledImages
from methods import SampleImages

MOST_IMAGES = 1024


class ValidationQuality:
    """Measures a generator against validation images of every class.

    Args:
        valid: Validation images; classes with fewer than two are left out, and nothing is measured without any.
        device: Where to embed.
        seed: Of the noise that the generator is given, the same at every call.
    """

    def __init__(self, valid: LabelledImages, *, device: torch.device, seed: int) -> None:
        self._seed = seed
        self._extractor = RandomExtractor(valid.images.shape[1], device=device)
        self._labels, self._real = self._balanced(valid)

    def _balanced(self, valid: LabelledImages) -> tuple[NDArray[np.int64], dict[int, NDArray[np.float64]]]:
        most = max(2, MOST_IMAGES // len(valid.classes))
        real: dict[int, NDArray[np.float64]] = {}
        labels: list[NDArray[np.int64]] = []
        for k in range(len(valid.classes)):
            chosen = np.flatnonzero(valid.labels == k)[:most]
            if len(chosen) >= 2:
                real[k] = self._extractor.embed(valid.images[chosen]).features
                labels.append(np.full(max(len(chosen), min(most, 64)), k, dtype=np.int64))
        return np.concatenate(labels) if labels else np.empty(0, dtype=np.int64), real

    def __call__(self, sample: SampleImages) -> float:
        """Mean over classes of the KID between generated and validation images of the class; lower is better.

        NaN where no class has two validation images.
        """
        if not self._real:
            return float("nan")
        images = sample(self._labels, torch.Generator().manual_seed(self._seed))
        generated = self._extractor.embed(images).features
        return float(np.mean([kid(generated[self._labels == k], real) for k, real in self._real.items()]))
