"""Who is first, and how surely."""
# pyright: standard

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from report.document import Block, Code, Column, Paragraph, Strong, Table
from report.frame import METRICS, direction
from report.numbers import percent
from report.statistics.ranks import times_first
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


def _by_seed(results: Results, dataset: str) -> pd.DataFrame:
    """Methods × seeds, NaN where there is no score."""
    here = results.metrics[(results.metrics["dataset"] == dataset) & (results.metrics["metric"] == results.metric)]
    table = here.pivot_table(index="method", columns="seed", values="value", observed=True)
    return table.reindex([name for name in results.methods(dataset) if name in table.index])


def _whole(scores: pd.DataFrame) -> tuple[pd.DataFrame, Sequence[str]]:
    """The methods and seeds that hold the most scores without a gap; the methods with the fewest seeds go first."""
    counts = scores.notna().sum(axis=1)
    gapless = (scores[counts >= least].dropna(axis=1) for least in sorted(set(counts)))
    kept = max(gapless, key=lambda table: table.size)
    return kept, [str(name) for name in scores.index.difference(kept.index, sort=False)]
