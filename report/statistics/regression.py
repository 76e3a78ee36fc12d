"""Has a change of the code made a method worse, or slower? One-sided tests with a floor under the spread.

Both rules assume a least spread: the same code on another kind of machine rounds differently, and on the same machine
its runs are equal to the bit, which no test may take for certainty about a shift.
"""
# pyright: standard

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

QUALITY_FLOOR = 0.01
"""Least standard deviation of the difference between two trainings of one arm with one seed, in units of the metric.

Training again from another initialisation gave .008 to .029 in balanced accuracy on real cells.
"""
TIME_FLOOR = 0.03
"""Least standard deviation of the logarithm of a phase's relative cost."""
MOST_SEEDS = 200


@dataclass(frozen=True)
class Loss:
    """A paired one-sided test for a loss.

    Attributes:
        n: Pairs.
        mean: Mean of new − old.
        sd: Of the differences, not below the floor.
        p: Of as low a mean if nothing had changed, on n − 1 degrees of freedom.
    """

    n: int
    mean: float
    sd: float
    p: float


def loss(old: Sequence[float], new: Sequence[float], *, floor: float = QUALITY_FLOOR) -> Loss | None:
    """Tests whether the new scores are lower than the old ones of the same seeds; None for fewer than two pairs."""
    differences = np.asarray(new, dtype=np.float64) - np.asarray(old, dtype=np.float64)
    n = len(differences)
    if n < 2:
        return None
    mean, sd = float(differences.mean()), max(float(differences.std(ddof=1)), floor)
    return Loss(n, mean, sd, float(stats.t.cdf(mean / (sd / n**0.5), df=n - 1)))


def power(true_loss: float, *, sd: float, n: int, alpha: float) -> float:
    """How often a loss is found: the noncentral t's mass beyond the one-sided limit."""
    limit = stats.t.ppf(1 - alpha, df=n - 1)
    return float(stats.nct.sf(limit, df=n - 1, nc=true_loss * n**0.5 / sd))


def seeds_for(true_loss: float, *, sd: float, alpha: float, wanted: float = 0.9) -> int | None:
    """Fewest seeds that find a loss nine times in ten; None where 200 do not."""
    return next((n for n in range(2, MOST_SEEDS + 1) if power(true_loss, sd=sd, n=n, alpha=alpha) >= wanted), None)


@dataclass(frozen=True)
class SlowDown:
    """A one-sided test of whether a phase costs more than tolerance allows.

    Attributes:
        ratio: Geometric mean of the new relative costs over that of the old ones.
        limit: Ratio from which on this phase alone would be an alarm at ``alpha``.
        p: Of as high a ratio if the true one were the tolerance.
    """

    ratio: float
    limit: float
    p: float


def slow_downs(
    pairs: Sequence[tuple[Sequence[float], Sequence[float]]],
    *,
    tolerance: float,
    alpha: float,
    floor: float = TIME_FLOOR,
) -> list[SlowDown] | None:
    """Tests phases for a slow-down, with one spread for all of them.

    A phase's cost does not depend on the seed, so its logarithms over seeds spread by the clock's noise alone. Their
    variance within the phases of both studies is pooled, which makes few seeds enough.

    Args:
        pairs: For each phase its (old, new) relative costs, each > 0 and of at least one run.
        tolerance: Ratio that is let pass, ≥ 1: calibration does not follow every kind of machine exactly.
        alpha: For ``limit``.
        floor: Least standard deviation of the logarithms.

    Returns:
        One for each phase; None where no phase has two runs, so that nothing tells the noise.
    """
    logs = [(np.log(np.asarray(old)), np.log(np.asarray(new))) for old, new in pairs]
    cells = [cell for pair in logs for cell in pair]
    df = sum(len(cell) - 1 for cell in cells)
    if not df:
        return None
    sd = max((sum(float(((cell - cell.mean()) ** 2).sum()) for cell in cells) / df) ** 0.5, floor)
    found: list[SlowDown] = []
    for old, new in logs:
        error = sd * (1 / len(old) + 1 / len(new)) ** 0.5
        difference = float(new.mean() - old.mean())
        limit = np.log(tolerance) + stats.t.ppf(1 - alpha, df) * error
        p = float(stats.t.sf((difference - np.log(tolerance)) / error, df))
        found.append(SlowDown(float(np.exp(difference)), float(np.exp(limit)), p))
    return found
