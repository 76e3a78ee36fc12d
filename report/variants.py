"""Methods that are the same but for some parameters: what a switch is worth, and whether a verdict hangs on them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from report.comparison import Comparison
from report.document import Figure
from report.drawing import Drawing
from report.figures.ablation import draw_ablation
from report.figures.grid import draw_grid
from report.frame import METRICS, base_name
from report.pictures.scores import effects
from report.study import Results

CLASSIFIER = "classifier"
FEWEST_SETTINGS = 3


@dataclass(frozen=True)
class Variants:
    """One method with one classifier, in several settings.

    Attributes:
        base: The variant with the fewest parameters set.
        settings: By variant, the base among them: the parameters that differ between any of them.
    """

    base: str
    settings: dict[str, dict[str, Any]]

    @property
    def varied(self) -> list[str]:
        """Parameters that differ."""
        return list(next(iter(self.settings.values())))

    @property
    def is_grid(self) -> bool:
        """Whether settings span a line or a plane: one parameter, or two of which some variant moves both."""
        if len(self.settings) < FEWEST_SETTINGS or len(self.varied) > 2:
            return False
        at_base = self.settings[self.base]
        return len(self.varied) == 1 or any(
            all(values[name] != at_base[name] for name in self.varied) for values in self.settings.values()
        )


def variants(results: Results) -> list[Variants]:
    """Groups of two or more methods with the same base name and classifier.

    A switch may bring its own classifier with it: a variant that is alone with its classifier, and differs from the
    others in more than that, joins them.
    """
    parameters = {record.method: record.parameters for record in reversed(results.records)}
    by_base: dict[str, dict[str, list[str]]] = {}
    for method in results.methods():
        of_base = by_base.setdefault(base_name(method), {})
        of_base.setdefault(_word(parameters[method].get(CLASSIFIER)), []).append(method)
    groups = [group for of_base in by_base.values() for group in _joined(list(of_base.values()), parameters)]
    found: list[Variants] = []
    for members in groups:
        varied = _varied([parameters[method] for method in members])
        if varied:
            base = min(members, key=_n_set)
            settings = {method: {name: parameters[method].get(name) for name in varied} for method in members}
            found.append(Variants(base, settings))
    return found


def _joined(groups: Sequence[list[str]], parameters: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """Methods of one base name by classifier, with those that are alone put to the plainest method's."""
    plainest = min(groups, key=lambda group: min(map(_n_set, group)))
    base = parameters[min(plainest, key=_n_set)]
    alone = [group for group in groups if len(group) == 1 and group is not plainest]
    joining = [group for group in alone if _varied([base, parameters[group[0]]])]
    joined = [*plainest, *(group[0] for group in joining)]
    return [joined, *(group for group in groups if group is not plainest and group not in joining)]


def _varied(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Parameters that differ, the classifier left out."""
    names = dict.fromkeys(name for of_method in settings for name in of_method if name != CLASSIFIER)
    return [name for name in names if len({_word(of_method.get(name)) for of_method in settings}) > 1]


def _n_set(method: str) -> int:
    return method.count("=")


def ablations(
    results: Results, drawing: Drawing, dataset: str, switched: Sequence[Comparison], found: Sequence[Variants]
) -> Iterator[Figure]:
    """Bars of the variants' differences to their base.

    Args:
        results: The study's.
        drawing: Where to.
        dataset: Which.
        switched: Each variant held against its base.
        found: Of ``variants``.
    """
    here = [one for one in switched if one.dataset == dataset]
    panels = [
        (group.base, rows)
        for group in found
        if not group.is_grid and (rows := effects([one for one in here if one.reference == group.base], results.metric))
    ]
    if panels:
        label = METRICS[results.metric]
        yield drawing.add(
            partial(draw_ablation, panels, rope=results.study.rope, label=f"{label}: variant minus the method above"),
            dataset,
            "ablations",
            alt=f"what each switch changes on {dataset}",
            caption=(
                f"{label.capitalize()} of each variant minus that of the method as it is, over paired seeds, with 95 % "
                "intervals. Colours: green better, red worse, blue equivalent, grey undecided, with Holm within each "
                "method's variants."
            ),
        )


def grids(
    results: Results, drawing: Drawing, dataset: str, compared: Sequence[Comparison], found: Sequence[Variants]
) -> Iterator[Figure]:
    """Heat maps of the differences to the reference arm over one or two parameters."""
    here = {one.method: one for one in compared if (one.dataset, one.metric) == (dataset, results.metric)}
    for number, group in enumerate(group for group in found if group.is_grid):
        rows_by, columns_by = (["", *group.varied])[-2:]
        cells = {
            (_word(values.get(rows_by)) if rows_by else "", _word(values[columns_by])): effect
            for method, values in group.settings.items()
            if method in here
            for effect in effects([here[method]], results.metric)
        }
        if len(cells) < FEWEST_SETTINGS:
            continue
        rows, columns = (_ordered(axis) for axis in zip(*cells, strict=True))
        yield drawing.add(
            partial(draw_grid, cells, rows=rows, columns=columns, names=(_named(rows_by), _named(columns_by))),
            dataset,
            "grid" if number == 0 else f"grid-{number + 1}",
            alt=f"differences of {group.base} to its reference arm over settings, on {dataset}",
            caption=(
                f"Does the verdict on {group.base} depend on its setting? {METRICS[results.metric].capitalize()} "
                f"minus that of the reference arm, in points, and the verdict, over "
                f"{' and '.join(map(_named, group.varied))}."
            ),
        )


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _named(name: str) -> str:
    return name.replace("_", " ")


def _ordered(values: Sequence[str]) -> list[str]:
    """Each once; numbers by size, other words by the number that they end in, then as they came."""
    once = list(dict.fromkeys(values))

    def size(word: str) -> float:
        try:
            return float(word.rpartition(":")[2])
        except ValueError:
            return float("-inf")

    return sorted(once, key=size)
