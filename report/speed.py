"""Costs at equal speed of the machine, so that a ratio of two runs says what the methods cost and not what ran beside.

A run times a fixed piece of work between its own steps. The same machine under load, or clocked down, takes longer for
both, so seconds over the seconds of that work hardly depend on the hour at which a run was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import pandas as pd

LEAST_CALIBRATIONS = 1_000
"""A run of fewer calibrations is too short for them: one cold start weighs as much as all of its work."""

Factors: TypeAlias = Mapping[tuple[str, str, str], Mapping[tuple[str, int], float]]
"""By dataset, hardware and contention, then by method and seed: what seconds are to be multiplied by."""


def factors(runs: pd.DataFrame) -> Factors:
    """What brings each run's seconds to the median speed of the runs that it stands beside.

    Args:
        runs: One row a run, with ``cost_s`` and ``calibration_s`` in seconds.

    Returns:
        Median calibration over the run's own, for each dataset and kind of times of which every ok run has a
        calibration and lasted at least ``LEAST_CALIBRATIONS`` of them; the others are left out, and their seconds
        stay as they are.
    """
    timed = runs[(runs["status"] == "ok") & runs["cost_s"].notna()]
    found: dict[tuple[str, str, str], dict[tuple[str, int], float]] = {}
    for kind, of_kind in timed.groupby(["dataset", "hardware", "contended"], sort=False):
        calibration = of_kind["calibration_s"]
        long_enough = of_kind["cost_s"] >= LEAST_CALIBRATIONS * calibration  # no calibration: False
        if not (long_enough & (calibration > 0)).all():
            continue
        dataset, hardware, contended = map(str, kind)  # pyright: ignore[reportArgumentType]
        arms = zip(of_kind["method"], of_kind["seed"].astype(int), strict=True)
        found[dataset, hardware, contended] = dict(zip(arms, calibration.median() / calibration, strict=True))
    return found
