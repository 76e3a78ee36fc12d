"""Where the spread of a difference comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class VarianceParts:
    """The variance of one seed's difference, taken apart.

    Attributes:
        total: Of one seed: its training and its test images.
        test_sample: What the finite test sample alone makes: mean over seeds of the bootstrap variance.
        seeds: Of training and, where seeds split anew, of what was trained on; at least 0.
    """

    total: float
    test_sample: float
    seeds: float

    @property
    def test_share(self) -> float | None:
        """The test sample's part over the total; above 1 where seeds happen to differ less. None without spread."""
        return self.test_sample / self.total if self.total > 0 else None


def variance_parts(
    differences: Sequence[float], test_variance: float | None, *, same_test: bool = False
) -> VarianceParts | None:
    """Splits the spread over seeds.

    Args:
        differences: (n,) method minus reference.
        test_variance: Of one seed's difference over its test images; None where it is not known.
        same_test: Whether all seeds share their test images. Their spread is then of training alone, and the test
            sample's variance comes on top of it; else it is a part of it.

    Returns:
        None for fewer than two seeds, or without a bootstrap.
    """
    if len(differences) < 2 or test_variance is None:
        return None
    total = float(np.var(differences, ddof=1))
    if same_test:
        return VarianceParts(total + test_variance, test_variance, total)
    return VarianceParts(total, test_variance, max(0.0, total - test_variance))
