"""Kernel distance between two sets of features (KID)."""

from __future__ import annotations

import torch

from bench.generative.extractor import Features
from bench.generative.pairs import blocks, kernel_sum, within


def kid(generated: Features, real: Features) -> float:
    """Unbiased squared maximum mean discrepancy with the cubic kernel [Bińkowski et al. 1801.01401, section 4].

    Over all pairs, which is the mean that random subsets estimate.

    Args:
        generated: (M, D), M ≥ 2.
        real: (N, D), N ≥ 2.

    Returns:
        May be slightly negative where the distributions agree.
    """
    x, y = torch.from_numpy(generated), torch.from_numpy(real)
    across = sum(kernel_sum(block.products, x.shape[1]) for block in blocks(x, y)) / (len(x) * len(y))
    return within(x).kernel + within(y).kernel - 2 * across
