"""What each phase of a method costs beside the whole run that it is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from report.aggregate import Kind
from report.comparison import Comparison
from report.document import Code, Column, Strong, Table, Text
from report.frame import NOT_COST, in_order
from report.numbers import ratio
from report.statistics.cost import cost_ratio, of_one_kind
from report.study import Results
from report.text import NOTHING, short
from report.verdicts import cost_basis

Costs = Mapping[tuple[int, Kind], Mapping[str, float]]
"""Seconds by phase, at equal speed of the machine where that is known, by seed and kind of time."""


def phase_cost_table(results: Results, dataset: str, found: Sequence[Comparison]) -> Table | None:
    """Each phase's cost over the reference's whole cost, paired by seed.

    Phases of a method add up to about its ratio of the whole (geometric means do so roughly), so the table says where
    a dearer method spends more: a two-stage one in its generator, a unified one in its joint training. A reference of
    several phases has a row of its own, its phases as shares of its whole.

    Args:
        results: The study's.
        dataset: Which.
        found: Comparisons; of those in the first metric each makes a row.

    Returns:
        None without a pair of times of one kind.
    """
    costs = _costs(results, dataset)
    here = [one for one in found if (one.dataset, one.metric) == (dataset, results.metric)]
    arms = [one.reference for one in here]
    several = [arm for arm in arms if any(len(of_run) > 1 for of_run in costs.get(arm, {}).values())]
    pairs = dict.fromkeys([(one.method, one.reference) for one in here] + [(arm, arm) for arm in several])
    kept = {pair: len(of_one_kind(*(costs.get(arm, {}) for arm in pair))) for pair in pairs}
    by_pair = {(mine, theirs): _ratios(costs.get(mine, {}), costs.get(theirs, {})) for mine, theirs in pairs}
    phases = in_order(phase for ratios in by_pair.values() for phase in ratios if phase)
    if not phases:
        return None
    rows: list[tuple[Text, ...]] = [
        (
            Code(mine),
            Code(theirs),
            str(kept[mine, theirs]),
            *(ratio(*ratios[phase]) if phase in ratios else NOTHING for phase in phases),
            Strong(ratio(*ratios[""])),
        )
        for (mine, theirs), ratios in by_pair.items()
        if "" in ratios
    ]
    caption = (
        f"Cost phase by phase on {short(dataset, 80)}: {results.cost_clock} seconds of each phase as a multiple of the "
        "whole run that the method is held against, scoring left out; geometric means with 95 % intervals over pairs "
        "of seeds whose times are of one kind."
    ) + cost_basis([one.at_equal_speed for one in here if "" in by_pair[one.method, one.reference]])
    columns = (
        *(Column(name, "left") for name in ("method", "held against")),
        Column("pairs"),
        *(Column(phase) for phase in phases),
        Column("whole run"),
    )
    return Table(caption, columns, tuple(rows))


def _ratios(mine: Costs, theirs: Costs) -> dict[str, tuple[float | None, tuple[float, float] | None]]:
    """By phase, and under the empty name for the whole run."""
    shared = of_one_kind(mine, theirs)
    wholes = [sum(theirs[key].values()) for key in shared]
    found = {"": cost_ratio([sum(mine[key].values()) for key in shared], wholes)}
    for phase in in_order(phase for key in shared for phase in mine[key]):
        found[phase] = cost_ratio([mine[key].get(phase, 0.0) for key in shared], wholes)
    return {phase: of_phase for phase, of_phase in found.items() if of_phase[0] is not None}


def _costs(results: Results, dataset: str) -> dict[str, Costs]:
    """By method."""
    times = results.phases
    times = times[
        (times["dataset"] == dataset)
        & (times["clock"] == results.cost_clock.lower())
        & ~times["phase"].isin(NOT_COST)
        & ((times["contended"] != "shared") | results.shared)
    ]
    found: dict[str, dict[tuple[int, Kind], dict[str, float]]] = {}
    columns = ("method", "seed", "hardware", "contended", "phase", "value")
    for method, seed, hardware, contended, phase, value in zip(*(times[c] for c in columns), strict=True):
        of_run = found.setdefault(method, {}).setdefault((int(seed), Kind(hardware, contended)), {})
        factor = results.speed_factors.get((dataset, hardware, contended), {}).get((method, int(seed)), 1.0)
        of_run[phase] = of_run.get(phase, 0.0) + float(value) * factor
    return dict(found)
