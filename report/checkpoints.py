"""Whether generators were trained long enough: how near their images came to the validation images, by checkpoint."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean

from report.document import Block, Code, Column, Table
from report.run_curves import read_run
from report.study import Results
from report.tables import of_all
from report.text import NOTHING, amount
from results import Store

SCALAR = "quality"
"""Logged by ``methods.training`` at each checkpoint: KID against validation images in random features."""

THOUSANDTHS = 1000.0


def checkpoints(results: Results, dataset: str) -> Iterator[Block]:
    """The table; nothing where no run has two checkpoints that were looked at, or folders of runs are not there."""
    found = {method: runs for method in results.methods(dataset) if (runs := _of_runs(results, dataset, method))}
    if not found:
        return
    most = max(len(run) for runs in found.values() for run in runs)
    rows = tuple(
        (
            Code(method),
            of_all(results, dataset, method, len(runs)),
            _updates([run[-1][0] for run in runs]),
            *(_mean(runs, k) for k in range(most)),
            f"{sum(_last_is_best(run) for run in runs)} of {len(runs)}",
        )
        for method, runs in found.items()
    )
    columns = (
        Column("method", "left"),
        *map(Column, ("runs", "updates", *map(str, range(1, most + 1)), "last is best")),
    )
    caption = (
        f"Generators while they trained, on {dataset}: thousandths of KID between generated and validation images in "
        "random features, lower is better, mean over seeds at each checkpoint, evenly spaced up to the number of "
        "updates given. The best checkpoint is the one used. Where the last is best in far more than one run in "
        f"{most}, more updates may bring nearer images; whether the classifier gains from them is another question."
    )
    yield Table(caption, columns, rows)


def _of_runs(results: Results, dataset: str, method: str) -> list[list[tuple[int, float]]]:
    """Steps and values of each run that has at least two."""
    if results.folder is None:
        return []
    store = Store(results.folder)
    runs = (
        [point for (_, scalar), points in read_run(store, record).items() if scalar == SCALAR for point in points]
        for record in results.of_dataset(dataset)
        if record.method == method and record.status == "ok"
    )
    finite = ([point for point in run if math.isfinite(point[1])] for run in runs)
    return [run for run in finite if len(run) > 1]


def _updates(last: list[int]) -> str:
    low, high = min(last), max(last)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _mean(runs: list[list[tuple[int, float]]], k: int) -> str:
    values = [run[k][1] for run in runs if k < len(run)]
    return amount(THOUSANDTHS * fmean(values)) if values else NOTHING


def _last_is_best(run: list[tuple[int, float]]) -> bool:
    """As the choice is made: the earliest of equals."""
    return min(run, key=lambda point: point[1]) is run[-1]
