"""Passes through all pairs of two sets of features, some rows at a time: memory grows with n, never with n².

KID needs the sum of a kernel over pairs, and precision, recall, density and coverage need distances. Both come from
the same inner products, ⟨x, y⟩ and |x − y|² = |x|² + |y|² − 2⟨x, y⟩, so one pass serves both. Products are in the
precision of the features, sums in float64, since KID is a small difference of large ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

ROWS = 512
"""Rows of a block: 512 × 10,000 products take 41 MB."""

ROUNDING: Mapping[torch.dtype, float] = MappingProxyType({torch.float32: 1e-6, torch.float64: 1e-9})
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
        squared: (b, N) squared distances, down to rounding error below 0.
    """

    rows: slice
    products: Tensor
    squared: Tensor


def blocks(x: Tensor, y: Tensor) -> Iterator[Block]:
    """Goes through the rows of x, (M, D), against y, (N, D)."""
    norms_x, norms_y = x.square().sum(dim=1), y.square().sum(dim=1)
    for start in range(0, len(x), ROWS):
        rows = slice(start, min(start + ROWS, len(x)))
        yield _block(rows, x[rows] @ y.T, norms_x[rows], norms_y)


def _block(rows: slice, products: Tensor, norms_rows: Tensor, norms_columns: Tensor) -> Block:
    squared = torch.add(norms_columns, products, alpha=-2).add_(norms_rows[:, None])
    return Block(rows, products, squared)


def kernel_sum(products: Tensor, width: int) -> float:
    """Sum of the cubic polynomial kernel (⟨x, y⟩/D + 1)³ of KID [Bińkowski et al. 1801.01401, section 4]."""
    root = products.to(torch.float64, copy=True).flatten().div_(width).add_(1)
    return torch.dot(root.square(), root).item()


def within(x: Tensor, *, neighbours: int = 0) -> Within:
    """A set among itself. Each pair is looked at once, for both its images.

    Args:
        x: (N, D), N ≥ 2 and N > ``neighbours``.
        neighbours: k.
    """
    norms, total = x.square().sum(dim=1), 0.0
    nearest = x.new_full((len(x), neighbours), torch.inf)
    for start in range(0, len(x), ROWS):
        rows = slice(start, min(start + ROWS, len(x)))
        n = rows.stop - rows.start
        block = _block(rows, x[rows] @ x[start:].T, norms[rows], norms[start:])
        among, beyond = block.products[:, :n], block.products[:, n:]
        of_themselves = kernel_sum(norms[rows], x.shape[1])
        total += kernel_sum(among, x.shape[1]) - of_themselves + 2 * kernel_sum(beyond, x.shape[1])
        if neighbours:
            block.squared.fill_diagonal_(torch.inf)
            nearest[rows] = _nearest(nearest[rows], block.squared, neighbours)
            if rows.stop < len(x):
                nearest[rows.stop :] = _nearest(nearest[rows.stop :], block.squared[:, n:].T, neighbours)
    return Within(total / (len(x) * (len(x) - 1)), nearest)


def _nearest(known: Tensor, squared: Tensor, k: int) -> Tensor:
    """The k smallest of each row of both, ascending."""
    closest = squared.topk(min(k, squared.shape[1]), dim=1, largest=False).values
    return torch.cat([known, closest], dim=1).topk(k, dim=1, largest=False).values
