"""The comparisons in words and as a table. Nothing is said that the figures do not carry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from report.compare import RANKING, Comparison
from report.document import Code, Column, Items, Paragraph, Span, Strong, Table, Text, listed
from report.frame import METRICS
from report.statistics.verdict import Word
from report.text import NOTHING, amount, plural, short

SIDES: tuple[Word, ...] = ("better", "worse", "equivalent", "undecided")
NO_CLAIM_BELOW = 6
"""Pairs from which on the sign-flip test can fall below 0.05."""


def findings(found: Sequence[Comparison], dataset: str, *, rope: float, clock: str) -> Iterator[Paragraph | Items]:
    """Plain findings on one dataset.

    Args:
        found: Comparisons of a study.
        dataset: Which.
        rope: Half-width of practical equivalence.
        clock: What cost is measured in: ``GPU`` or ``CPU``.
    """
    here = [one for one in found if one.dataset == dataset]
    if not here:
        yield Paragraph(("On ", Code(dataset), " no method has a reference arm, so there is nothing to judge."))
        return
    first = here[0].metric
    main = [one for one in here if one.metric == first]
    yield Paragraph(("On ", Code(dataset), *_tally(main)))
    items = [_finding(one, rope=rope, clock=clock) for side in SIDES for one in main if one.word == side]
    yield Items(tuple(items))
    ranking = {one.method: one for one in here if one.metric == RANKING}
    if first != RANKING:
        apart = [(one, ranking[one.method]) for one in main if _apart(one, ranking.get(one.method))]
        if apart:
            yield Items(tuple(_disagreement(one, other) for one, other in apart))
    if few := _few_seeds(main):
        yield Paragraph(few)


def verdict_table(found: Sequence[Comparison], dataset: str) -> Table:
    """Every comparison on one dataset, both metrics."""
    rows = [
        (
            Code(one.method),
            Code(one.reference),
            METRICS[one.metric],
            _pairs(one),
            _difference(one),
            _p(one.p_holm),
            _share(one.p_equivalent),
            NOTHING if one.minimum_detectable is None else f"{one.minimum_detectable:.3f}",
            NOTHING if one.smallest_rope is None else f"{one.smallest_rope:.3f}",
            NOTHING if one.seeds_needed is None else f"{one.seeds_needed}",
            _cost(one),
            Strong(one.verdict) if one.word in ("better", "worse") else one.verdict,
        )
        for one in found
        if one.dataset == dataset
    ]
    columns = (
        *(Column(name, "left") for name in ("method", "held against", "metric")),
        *(Column(name) for name in ("pairs", "difference [95 %]", "p (Holm)", "P(equivalent)", "detectable", "rope")),
        *(Column(name) for name in ("seeds needed", "cost ratio [95 %]")),
        Column("verdict", "left"),
    )
    smallest = min((one.p_smallest for one in found if one.dataset == dataset and one.p_smallest), default=None)
    caption = (
        f"Verdicts on {short(dataset, 80)}. Difference: method minus reference over paired seeds, with the interval of "
        "the corrected t. p: adjusted by Holm within its family. Detectable: the true difference found with 80 % "
        "power. Rope: the half-width from which on the verdict would be equivalent. Seeds needed: that settle it if "
        f"mean and spread stay; {NOTHING} where none would."
    )
    if smallest is not None:
        caption += f" The smallest p that a sign-flip test could reach with these pairs is {_p(smallest)}."
    return Table(caption, columns, tuple(rows))


def _tally(main: Sequence[Comparison]) -> tuple[Span, ...]:
    arms = list(dict.fromkeys(one.reference for one in main))
    counted = [f"{n} {side}" for side in SIDES if (n := sum(one.word == side for one in main))]
    held = plural(len(main), "method")
    verb = "is" if len(main) == 1 else "are"
    spans = (f", {held} {verb} held against ", *listed(arms), f" in {METRICS[main[0].metric]}: ")
    return (*spans, Strong(", ".join(counted)), ".")


def _finding(one: Comparison, *, rope: float, clock: str) -> Text:
    diverged = f" when it trains ({one.n_trained} of {one.n_trained + one.n_diverged})" if one.n_diverged else ""
    name = Code(one.method)
    words: list[Span] = []
    if one.reason:
        observed = "" if one.difference is None else f" (observed: {_points(one.difference)})"
        words = [name, " is ", Strong("undecided"), f"{diverged}: {short(one.reason)}{observed}."]
    elif one.word in ("better", "worse"):
        words = [name, " is ", Strong(one.word), f"{diverged} by {_points(abs(one.difference or 0))} {_band(one)}."]
        if abs(one.difference or 0) < rope:
            words.append(f" The difference is real but within the ±{_bare(rope)} points that count as equivalent.")
    elif one.word == "equivalent":
        within = f"within ±{_bare(rope)} points with probability {_share(one.p_equivalent)}"
        words = [name, " is ", Strong("equivalent"), f"{diverged}: {within}; {_signed(one)}."]
    else:
        words = [name, " is ", Strong("undecided"), f"{diverged}: {_signed(one)}.{_to_settle(one)}"]
    return (*words, _cost_words(one, clock), _dropped(one))


def _to_settle(one: Comparison) -> str:
    if one.seeds_needed is None:
        why = (
            "the seeds share images, so the interval has a floor"
            if one.rule != "fresh"
            else "the difference is too close to the margin"
        )
        return f" No number of seeds would settle it if mean and spread stay as they are: {why}."
    if one.seeds_needed <= one.n:
        return ""
    return f" About {one.seeds_needed} seeds would settle it if mean and spread stay as they are."


def _cost_words(one: Comparison, clock: str) -> str:
    if one.cost_ratio is None:
        return ""
    band = "" if one.cost_interval is None else f" ({_factor(one.cost_interval[0])} to {_factor(one.cost_interval[1])})"
    if one.better_and_cheaper:
        return f" It is better and cheaper: it costs {_factor(one.cost_ratio)} times the {clock} seconds{band}."
    return f" It costs {_factor(one.cost_ratio)} times the {clock} seconds of the reference{band}."


def _dropped(one: Comparison) -> str:
    return f" {plural(one.n_dropped, 'seed')} without a pair left out." if one.n_dropped else ""


def _apart(one: Comparison, other: Comparison | None) -> bool:
    """Whether one metric has a claim that the other does not share."""
    claims = ("better", "worse")
    return other is not None and one.word != other.word and (one.word in claims or other.word in claims)


def _disagreement(one: Comparison, other: Comparison) -> Text:
    spans: tuple[Span, ...] = (
        "The metrics disagree on ",
        Code(one.method),
        f": {one.word} in {METRICS[one.metric]}, {other.word} in {METRICS[other.metric]} ({_signed(other)}).",
    )
    if one.metric == "balanced_accuracy" and one.word == "better":
        why = (
            " Balanced accuracy rises when the operating point moves towards the rare classes, as mere re-balancing "
            "does; macro AP has no operating point. A real gain shows in both."
        )
    elif other.word in ("better", "worse") and one.metric == "balanced_accuracy":
        why = (
            " Macro AP looks at the ranking alone, which can change while the classes called at the operating point "
            "do not."
        )
    else:
        why = " They measure different things; a real gain shows in both."
    return (*spans, why)


def _few_seeds(main: Sequence[Comparison]) -> Text:
    tested = [one for one in main if one.n >= 2]
    if not tested:
        return ""
    least = min(tested, key=lambda one: one.n)
    if least.n >= NO_CLAIM_BELOW:
        return ""
    sizes = [one.minimum_detectable for one in tested if one.n == least.n and one.minimum_detectable is not None]
    could = (
        f" With their spread, {plural(least.n, 'pair')} find a true difference of {_range(sizes)} points four times in "
        "five."
        if sizes
        else ""
    )
    return (
        f"With {plural(least.n, 'pair')} a sign-flip test cannot go below p = {_p(least.p_smallest)}, whatever the "
        f"difference.{could}"
    )


def _range(sizes: Sequence[float]) -> str:
    low, high = _bare(min(sizes)), _bare(max(sizes))
    return low if low == high else f"{low} to {high}"


def _points(value: float) -> str:
    return f"{_minus(f'{_bare(value)}')} points"


def _bare(value: float) -> str:
    return f"{100 * value:.1f}"


def _signed(one: Comparison) -> str:
    return f"{_minus(f'{100 * (one.difference or 0):+.1f}')} points {_band(one)}"


def _band(one: Comparison) -> str:
    """The interval in points; of the size of the difference where the method is worse."""
    if one.interval is None:
        return "(no interval)"
    low, high = one.interval
    if one.word == "worse":
        low, high = -high, -low
    return _minus(f"(95 % interval {100 * low:.1f} to {100 * high:.1f})")


def _minus(text: str) -> str:
    """True minus signs; what rounds to zero has none."""
    return re.sub(r"[+-](0\.0+)(?!\d)", r"\1", text).replace("-", "−")


def _difference(one: Comparison) -> str:
    if one.difference is None:
        return NOTHING
    mean = _minus(f"{one.difference:+.3f}")
    return mean if one.interval is None else f"{mean} [{_minus(f'{one.interval[0]:+.3f}, {one.interval[1]:+.3f}')}]"


def _pairs(one: Comparison) -> str:
    return f"{one.n} (−{one.n_dropped})" if one.n_dropped else str(one.n)


def _p(value: float | None) -> str:
    if value is None:
        return NOTHING
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"


def _share(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


def _factor(value: float) -> str:
    return amount(value)


def _cost(one: Comparison) -> str:
    if one.cost_ratio is None:
        return NOTHING
    if one.cost_interval is None:
        return f"×{_factor(one.cost_ratio)}"
    return f"×{_factor(one.cost_ratio)} [{_factor(one.cost_interval[0])}, {_factor(one.cost_interval[1])}]"
