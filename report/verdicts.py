"""The comparisons as tables: all of the evidence on one dataset, and the verdicts over several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from report.comparison import Comparison
from report.document import Code, Column, Strong, Table, Text
from report.frame import LESS_IS_BETTER, METRICS
from report.numbers import difference, minus, p_words, ratio, share
from report.text import NOTHING, short

NOT_EVEN_ONE = "> 1"


def verdict_table(found: Sequence[Comparison], dataset: str) -> Table:
    """Every comparison on one dataset, both metrics."""
    here = [one for one in found if one.dataset == dataset]
    rows = [
        (
            Code(one.method),
            Code(one.reference),
            METRICS[one.metric],
            f"{one.n} (−{one.n_dropped})" if one.n_dropped else str(one.n),
            difference(one.difference, one.interval),
            p_words(one.p_holm),
            share(one.p_equivalent),
            _possible(one.minimum_detectable),
            _possible(one.smallest_rope),
            NOTHING if one.seeds_needed is None else f"{one.seeds_needed}",
            f"{ratio(one.cost_ratio, one.cost_interval)}{_of_fewer(one)}",
            _verdict(one),
        )
        for one in here
    ]
    columns = (
        *(Column(name, "left") for name in ("method", "held against", "metric")),
        *(Column(name) for name in ("pairs", "difference [95 %]", "p (Holm)", "P(equivalent)", "detectable", "rope")),
        *(Column(name) for name in ("seeds needed", "cost ratio [95 %]")),
        Column("verdict", "left"),
    )
    smallest = min((one.p_smallest for one in here if one.p_smallest), default=None)
    caption = (
        f"Verdicts on {short(dataset, 80)}. Difference: method minus reference over paired seeds, with the interval of "
        f"the corrected t. p: adjusted by Holm within its family and metric{_families(here)}. Detectable: the true "
        "difference found with 80 % power. Rope: the half-width within which the posterior holds 95 %; an undecided "
        "verdict would be equivalent from there on. Seeds needed: that settle it "
        f"if mean and spread stay; {NOTHING} where none would. {NOT_EVEN_ONE}: no score can differ by so much."
    )
    less = [METRICS[name] for name in dict.fromkeys(one.metric for one in here) if name in LESS_IS_BETTER]
    if less:
        caption += f" Of {' and '.join(less)} less is better."
    caption += cost_basis([one.at_equal_speed for one in here if one.cost_ratio is not None])
    if any(_of_fewer(one) for one in here):
        caption += " In round brackets behind a cost ratio: of how many pairs, where not all have times of one kind."
    if smallest is not None:
        caption += f" The smallest p that a sign-flip test could reach with these pairs is {p_words(smallest)}."
    return Table(caption, columns, tuple(rows))


def cost_basis(at_equal_speed: Sequence[bool]) -> str:
    """What cost ratios are of, as a caption says it.

    Args:
        at_equal_speed: Of each ratio, whether it is at equal speed of the machine.
    """
    if not at_equal_speed:
        return ""
    if not any(at_equal_speed):
        return " Cost ratios are of plain seconds."
    where = "" if all(at_equal_speed) else ", where they can be,"
    return (
        f" Cost ratios are{where} at equal speed of the machine: each run's seconds over those of a fixed piece of "
        "work done between its steps."
    )


def overview_table(found: Sequence[Comparison]) -> Table | None:
    """The verdicts in the first metric, a column a dataset; None for fewer than two datasets."""
    datasets = list(dict.fromkeys(one.dataset for one in found))
    if len(datasets) < 2:
        return None
    metric = found[0].metric
    cells = {(one.method, one.dataset): one for one in found if one.metric == metric}
    methods = list(dict.fromkeys(one.method for one in found))
    rows = [(Code(method), *(_cell(cells.get((method, dataset))) for dataset in datasets)) for method in methods]
    caption = (
        f"Verdicts in {METRICS[metric]} and differences to the reference arm in points, over datasets; the sections "
        "below have the intervals."
    )
    columns = (Column("method", "left"), *(Column(short(dataset, 60), "left") for dataset in datasets))
    return Table(caption, columns, tuple(rows))


def _cell(one: Comparison | None) -> Text:
    if one is None or one.difference is None:
        return NOTHING
    words = f"{one.verdict} ({minus(f'{100 * one.difference:+.1f}')})"
    return Strong(words) if one.word in ("better", "worse") else words


def _verdict(one: Comparison) -> Text:
    return Strong(one.verdict) if one.word in ("better", "worse") else one.verdict


def _of_fewer(one: Comparison) -> str:
    return f" ({one.n_cost})" if one.cost_ratio is not None and one.n_cost < one.n else ""


def _families(here: Sequence[Comparison]) -> str:
    """Which there are and how many comparisons each has in a metric, where there is more than one."""
    sizes = Counter(one.family for one in here if one.metric == here[0].metric)
    return f" ({', '.join(f'{name} {n}' for name, n in sizes.items())})" if len(sizes) > 1 else ""


def _possible(size: float | None) -> str:
    """No score can differ by over 1."""
    return NOTHING if size is None else f"{size:.3f}" if size < 1 else NOT_EVEN_ONE
