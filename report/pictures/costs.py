"""Score against cost, and where the time goes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from report import aggregate
from report.document import Figure, Paragraph, Text, listed
from report.drawing import Drawing
from report.figures.phases import draw_phases
from report.figures.scatter import Point, draw_scatter
from report.frame import METRICS, NOT_COST, direction
from report.study import Results
from report.tables import CONTENDED, main_cost
from report.text import short


def cost(results: Results, drawing: Drawing, dataset: str) -> Iterator[Figure | Paragraph]:
    """Score against cost with the Pareto front, and the phases of each method."""
    if not results.kinds:
        yield Paragraph("No times are shown: every run shared device or cores with others, or left none.")
        return
    kind = results.kinds[0]
    costs = main_cost(results)[0]
    means = results.means
    label = METRICS[results.metric]
    points = [
        Point(method, results.tier(method), costs[dataset, method], means[dataset, method, results.metric])
        for method in results.methods(dataset)
        if (dataset, method) in costs and (dataset, method, results.metric) in means
    ]
    if not points:
        return
    where = f"{short(kind.hardware, 120)}; {CONTENDED[kind.contended]}"
    clock = results.cost_clock
    left_out = [method for method in results.methods(dataset) if method not in {point.name for point in points}]
    missing: Text = (" Without such times or scores: ", *listed(left_out), ".") if left_out else ()
    yield drawing.add(
        partial(
            draw_scatter,
            points,
            score_label=label,
            cost_label=f"cost of a run [{clock} s]",
            more_is_better=direction(results.metric) > 0,
        ),
        dataset,
        "cost",
        alt=f"{label} against cost on {dataset}",
        caption=(
            f"{label.capitalize()} against cost, mean ± standard deviation over seeds ({where}). Line: the Pareto "
            "front; no method does as well on average for less.",
            *missing,
        ),
    )
    times = aggregate.of_kind(results.phases, kind)
    times = times[(times["dataset"] == dataset) & ~times["phase"].isin(NOT_COST)]
    by_phase = aggregate.spreads(times[times["clock"] == clock.lower()], "method", "phase")
    bars = [
        (point.name, {phase: s.mean for (method, phase), s in by_phase.items() if method == point.name})
        for point in points
    ]
    yield drawing.add(
        partial(draw_phases, bars, label=f"{clock} seconds a run"),
        dataset,
        "phases",
        alt=f"seconds by phase on {dataset}",
        caption=f"Where the {clock} time of a run goes, scoring left out ({where}).",
    )
