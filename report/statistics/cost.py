"""How much dearer a method is than its reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from report.statistics.paired import estimate, interval


def of_one_kind(mine: Mapping[tuple[int, Any], Any], theirs: Mapping[tuple[int, Any], Any]) -> list[tuple[int, Any]]:
    """Seeds for which two methods have times of the same kind, of the kind that has most of them.

    Args:
        mine: By seed and kind of time (hardware and contention), of one method.
        theirs: Of the other.

    Returns:
        The keys, in the order of ``mine``; of kinds with as many seeds, the first.
    """
    both = [key for key in mine if key in theirs]
    most = Counter(kind for _, kind in both).most_common(1)
    return [key for key in both if key[1] == most[0][0]]


def cost_ratio(costs: Sequence[float], reference: Sequence[float]) -> tuple[float | None, tuple[float, float] | None]:
    """Geometric mean of the paired cost ratios, with its 95 % interval.

    Args:
        costs: (n,) seconds of the method's runs, > 0.
        reference: (n,) seconds of the reference's runs with the same seeds, > 0.

    Returns:
        The ratio, from the mean of log(cost / reference), and the interval of a t over those logs. The interval is
        None for one pair, both are None without pairs that took time.
    """
    pairs = np.array(list(zip(costs, reference, strict=True)), dtype=np.float64).reshape(-1, 2)
    pairs = pairs[(pairs > 0).all(axis=1) & np.isfinite(pairs).all(axis=1)]
    if not len(pairs):
        return None, None
    logs = np.log(pairs[:, 0]) - np.log(pairs[:, 1])
    ratio = float(np.exp(logs.mean()))
    found = estimate(logs.tolist())
    if found is None:
        return ratio, None
    low, high = interval(found)
    return ratio, (float(np.exp(low)), float(np.exp(high)))
