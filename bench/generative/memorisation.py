"""Are generated images new? Their distance to the nearest training image, against that of real test images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from bench.generative.pairs import blocks

NOMINAL = 0.1
"""The share of fresh real images that count as near."""


@dataclass(frozen=True)
class Nearest:
    """The nearest training image of each image.

    Attributes:
        distances: (N,) in the extractor's features.
        indices: (N,) which training image.
    """

    distances: NDArray[np.float64]
    indices: NDArray[np.int64]


def nearest(features: NDArray[np.float64], train: NDArray[np.float64]) -> Nearest:
    """The nearest of (M, D) training features for each of (N, D) features."""
    x = torch.from_numpy(features)
    squared, indices = torch.empty(len(x), dtype=torch.float64), torch.empty(len(x), dtype=torch.int64)
    for block in blocks(x, torch.from_numpy(train)):
        squared[block.rows], indices[block.rows] = block.squared.min(dim=1)
    return Nearest(squared.clamp(min=0).sqrt().numpy(), indices.numpy())


def memorisation(generated: NDArray[np.float64], test: NDArray[np.float64]) -> float:
    """Share of generated images that are nearer to a training image than the nearest tenth of the test images.

    The threshold is the 10 % quantile (Weibull's, at rank 0.1 (n + 1)), so that a fresh real image falls below it
    with probability 0.1 at any n ≥ 9: **0.1 is what new images give, 1 what copies give**. The comparison of
    nearest-training distances follows Meehan et al. 2004.05675, with a quantile in the place of their rank test,
    since a few copies among many new images hardly move a rank sum.

    Args:
        generated: (M,) nearest-training distances of generated images of a class.
        test: (N,) of the class's test images, N ≥ 9.
    """
    threshold = np.quantile(test, NOMINAL, method="weibull")
    return float(np.mean(generated < threshold))
