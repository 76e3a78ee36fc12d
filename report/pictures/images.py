"""Real images beside generated ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from report.document import Figure
from report.drawing import Drawing
from report.figures.embedding import Cloud, draw_embedding
from report.figures.samples import classes_together, draw_nearest, draw_samples, read_rows
from report.study import Results
from report.tables import class_names
from report.text import plural, short
from results import Store, load_plane

PANELS = 9
"""Methods in one figure of points."""

MOST_METHODS = 8
"""Methods of which images are shown; those with the fewest parameters set come first."""


def samples(results: Results, drawing: Drawing, dataset: str) -> Iterator[Figure]:
    """Real and generated images."""
    yield from _rows_of_images(
        results,
        drawing,
        dataset,
        "samples",
        draw=draw_samples,
        alt="real and generated images",
        caption="Real training images above generated ones, class by class; not selected",
    )


def nearest(results: Results, drawing: Drawing, dataset: str) -> Iterator[Figure]:
    """Generated images that lie nearest to a training image, and those training images."""
    yield from _rows_of_images(
        results,
        drawing,
        dataset,
        "nearest",
        draw=draw_nearest,
        alt="generated images above the nearest training images",
        caption="The generated images that lie nearest to a training image of their class, above that image; "
        "copies would look the same",
    )


def embedding(results: Results, drawing: Drawing, dataset: str) -> Iterator[Figure]:
    """Real and generated images of one seed as points in the plane of the real ones' features."""
    classes = class_names(results, dataset)
    store = Store(drawing.folder)
    made = [record for record in results.of_dataset(dataset) if record.status == "ok"]
    seed = min((record.seed for record in made), default=0)
    planes = {
        record.method: plane
        for record in made
        if record.seed == seed and (plane := load_plane(store.run_folder(record.run_id))) is not None
    }
    methods = [name for name, plane in planes.items() if max(plane.real_labels, default=0) < len(classes)]
    for first in range(0, len(methods), PANELS):
        clouds = {
            name: (
                Cloud(planes[name].real, planes[name].real_labels),
                Cloud(planes[name].generated, planes[name].generated_labels),
            )
            for name in methods[first : first + PANELS]
        }
        held = 100 * planes[methods[first]].explained
        yield drawing.add(
            partial(draw_embedding, clouds, classes=[short(name, 24) for name in classes]),
            dataset,
            "embedding" if first == 0 else f"embedding-{first // PANELS + 1}",
            alt=f"real and generated images of {dataset} in a plane of features",
            caption=(
                "Real test images (pale) and generated ones (crosses) on the first two principal components of the "
                f"real ones' features, which hold {held:.0f} % of their variance; seed {seed}. Crosses outside of "
                "their class's cloud do not look like it; clouds without crosses are not covered."
            ),
        )


def _rows_of_images(
    results: Results,
    drawing: Drawing,
    dataset: str,
    name: str,
    *,
    draw: Callable[..., Path],
    alt: str,
    caption: str,
) -> Iterator[Figure]:
    """One picture of each method's first run that has it, classes on as many pages as they need."""
    classes = class_names(results, dataset)
    store = Store(drawing.folder)
    found: dict[str, list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]] = {}
    seeds: dict[str, int] = {}
    for record in results.of_dataset(dataset):
        if record.status != "ok" or record.method in found or not classes:
            continue
        rows = read_rows(store.run_folder(record.run_id) / f"{name}.png", n_classes=len(classes))
        if rows is not None:
            found[record.method], seeds[record.method] = rows, record.seed
    if not found:
        return
    chosen = sorted(found, key=lambda method: method.count("="))[:MOST_METHODS]
    rest = (
        f"; those of {plural(len(found) - len(chosen), 'further method')} are in runs/"
        if len(found) > len(chosen)
        else ""
    )
    found = {method: rows for method, rows in found.items() if method in chosen}
    which = sorted({seeds[method] for method in chosen})
    seed_words = f"{'seed' if len(which) == 1 else 'seeds'} {', '.join(map(str, which))}"
    together = classes_together(found, 2 * len(found) if draw is draw_nearest else 1 + len(found))
    for first in range(0, len(classes), together):
        shown = classes[first : first + together]
        rows_of = {method: rows[first : first + together] for method, rows in found.items()}
        yield drawing.add(
            partial(draw, rows_of, classes=shown),
            dataset,
            name if first == 0 else f"{name}-{first // together + 1}",
            alt=f"{alt} of {dataset}: {', '.join(shown)}",
            caption=f"{caption}; {seed_words}{rest}.",
            pixels=True,
        )
