"""Learning curves, put together over seeds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from report.document import Figure
from report.drawing import Drawing
from report.figures.curves import Curve, draw_curves, over_seeds
from report.frame import in_order
from report.run_curves import read_run
from report.study import Results
from report.text import plural
from results import Store

SEEDS = 5
PANELS = 9


def curves(results: Results, drawing: Drawing, dataset: str) -> Iterator[Figure]:
    """Learning curves, a figure a phase, on several where a phase logs many scalars."""
    by_phase = _by_phase(results, Store(drawing.folder), dataset)
    for phase in in_order(by_phase):
        panels = by_phase[phase]
        scalars = list(panels)
        for first in range(0, len(scalars), PANELS):
            part = {scalar: panels[scalar] for scalar in scalars[first : first + PANELS]}
            yield drawing.add(
                partial(draw_curves, part, methods=results.methods()),
                dataset,
                f"curves-{phase}" if first == 0 else f"curves-{phase}-{first // PANELS + 1}",
                alt=f"learning curves of phase {phase} on {dataset}",
                caption=(
                    f"Phase {phase}: mean over seeds (line), from the lowest to the highest seed (band), of at most "
                    f"{plural(SEEDS, 'seed')}."
                ),
            )


def _by_phase(results: Results, store: Store, dataset: str) -> dict[str, dict[str, dict[str, Curve]]]:
    """Phase → scalar → method → curve."""
    collected: dict[tuple[str, str, str], list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {}
    taken: dict[str, int] = {}
    for record in results.of_dataset(dataset):
        if record.status not in ("ok", "diverged") or taken.get(record.method, 0) >= SEEDS:
            continue
        taken[record.method] = taken.get(record.method, 0) + 1
        for (phase, scalar), points in read_run(store, record).items():
            array = np.array(points, dtype=np.float64)
            collected.setdefault((phase, scalar, record.method), []).append((array[:, 0], array[:, 1]))
    panels: dict[str, dict[str, dict[str, Curve]]] = {}
    for (phase, scalar, method), runs in collected.items():
        panels.setdefault(phase, {}).setdefault(scalar, {})[method] = over_seeds(runs)
    return panels
