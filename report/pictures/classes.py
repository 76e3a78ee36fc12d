"""Recall by class, and which classes are taken for which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from report.document import Figure
from report.drawing import Drawing
from report.figures.confusion import draw_confusions, per_page
from report.figures.heatmap import draw_heatmap
from report.study import Results
from report.tables import class_names
from report.text import plural, short


def recall(results: Results, drawing: Drawing, dataset: str) -> Iterator[Figure]:
    """Heat map of recall by class."""
    classes = class_names(results, dataset)
    means = results.recall_means
    methods = [
        method for method in results.methods(dataset) if any((dataset, method, name) in means for name in classes)
    ]
    if not methods:
        return
    values = np.array(
        [
            [means[key].mean if (key := (dataset, method, name)) in means else np.nan for name in classes]
            for method in methods
        ]
    )
    split = next((record.split for record in results.of_dataset(dataset) if record.split), None)
    counts = split.class_counts.train if split else {}
    columns = [(short(name, 24), f"{counts.get(name, 0)} images") for name in classes]
    yield drawing.add(
        partial(draw_heatmap, values, rows=methods, columns=columns, label="recall"),
        dataset,
        "recall",
        alt=f"recall by class and method on {dataset}",
        caption="Mean recall by class; below each class its training images.",
    )


def confusion(
    results: Results, drawing: Drawing, dataset: str, counted: Mapping[str, tuple[NDArray[np.int64], int]]
) -> Iterator[Figure]:
    """Confusion matrices.

    Args:
        results: The study's.
        drawing: Where to.
        dataset: Which.
        counted: By method (K, K) test images by true and by called class, summed over seeds, and those seeds' number.
    """
    classes = [short(name, 18) for name in class_names(results, dataset)]
    shown = {method: counts for method, (counts, _) in counted.items() if len(counts) == len(classes) and counts.any()}
    if not shown:
        return
    n = max(n for _, n in counted.values())
    methods = list(shown)
    together = per_page(len(classes))
    for first in range(0, len(methods), together):
        part = {method: shown[method] for method in methods[first : first + together]}
        yield drawing.add(
            partial(draw_confusions, part, classes=classes),
            dataset,
            "confusion" if first == 0 else f"confusion-{first // together + 1}",
            alt=f"confusion matrices of {plural(len(part), 'method')} on {dataset}",
            caption=(
                f"Which classes are taken for which: of the test images of a row's class, the share that is called by "
                f"the column's; over at most {plural(n, 'seed')}."
            ),
        )
