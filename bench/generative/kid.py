"""Kernel distance between two sets of features (KID)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from bench.generative.pairs import blocks, kernel, within


def kid(generated: NDArray[np.float64], real: NDArray[np.float64]) -> float:
    """Unbiased squared maximum mean discrepancy with the cubic kernel [Bińkowski et al. 1801.01401, section 4].

    Over all pairs, which is the mean that random subsets estimate.

    Args:
        generated: (M, D), M ≥ 2.
        real: (N, D), N ≥ 2.

    Returns:
        May be slightly negative where the distributions agree.
    """
    x, y = torch.from_numpy(generated), torch.from_numpy(real)
    across = sum(kernel(block.products, x.shape[1]).sum().item() for block in blocks(x, y)) / (len(x) * len(y))
    return within(x).kernel + within(y).kernel - 2 * across
