"""Studies with known truth, to see how often the rules claim what is not so and miss what is.

A study has a reference and further methods, and one seed's difference to the reference is drawn from a normal. Where
seeds resample one pool of images, differences of one method share a part that no further seed averages out: with
correlation ρ they are √ρ·(shared) + √(1 − ρ)·(of the seed).
"""
# pyright: standard

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from report.statistics.multiplicity import holm
from report.statistics.paired import correction, estimate, interval, p_value

SPLIT = (0.7, 0.2)
"""Shares of training and test images: r is 2/7, and the correlation it stands for 2/9."""


def assumed_correlation() -> float:
    """The correlation between seeds for which the correction is right: r / (1 + r)."""
    r = _r(resampled=True)
    return r / (1 + r)


@dataclass(frozen=True)
class Rates:
    """What happened over many studies.

    Attributes:
        any_claim: Share of studies with any "better" or "worse".
        found: Share of studies in which the first method is called better.
        covered: Share of intervals of the first method that hold the true difference.
        repetitions: Studies.
    """

    any_claim: float
    found: float
    covered: float
    repetitions: int

    def error(self, share: float) -> float:
        """Monte Carlo standard error of a share."""
        return (share * (1 - share) / self.repetitions) ** 0.5


def simulate(
    *,
    resampled: bool,
    correlation: float = 0.0,
    effect: float = 0.0,
    seeds: int = 10,
    methods: int = 6,
    repetitions: int = 2_000,
    rng_seed: int = 0,
) -> Rates:
    """Draws studies and judges them by the rules of the report.

    Args:
        resampled: Whether the rules take the seeds for resampled splits; else for fresh draws.
        correlation: True correlation between seeds, 0…1.
        effect: True difference of the first method, in standard deviations of one seed's difference; the others
            have none.
        seeds: Per method.
        methods: With the reference; their differences share the reference's runs, hence correlate by one half.
        repetitions: Studies.
        rng_seed: The same seed draws the same studies.
    """
    rng = np.random.default_rng(rng_seed)
    r = _r(resampled=resampled)
    any_claim = found = covered = 0
    for _ in range(repetitions):
        differences = _study(rng, methods=methods, seeds=seeds, correlation=correlation)
        differences[0] += effect
        estimates = [estimate(row.tolist(), r=r) for row in differences]
        known = [one for one in estimates if one is not None]
        claims = [p is not None and p <= 0.05 for p in holm([p_value(one) for one in known])]
        any_claim += any(claims)
        found += claims[0] and known[0].mean > 0
        low, high = interval(known[0])
        covered += low <= effect <= high
    return Rates(any_claim / repetitions, found / repetitions, covered / repetitions, repetitions)


def _study(rng: np.random.Generator, *, methods: int, seeds: int, correlation: float) -> NDArray[np.float64]:
    """(methods − 1, seeds) differences to the reference, each of variance 1."""
    shared = rng.normal(0, (correlation / 2) ** 0.5, (methods, 1))
    of_seed = rng.normal(0, ((1 - correlation) / 2) ** 0.5, (methods, seeds))
    scores = shared + of_seed
    return scores[1:] - scores[0]


def _r(*, resampled: bool) -> float:
    train, test = SPLIT
    return correction("resampled" if resampled else "fresh", n_test=round(100 * test), n_train=round(100 * train))
