"""How probable it is that a method is better, equivalent or worse.

Student's t around the mean difference with the variance of the corrected t test, which is the posterior under the
usual flat prior (Benavoli, Corani, Demšar & Zaffalon, JMLR 18(77), 2017, section 3). baycomp's ``CorrelatedTTest``
takes r = 1/(folds − 1), which holds for cross-validation and not here; its ``Posterior`` is used with our variance.
"""
# pyright: standard

from __future__ import annotations

from dataclasses import dataclass

from scipy.optimize import brentq
from scipy.special import stdtr

from report.statistics.paired import Estimate


@dataclass(frozen=True)
class Probabilities:
    """Posterior mass below −rope, within ±rope and above rope; sums to one."""

    worse: float
    equivalent: float
    better: float


def probabilities(found: Estimate, *, rope: float) -> Probabilities:
    """Posterior mass of the three regions (baycomp).

    Args:
        found: The paired differences.
        rope: Half-width of the region of practical equivalence, > 0.
    """
    from baycomp.single import Posterior

    masses = Posterior(found.mean, found.variance, found.df, rope).probs()  # pyright: ignore[reportArgumentType]
    return Probabilities(*(min(1.0, max(0.0, float(mass))) for mass in masses))


def mass_within(found: Estimate, rope: float) -> float:
    """Posterior mass within ±rope, as ``probabilities`` gives it, but cheap enough to search with."""
    error = found.standard_error
    if error == 0:
        return float(abs(found.mean) <= rope)
    return float(stdtr(found.df, (rope - found.mean) / error) - stdtr(found.df, (-rope - found.mean) / error))


def smallest_rope(found: Estimate, *, mass: float = 0.95) -> float:
    """The half-width within which the posterior holds ``mass``; an undecided verdict is "equivalent" from there on."""
    error = found.standard_error
    if error == 0:
        return abs(found.mean)
    top = abs(found.mean) + error
    while mass_within(found, top) < mass:
        top *= 2
    return float(brentq(lambda rope: mass_within(found, float(rope)) - mass, 0.0, top, xtol=1e-12))  # pyright: ignore[reportArgumentType]
