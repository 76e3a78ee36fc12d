"""Who is first, how surely, and who leads across datasets."""
# pyright: standard

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd

from report.document import Block, Code, Column, Heading, Paragraph, Strong, Table
from report.drawing import Drawing
from report.figures.ranks import draw_ranks
from report.frame import METRICS, direction
from report.numbers import p_words, percent
from report.statistics.ranks import across_datasets, times_first
from report.study import Results
from report.text import plural, short


def stability(results: Results, dataset: str) -> Iterator[Block]:
    """How often each method has the best mean when the seeds are drawn again."""
    scores = _by_seed(results, dataset)
    if len(scores) < 2:
        return
    scores, left_out = _whole(scores)
    name = METRICS[results.metric]
    if len(scores) < 2 or scores.shape[1] < 2:
        yield Paragraph(f"Who stays first is not told: too few seeds have {name} of more than one method.")
        return
    sign = direction(results.metric)
    first = times_first(sign * scores.to_numpy(dtype=np.float64))
    means = scores.mean(axis=1)
    order = np.argsort(-sign * means.to_numpy(), kind="stable")
    winner = str(scores.index[order[0]])
    yield Paragraph(
        (
            Code(winner),
            f" has the {'highest' if sign > 0 else 'lowest'} mean {name}, and keeps it in ",
            Strong(percent(float(first[order[0]]))),
            f" of studies that draw these {plural(scores.shape[1], 'seed')} again, with replacement.",
        )
    )
    rows = [
        (Code(str(scores.index[i])), str(place + 1), f"{means.iloc[i]:.3f}", percent(float(first[i])))
        for place, i in enumerate(order)
    ]
    columns = (Column("method", "left"), Column("place"), Column(f"mean {name}"), Column("first in"))
    caption = (
        f"How often each method comes first on {short(dataset, 80)} when seeds are drawn again, all methods the same "
        "ones. It speaks of the spread between seeds; other images of the same kind may order the methods differently."
    )
    if left_out:
        caption += f" Left out, since seeds are missing: {', '.join(left_out)}."
    yield Table(caption, columns, tuple(rows))


def across(results: Results, drawing: Drawing) -> Iterator[Block]:
    """Ranks over datasets, Friedman's test and the critical difference; or why there are none."""
    if len(results.datasets) < 2:
        return
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


def _by_seed(results: Results, dataset: str) -> pd.DataFrame:
    """Methods × seeds, NaN where there is no score."""
    here = results.metrics[(results.metrics["dataset"] == dataset) & (results.metrics["metric"] == results.metric)]
    table = here.pivot_table(index="method", columns="seed", values="value", observed=True)
    return table.reindex([name for name in results.methods(dataset) if name in table.index])


def _whole(scores: pd.DataFrame) -> tuple[pd.DataFrame, Sequence[str]]:
    """Leaves methods that lack more than half of the seeds out, then the seeds that one of the others lacks."""
    enough = scores.notna().sum(axis=1) * 2 >= scores.shape[1]
    return scores[enough].dropna(axis=1), [str(name) for name in scores.index[~enough]]
