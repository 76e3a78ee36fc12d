"""Passes through all pairs of two sets of features, some rows at a time: memory grows with n, never with n².

KID needs the sum of a kernel over pairs, and precision, recall, density and coverage need distances. Both come from
the same inner products, ⟨x, y⟩ and |x − y|² = |x|² + |y|² − 2⟨x, y⟩, so one pass serves both. Everything is in
float64, since KID is a small difference of large sums.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

ROWS = 512
"""Rows of a block: 512 × 10,000 products take 41 MB."""

ROUNDING = 1e-9
"""Relative slack that keeps a point on the boundary of its ball from falling to either side by rounding."""


@dataclass(frozen=True)
class Within:
    """One set among itself.

    Attributes:
        kernel: Mean of the kernel over pairs of different rows.
        nearest: (N, k) squared distances of each row to its k nearest others, ascending.
    """

    kernel: float
    nearest: Tensor


@dataclass(frozen=True)
class Block:
    """Some rows of x against all of y.

    Attributes:
        rows: Which rows of x.
        products: (b, N) inner products.
        squared: (b, N) squared distances.
    """

    rows: slice
    products: Tensor
    squared: Tensor


def blocks(x: Tensor, y: Tensor) -> Iterator[Block]:
    """Goes through the rows of x, (M, D) float64, against y, (N, D) float64."""
    norms_x, norms_y = x.square().sum(dim=1), y.square().sum(dim=1)
    for start in range(0, len(x), ROWS):
        rows = slice(start, min(start + ROWS, len(x)))
        products = x[rows] @ y.T
        squared = torch.add(norms_y, products, alpha=-2).add_(norms_x[rows, None]).clamp_(min=0)
        yield Block(rows, products, squared)


def kernel(products: Tensor, width: int) -> Tensor:
    """Cubic polynomial kernel (⟨x, y⟩/D + 1)³ of KID [Bińkowski et al. 1801.01401, section 4]."""
    root = products / width + 1
    return root * root * root


def within(x: Tensor, *, neighbours: int = 0) -> Within:
    """A set among itself.

    Args:
        x: (N, D) float64, N ≥ 2 and N > ``neighbours``.
        neighbours: k.
    """
    total, nearest = 0.0, x.new_empty(len(x), neighbours)
    for block in blocks(x, x):
        itself = torch.arange(block.rows.start, block.rows.stop)
        of_block = torch.arange(len(itself))
        kernels = kernel(block.products, x.shape[1])
        total += kernels.sum().item() - kernels[of_block, itself].sum().item()
        if neighbours:
            block.squared[of_block, itself] = torch.inf
            nearest[block.rows] = block.squared.topk(neighbours, dim=1, largest=False).values
    return Within(total / (len(x) * (len(x) - 1)), nearest)
