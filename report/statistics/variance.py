"""Where the spread of a difference comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class VarianceParts:
    """The variance of one seed's difference, taken apart.

    Attributes:
        total: Sample variance over seeds.
        test_sample: What the finite test sample alone would make: mean over seeds of the bootstrap variance.
        seeds: The rest, of training, at least 0.
    """

    total: float
    test_sample: float
    seeds: float


def variance_parts(differences: Sequence[float], test_variances: Sequence[float]) -> VarianceParts | None:
    """Splits the spread over seeds that each have a test sample of their own.

    Args:
        differences: (n,) method minus reference.
        test_variances: (n,) bootstrap variance of each seed's difference over its test images.

    Returns:
        None for fewer than two seeds.
    """
    if len(differences) < 2:
        return None
    total = float(np.var(differences, ddof=1))
    within = float(np.mean(test_variances))
    return VarianceParts(total, within, max(0.0, total - within))
