"""The main table for papers and programs: every method of every dataset, as CSV and as LaTeX."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from report import aggregate, tables
from report.compare import RANKING
from report.comparison import Comparison
from report.frame import STATUSES
from report.latex import to_latex
from report.study import Results


def main_frame(results: Results, compared: Sequence[Comparison]) -> pd.DataFrame:
    """One row a dataset and method, unrounded.

    Returns:
        ``dataset, method, tier, reference``; runs by status; ``<metric>_mean`` and ``<metric>_sd`` (over seeds, n − 1);
        for the study's metric and macro AP ``<metric>_difference`` to the reference arm, its 95 % interval ``_low`` and
        ``_high``, ``_p_holm`` and ``_verdict``; cost in seconds. Empty where there is none.
    """
    metrics = tables.main_metrics(results)
    means = results.means
    cost, _ = tables.main_cost(results)
    found = {(one.dataset, one.method, one.metric): one for one in compared}
    rows: list[dict[str, Any]] = []
    for dataset in results.datasets:
        for method in results.methods(dataset):
            counts = results.counts[dataset, method]
            row: dict[str, Any] = {"dataset": dataset, "method": method, "tier": results.tier(method)}
            row |= {"reference": results.references.get(method)}
            row |= {f"n_{status}": counts.get(status, 0) for status in STATUSES}
            for metric in metrics:
                row |= _mean_and_sd(metric, means.get((dataset, method, metric)))
            for metric in dict.fromkeys((results.metric, RANKING)):
                row |= dict(_against(metric, found.get((dataset, method, metric))))
            row |= _mean_and_sd(f"cost_{results.cost_clock.lower()}_s", cost.get((dataset, method)))
            rows.append(row)
    return pd.DataFrame(rows)


def main_latex(results: Results) -> str:
    """The report's first table of each dataset, for a paper."""
    return to_latex([tables.score_table(results, dataset) for dataset in results.datasets])


def _mean_and_sd(name: str, spread: aggregate.Spread | None) -> dict[str, float | None]:
    mean, sd = (spread.mean, spread.sd) if spread else (None, None)
    return {f"{name}_mean": mean, f"{name}_sd": sd}


def _against(metric: str, one: Comparison | None) -> Iterator[tuple[str, Any]]:
    low, high = one.interval if one and one.interval else (None, None)
    yield f"{metric}_difference", one.difference if one else None
    yield f"{metric}_low", low
    yield f"{metric}_high", high
    yield f"{metric}_p_holm", one.p_holm if one else None
    yield f"{metric}_verdict", one.verdict if one else None
