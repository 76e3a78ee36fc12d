"""The report's figures, made of a study's results; each is left out where there is nothing to draw."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from report import aggregate
from report.comparison import Comparison
from report.document import Figure, Paragraph, Text, listed
from report.figures.curves import Curve, draw_curves, over_seeds
from report.figures.forest import Effect, draw_forest
from report.figures.heatmap import draw_heatmap
from report.figures.phases import draw_phases
from report.figures.samples import classes_together, draw_nearest, draw_samples, read_rows
from report.figures.scatter import Point, draw_scatter
from report.figures.strip import Row, draw_strip
from report.frame import METRICS, NOT_COST, in_order
from report.study import Results
from report.tables import CONTENDED, class_names
from report.text import plural, short
from results import Record, Store, read_curves

SEEDS_IN_CURVES = 10
PANELS = 9


class Pictures:
    """Draws figures into ``STUDY/figures``.

    Args:
        results: What to draw.
        folder: The study's.
    """

    def __init__(self, results: Results, folder: Path) -> None:
        self._results = results
        self._folder = folder
        self._store = Store(folder)
        self._names: dict[str, str] = {}

    def scores(self, dataset: str) -> Iterator[Figure]:
        """Strip of scores by seed."""
        results = self._results
        label = METRICS[results.metric]
        means = aggregate.spreads(results.metrics, "dataset", "method", "metric")
        arms = {
            method: means[key].mean
            for method, arm in results.references.items()
            if (key := (dataset, arm, results.metric)) in means
        }
        chosen = results.metrics[
            (results.metrics["dataset"] == dataset) & (results.metrics["metric"] == results.metric)
        ]
        rows = [
            Row(
                method,
                results.tier(method),
                tuple(float(value) for value in chosen[chosen["method"] == method]["value"]),
                arms.get(method),
            )
            for method in results.methods(dataset)
        ]
        if not any(row.values for row in rows):
            return
        path = draw_strip(rows, self._path(dataset, "scores"), label=label)
        dashed = "; dashed, the mean of the arm it is held against" if arms else ""
        caption = f"{label.capitalize()} of each seed (points) and its mean (bar){dashed}."
        yield self._figure(path, f"{label} of each method and seed on {dataset}", caption)

    def differences(self, dataset: str, compared: Sequence[Comparison]) -> Iterator[Figure]:
        """Forest plot of the paired differences in both metrics."""
        here = [one for one in compared if one.dataset == dataset and one.difference is not None]
        panels = [
            (
                METRICS[metric],
                [
                    Effect(one.method, one.difference, one.interval, one.word, one.verdict)
                    for one in here
                    if one.metric == metric and one.difference is not None
                ],
            )
            for metric in dict.fromkeys(one.metric for one in here)
        ]
        if not panels:
            return
        rope = self._results.study.rope
        path = draw_forest(panels, self._path(dataset, "differences"), rope=rope)
        caption = (
            f"Method minus its reference arm over paired seeds, with 95 % intervals. Grey: within ±{rope:g}, which "
            "counts as equivalent. The verdict also allows for several methods being tested at once, so an interval "
            "beside zero alone is none."
        )
        yield self._figure(path, f"paired differences with intervals on {dataset}", caption)

    def cost(self, dataset: str) -> Iterator[Figure | Paragraph]:
        """Score against cost, and where the time goes."""
        results = self._results
        if not results.kinds:
            yield Paragraph("No times are shown: every run shared device or cores with others, or left none.")
            return
        kind = results.kinds[0]
        costs = aggregate.spreads(aggregate.costs(results.runs, kind), "dataset", "method")
        means = aggregate.spreads(results.metrics, "dataset", "method", "metric")
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
        path = draw_scatter(
            points, self._path(dataset, "cost"), score_label=label, cost_label=f"cost of a run [{clock} s]"
        )
        left_out = [method for method in results.methods(dataset) if method not in {point.name for point in points}]
        missing: Text = (" Without such times or scores: ", *listed(left_out), ".") if left_out else ()
        caption = (f"{label.capitalize()} against cost, mean ± standard deviation over seeds ({where}).", *missing)
        yield self._figure(path, f"{label} against cost on {dataset}", caption)

        times = aggregate.of_kind(results.phases, kind)
        times = times[~times["phase"].isin(NOT_COST)]
        by_phase = aggregate.spreads(times[times["clock"] == clock.lower()], "dataset", "method", "phase")
        bars = [
            (point.name, {phase: s.mean for (d, m, phase), s in by_phase.items() if (d, m) == (dataset, point.name)})
            for point in points
        ]
        path = draw_phases(bars, self._path(dataset, "phases"), label=f"{clock} seconds a run")
        yield self._figure(
            path, f"seconds by phase on {dataset}", f"Where the {clock} time of a run goes, scoring left out ({where})."
        )

    def recall(self, dataset: str) -> Iterator[Figure]:
        """Heat map of recall by class."""
        results = self._results
        classes = class_names(results, dataset)
        means = aggregate.spreads(results.recalls, "dataset", "method", "class")
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
        split = next(record.split for record in results.of_dataset(dataset) if record.split)
        columns = [(short(name, 24), f"{split.class_counts.train.get(name, 0)} images") for name in classes]
        path = draw_heatmap(values, self._path(dataset, "recall"), rows=methods, columns=columns, label="recall")
        caption = "Mean recall by class; below each class its training images."
        yield self._figure(path, f"recall by class and method on {dataset}", caption)

    def samples(self, dataset: str) -> Iterator[Figure]:
        """Real and generated images."""
        yield from self._rows_of_images(
            dataset,
            "samples",
            draw=draw_samples,
            alt="real and generated images",
            caption="Real training images above generated ones, class by class; not selected",
        )

    def nearest(self, dataset: str) -> Iterator[Figure]:
        """Generated images that lie nearest to a training image, and those training images."""
        yield from self._rows_of_images(
            dataset,
            "nearest",
            draw=draw_nearest,
            alt="generated images above the nearest training images",
            caption="The generated images that lie nearest to a training image of their class, above that image; "
            "copies would look the same",
        )

    def _rows_of_images(
        self, dataset: str, name: str, *, draw: Callable[..., Path], alt: str, caption: str
    ) -> Iterator[Figure]:
        """One picture of each method's first run that has it, classes on as many pages as they need."""
        classes = class_names(self._results, dataset)
        found: dict[str, list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]] = {}
        seeds: dict[str, int] = {}
        for record in self._results.of_dataset(dataset):
            if record.status != "ok" or record.method in found or not classes:
                continue
            rows = read_rows(self._store.run_folder(record.run_id) / f"{name}.png", n_classes=len(classes))
            if rows is not None:
                found[record.method], seeds[record.method] = rows, record.seed
        if not found:
            return
        which = sorted(set(seeds.values()))
        seed_words = f"{'seed' if len(which) == 1 else 'seeds'} {', '.join(map(str, which))}"
        together = classes_together(found, 2 * len(found) if draw is draw_nearest else 1 + len(found))
        for first in range(0, len(classes), together):
            shown = classes[first : first + together]
            rows_of = {method: rows[first : first + together] for method, rows in found.items()}
            part = name if first == 0 else f"{name}-{first // together + 1}"
            path = draw(rows_of, self._path(dataset, part), classes=shown)
            yield self._figure(path, f"{alt} of {dataset}: {', '.join(shown)}", f"{caption}; {seed_words}.")

    def curves(self, dataset: str) -> Iterator[Figure]:
        """Learning curves, a figure a phase."""
        by_phase = self._read_curves(dataset)
        for phase in in_order(by_phase):
            panels = by_phase[phase]
            scalars = list(panels)
            for first in range(0, len(scalars), PANELS):
                part = {scalar: panels[scalar] for scalar in scalars[first : first + PANELS]}
                name = f"curves-{phase}" if first == 0 else f"curves-{phase}-{first // PANELS + 1}"
                path = draw_curves(part, self._path(dataset, name), methods=self._results.methods())
                caption = (
                    f"Phase {phase}: mean over seeds (line), from the lowest to the highest seed (band), of at most "
                    f"{plural(SEEDS_IN_CURVES, 'seed')}."
                )
                yield self._figure(path, f"learning curves of phase {phase} on {dataset}", caption)

    def _read_curves(self, dataset: str) -> dict[str, dict[str, dict[str, Curve]]]:
        """Phase → scalar → method → curve."""
        collected: dict[tuple[str, str, str], list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {}
        for method in self._results.methods(dataset):
            runs = [record for record in self._results.of_dataset(dataset) if record.method == method]
            trained = [record for record in runs if record.status in ("ok", "diverged")]
            for record in trained[:SEEDS_IN_CURVES]:
                for (phase, scalar), points in self._read_run(record).items():
                    array = np.array(points, dtype=np.float64)
                    collected.setdefault((phase, scalar, method), []).append((array[:, 0], array[:, 1]))
        panels: dict[str, dict[str, dict[str, Curve]]] = {}
        for (phase, scalar, method), runs_of in collected.items():
            panels.setdefault(phase, {}).setdefault(scalar, {})[method] = over_seeds(runs_of)
        return panels

    def _read_run(self, record: Record) -> dict[tuple[str, str], list[tuple[int, float]]]:
        """Points of a run by phase and scalar; a phase that is entered again goes on where it ended."""
        points: dict[tuple[str, str], list[tuple[int, float]]] = {}
        ended: dict[str, int] = {}
        last: dict[str, int] = {}
        for point in read_curves(self._store.run_folder(record.run_id)):
            if point.step < last.get(point.phase, 0):
                ended[point.phase] = ended.get(point.phase, 0) + last[point.phase]
            last[point.phase] = point.step
            step = point.step + ended.get(point.phase, 0)
            points.setdefault((point.phase, clean_scalar(point.name)), []).append((step, point.value))
        return points

    def _path(self, dataset: str, name: str) -> Path:
        """``figures/<dataset>-<name>.png``; datasets whose names differ only in odd characters get numbers."""
        if dataset not in self._names:
            slug = re.sub(r"[^a-z0-9]+", "-", dataset.lower()).strip("-")[:60] or "dataset"
            taken = sum(other == slug or other.startswith(f"{slug}-n") for other in self._names.values())
            self._names[dataset] = f"{slug}-n{taken + 1}" if taken else slug
        safe = re.sub(r"[^a-z0-9-]+", "-", name.lower())
        return self._folder / "figures" / f"{self._names[dataset]}-{safe}.png"

    def _figure(self, path: Path, alt: str, caption: Text) -> Figure:
        return Figure(path.relative_to(self._folder), alt, caption)


def clean_scalar(name: str) -> str:
    """A scalar's name as words: ``loss_g`` becomes ``loss g``."""
    return short(name.replace("_", " "), 40)
