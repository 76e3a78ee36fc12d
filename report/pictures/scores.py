"""Scores of each seed, and differences to the reference arm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from report.comparison import Comparison
from report.document import Figure
from report.drawing import Drawing
from report.figures.forest import Effect, Group, draw_forest
from report.figures.strip import Row, draw_strip
from report.figures.widths import Width, draw_widths
from report.frame import METRICS, direction
from report.numbers import bare
from report.study import Results
from report.text import plural

MOST_WIDTHS = 12


def scores(results: Results, drawing: Drawing, dataset: str) -> Iterator[Figure]:
    """Strip of scores by seed."""
    label = METRICS[results.metric]
    means = results.means
    arms = {
        method: means[key].mean
        for method, arm in results.references.items()
        if (key := (dataset, arm, results.metric)) in means
    }
    chosen = results.metrics[(results.metrics["dataset"] == dataset) & (results.metrics["metric"] == results.metric)]
    values = {str(name): tuple(map(float, of["value"])) for name, of in chosen.groupby("method", sort=False)}
    rows = [
        Row(method, results.tier(method), values.get(method, ()), arms.get(method))
        for method in results.methods(dataset)
    ]
    if not values:
        return
    dashed = "; dashed, the mean of the arm it is held against" if arms else ""
    yield drawing.add(
        partial(draw_strip, rows, label=label),
        dataset,
        "scores",
        alt=f"{label} of each method and seed on {dataset}",
        caption=f"{label.capitalize()} of each seed (points) and its mean (bar){dashed}.",
    )


def effects(found: Sequence[Comparison], metric: str) -> list[Effect]:
    """Rows of a forest plot: the comparisons in one metric that have a difference."""
    return [
        Effect(one.method, one.difference, one.interval, one.word, one.verdict)
        for one in found
        if one.metric == metric and one.difference is not None
    ]


def differences(results: Results, drawing: Drawing, dataset: str, compared: Sequence[Comparison]) -> Iterator[Figure]:
    """Forest plot of the paired differences in both metrics."""
    here = [one for one in compared if one.dataset == dataset and one.difference is not None]
    panels = [
        (_label(metric), _groups(results, [one for one in here if one.metric == metric]))
        for metric in dict.fromkeys(one.metric for one in here)
    ]
    if not panels:
        return
    rope = results.study.rope
    yield drawing.add(
        partial(draw_forest, panels, rope=rope),
        dataset,
        "differences",
        alt=f"paired differences with intervals on {dataset}",
        caption=(
            "Method minus its reference arm over paired seeds, in points, with 95 % intervals. Grey: within "
            f"±{bare(rope)} points, which counts as equivalent. The verdict also allows for several methods being "
            "tested at once, so an interval beside zero alone is none."
        ),
    )


def _groups(results: Results, found: Sequence[Comparison]) -> list[Group]:
    """Rows of a forest plot by the arm that they are held against, with its classifier and its mean score."""
    classifiers = dict(zip(results.runs["method"], results.runs["classifier"], strict=True))
    groups: list[Group] = []
    for arm in dict.fromkeys(one.reference for one in found):
        members = [one for one in found if one.reference == arm]
        classifier = classifiers[arm]
        name = arm.removesuffix(f"[classifier={classifier}]")
        own = f" ({classifier})" if isinstance(classifier, str) else ""
        mean = results.means[members[0].dataset, arm, members[0].metric].mean
        rows = [replace(row, tier=results.tier(row.name)) for row in effects(members, members[0].metric)]
        groups.append(Group(f"against {name}{own}, mean {100 * mean:.1f}", rows))
    return groups


def widths(results: Results, drawing: Drawing, dataset: str, compared: Sequence[Comparison]) -> Iterator[Figure]:
    """How the interval narrows with more seeds; undecided methods first, for whom it matters."""
    here = [one for one in compared if (one.dataset, one.metric) == (dataset, results.metric) and one.interval]
    here.sort(key=lambda one: one.word != "undecided")
    shown = [
        Width(one.method, one.estimate, one.seeds_needed if one.word == "undecided" else None)
        for one in here[:MOST_WIDTHS]
        if one.estimate is not None
    ]
    if not shown:
        return
    rest = f" {plural(len(here) - len(shown), 'further method')} left out." if len(here) > len(shown) else ""
    yield drawing.add(
        partial(draw_widths, shown, methods=results.methods(), rope=results.study.rope),
        dataset,
        "seeds",
        alt=f"width of the 95 % intervals against the number of seeds on {dataset}",
        caption=(
            "Half the width of the 95 % interval that a number of seeds would give if the spread stays as it is. "
            "Points: the seeds of this study. Stars: the number that would settle an undecided method; without one, no "
            f"number would, or more than the axis shows. Grey: within the rope.{rest}"
        ),
    )


def _label(metric: str) -> str:
    return f"{METRICS[metric]} (less is better)" if direction(metric) < 0 else METRICS[metric]
