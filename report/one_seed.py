"""What a study of one seed would have printed: the luckiest and the unluckiest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from report.aggregate import differences
from report.comparison import Comparison
from report.document import Block, Code, Column, Paragraph, Strong, Table
from report.frame import METRICS, direction
from report.numbers import difference, points
from report.study import Results
from report.text import plural, short


@dataclass(frozen=True)
class OneSeed:
    """A comparison as single seeds tell it.

    Attributes:
        of: The comparison over all seeds.
        values: By seed, method minus reference, in the metric's own direction; the best for the method first.
        sign: 1 where more is better, −1 where less is.
    """

    of: Comparison
    values: tuple[tuple[int, float], ...]
    sign: int

    @property
    def ahead(self) -> int:
        """Seeds in which the method comes out better."""
        return sum(self.sign * value > 0 for _, value in self.values)

    @property
    def turns(self) -> bool:
        """Whether the method is ahead with one seed and behind with another."""
        return self.sign * self.values[0][1] > 0 > self.sign * self.values[-1][1]

    @property
    def width(self) -> float:
        """From the luckiest to the unluckiest seed."""
        return abs(self.values[0][1] - self.values[-1][1])


def single_seeds(results: Results, dataset: str, found: Sequence[Comparison]) -> list[OneSeed]:
    """Each comparison of a dataset in the study's first metric, with two pairs or more, seed by seed."""
    sign = direction(results.metric)
    table = results.metrics
    table = table[(table["dataset"] == dataset) & (table["metric"] == results.metric)]
    told: list[OneSeed] = []
    for one in found:
        if (one.dataset, one.metric) != (dataset, results.metric):
            continue
        pairs = differences(table[table["method"].isin([one.method, one.reference])], {one.method: one.reference})
        values = sorted(
            ((int(seed), float(value)) for seed, value in zip(pairs["seed"], pairs["value"], strict=True)),
            key=lambda pair: (-sign * pair[1], pair[0]),
        )
        if len(values) > 1:
            told.append(OneSeed(one, tuple(values), sign))
    return told


def one_seed(results: Results, dataset: str, found: Sequence[Comparison]) -> Iterator[Block]:
    """What would have been concluded from one lucky or unlucky seed; nothing where no comparison has two pairs.

    Args:
        results: The study's.
        dataset: Which.
        found: Comparisons, of several datasets and metrics.
    """
    told = single_seeds(results, dataset, found)
    if not told:
        return
    turning = [one for one in told if one.turns]
    if turning:
        widest = max(turning, key=lambda one: one.width)
        yield Paragraph(
            (
                "Had one seed been run, ",
                Strong(f"{len(turning)} of {plural(len(told), 'comparison')}"),
                f" could have come out either way: in {METRICS[results.metric]} ",
                Code(widest.of.method),
                f" comes out {_side(widest.values[0])} ",
                Code(widest.of.reference),
                f", or {_side(widest.values[-1])} it.",
            )
        )
    else:
        yield Paragraph(f"Of {plural(len(told), 'comparison')} none would have come out the other way with one seed.")
    rows = [
        (
            Code(one.of.method),
            Code(one.of.reference),
            _single(one.values[0]),
            _single(one.values[-1]),
            f"{one.ahead} of {len(one.values)}",
            difference(one.of.difference, one.of.interval),
            one.of.word,
        )
        for one in told
    ]
    columns = (
        Column("method", "left"),
        Column("held against", "left"),
        Column("luckiest seed"),
        Column("unluckiest seed"),
        Column("seeds ahead"),
        Column("all seeds [95 %]"),
        Column("verdict", "left"),
    )
    caption = (
        f"What one seed would have printed on {short(dataset, 80)}: {METRICS[results.metric]} minus the reference's, "
        "with the seed that favours the method most and with the one that favours it least (in brackets which), "
        "beside what all seeds say."
    )
    yield Table(caption, columns, tuple(rows))


def _single(pair: tuple[int, float]) -> str:
    """``+0.031 (2)``."""
    seed, value = pair
    return f"{difference(value)} ({seed})"


def _side(pair: tuple[int, float]) -> str:
    """``3.1 points above with seed 2``."""
    seed, value = pair
    return f"with seed {seed} {points(abs(value))} {'above' if value > 0 else 'below'}"
