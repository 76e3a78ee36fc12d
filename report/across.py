"""Who leads across datasets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from report.document import Block, Code, Column, Heading, Paragraph, Table
from report.drawing import Drawing
from report.figures.ranks import draw_ranks
from report.frame import METRICS, direction
from report.numbers import p_words
from report.statistics.ranks import across_datasets
from report.study import Results
from report.text import plural


def across(results: Results, drawing: Drawing) -> Iterator[Block]:
    """Ranks over datasets, Friedman's test and the critical difference; or why there are none."""
    if len(results.datasets) < 2:
        return  # the list of what was compared says so
    yield Heading(2, "Across datasets")
    metric = results.metrics[results.metrics["metric"] == results.metric]
    table = metric.pivot_table(index="dataset", columns="method", values="value", aggfunc="mean", observed=True)
    methods = [name for name in results.methods() if name in table.columns]
    everywhere = [name for name in methods if table[name].notna().all()]
    found = across_datasets(direction(results.metric) * table[everywhere].to_numpy(dtype=np.float64))
    if isinstance(found, str):
        yield Paragraph(f"No ranks across datasets are given: {found}.")
        return
    n = len(table)
    ranks = dict(zip(everywhere, found.mean_ranks, strict=True))
    alike = "the methods are not all alike" if found.p <= 0.05 else "the methods may all be alike"
    yield Paragraph(
        f"Friedman's test over {n} datasets and {plural(len(everywhere), 'method')} in {METRICS[results.metric]}: "
        f"χ² = {found.statistic:.2f}, p = {p_words(found.p)}; {alike}. Mean ranks that differ by less than "
        f"{found.critical_difference:.2f} cannot be told apart (Nemenyi)."
    )
    yield drawing.add(
        partial(draw_ranks, ranks, critical_difference=found.critical_difference, n_datasets=n),
        "",
        "ranks",
        alt="mean ranks of the methods across datasets with the critical difference",
        caption=(
            f"Mean rank over {n} datasets; bars at the right join methods that cannot be told apart at the 5 % level."
        ),
    )
    order = sorted(everywhere, key=lambda name: ranks[name])
    best = everywhere.index(order[0])
    rows = [
        (Code(name), f"{ranks[name]:.2f}", p_words(None if i == best else float(found.pairwise[best, i])))
        for name in order
        for i in [everywhere.index(name)]
    ]
    columns = (Column("method", "left"), Column("mean rank"), Column("p against the first"))
    missing = [name for name in methods if name not in everywhere]
    caption = "Mean ranks across datasets, and Nemenyi's p against the first."
    if missing:
        caption += f" Without scores on every dataset: {', '.join(missing)}."
    yield Table(caption, columns, tuple(rows))
