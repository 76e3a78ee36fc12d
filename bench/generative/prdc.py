"""KID, precision, recall, density and coverage in one pass through the pairs."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from bench.generative.extractor import Features
from bench.generative.pairs import ROUNDING, blocks, kernel_sum, within

MANIFOLD_NEIGHBOURS = 3
"""k of precision and recall, as in their paper."""

BALL_NEIGHBOURS = 5
"""k of density and coverage, as in theirs."""


@dataclass(frozen=True)
class Comparison:
    """Generated against real features; see `compare`."""

    kid: float
    precision: float
    recall: float
    density: float
    coverage: float


def compare(
    generated: Features,
    real: Features,
    *,
    manifold: int = MANIFOLD_NEIGHBOURS,
    ball: int = BALL_NEIGHBOURS,
) -> Comparison:
    """Compares two sets of features.

    - KID as in `bench.generative.kid`.
    - Precision: share of generated images inside some real image's closed ball, whose radius is the distance to that
      image's third nearest other real image; recall: the same with the sets exchanged
      [Kynkäänniemi et al. 1904.06991, eqs. 1 and 2].
    - Density: real images' open balls (k = 5) that a generated image lies in, over k, averaged; around 1 where the
      distributions agree, and may exceed 1. Coverage: share of real images whose ball holds a generated image
      [Naeem et al. 2002.09797, eqs. 3 and 4].

    Args:
        generated: (M, D), M > both k.
        real: (N, D), N > both k.
        manifold: k of precision and recall.
        ball: k of density and coverage.
    """
    x, y = torch.from_numpy(generated), torch.from_numpy(real)
    own_x, own_y = within(x, neighbours=manifold), within(y, neighbours=max(manifold, ball))
    slack = ROUNDING[x.dtype]
    closed_x = own_x.nearest[:, manifold - 1] * (1 + slack)
    closed_y = own_y.nearest[:, manifold - 1] * (1 + slack)
    open_y = own_y.nearest[:, ball - 1] * (1 - slack)
    recalled, covered = torch.zeros(len(y), dtype=torch.bool), torch.zeros(len(y), dtype=torch.bool)
    total, precise, balls = 0.0, 0, 0
    for block in blocks(x, y):
        total += kernel_sum(block.products, x.shape[1])
        precise += int((block.squared <= closed_y).any(dim=1).sum())
        recalled |= (block.squared <= closed_x[block.rows, None]).any(dim=0)
        inside = block.squared < open_y
        balls += int(inside.sum())
        covered |= inside.any(dim=0)
    return Comparison(
        kid=own_x.kernel + own_y.kernel - 2 * total / (len(x) * len(y)),
        precision=precise / len(x),
        recall=recalled.double().mean().item(),
        density=balls / (ball * len(x)),
        coverage=covered.double().mean().item(),
    )
