"""The report's tables. Each names how many runs it rests on, and what became of the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from report import aggregate
from report.aggregate import Kind, Spread
from report.document import Code, Column, Strong, Table, Text
from report.frame import METRICS, NOT_COST, in_order
from report.study import Results
from report.text import NOTHING, difference, outcome, score, seconds, short

FIRST_METRICS = ("macro_ap", "macro_f1", "minority_recall")
CONTENDED = {
    "none": "no other run was under way beside them",
    "neighbours": "other runs ran beside them on cores of their own",
    "shared": "they shared device or cores with other runs",
}

_METHOD, _RUNS = Column("method", "left"), Column("runs", "left")


def score_table(results: Results, dataset: str) -> Table:
    """Mean ± sd of the main metrics, the difference to the reference arm, and the cost."""
    metrics = main_metrics(results)
    means = results.means
    gains = results.gains
    cost, kind = main_cost(results)
    rows = [
        (
            *_arm(results, dataset, method),
            *(score(means.get((dataset, method, metric))) for metric in metrics),
            difference(gains.get((dataset, method, results.metric))) if method in results.references else NOTHING,
            *([seconds(cost.get((dataset, method)))] if kind else []),
        )
        for method in results.methods(dataset)
    ]
    caption = (
        f"Mean ± standard deviation over seeds on {short(dataset, 80)}. Δ: {METRICS[results.metric]} minus that of the "
        f"reference arm, paired by seed. {_cost_words(results.cost_clock, kind)}",
    )
    columns = (
        _METHOD,
        _RUNS,
        *(Column(METRICS[metric]) for metric in metrics),
        Column(f"Δ {METRICS[results.metric]}"),
        *([Column("cost [s]")] if kind else []),
    )
    return Table(caption, columns, tuple(rows))


def main_metrics(results: Results) -> list[str]:
    """Metrics of the first table: the study's first."""
    return list(dict.fromkeys((results.metric, *FIRST_METRICS)))


def further_table(results: Results, dataset: str) -> Table:
    """The metrics that the first table leaves out."""
    metrics = [metric for metric in METRICS if metric not in (results.metric, *FIRST_METRICS)]
    means = results.means
    rows = [
        (*_arm(results, dataset, method), *(score(means.get((dataset, method, metric))) for metric in metrics))
        for method in results.methods(dataset)
    ]
    caption = (
        "Further metrics, mean ± standard deviation over seeds. Calibration error and Brier score: less is better."
    )
    return Table(caption, (_METHOD, _RUNS, *(Column(METRICS[metric]) for metric in metrics)), tuple(rows))


def class_recall_table(results: Results, dataset: str) -> Table:
    """Recall of each class."""
    classes = class_names(results, dataset)
    means = results.recall_means
    rows = [
        (*_arm(results, dataset, method), *(score(means.get((dataset, method, name))) for name in classes))
        for method in results.methods(dataset)
    ]
    caption = "Recall by class: the share of its test images that are found. Mean ± standard deviation over seeds."
    return Table(caption, (_METHOD, _RUNS, *(Column(short(name, 60)) for name in classes)), tuple(rows))


def cost_table(results: Results, dataset: str, kind: Kind) -> Table:
    """Seconds by phase and clock, of one kind of times."""
    times = aggregate.of_kind(results.phases[results.phases["dataset"] == dataset], kind)
    by_phase = aggregate.spreads(times, "dataset", "method", "phase", "clock")
    counted = times[~times["phase"].isin(NOT_COST)]
    sums = counted.groupby(["dataset", "method", "seed", "clock"], sort=False)["value"].sum().reset_index()
    totals = aggregate.spreads(sums, "dataset", "method", "clock")
    clocks = ["wall", "cpu", *(["gpu"] if (times["clock"] == "gpu").any() else [])]
    rows: list[tuple[Text, ...]] = []
    for method in results.methods(dataset):
        phases = dict.fromkeys(phase for d, m, phase, _ in by_phase if (d, m) == (dataset, method))
        if not phases:
            continue
        total = [totals.get((dataset, method, clock)) for clock in clocks]
        n = max((spread.n for spread in total if spread), default=0)
        rows.append((Code(method), of_all(results, dataset, method, n), Strong("cost"), *map(seconds, total)))
        for phase in in_order(phases):
            found = [by_phase.get((dataset, method, phase, clock)) for clock in clocks]
            rows.append(("", "", phase, *map(seconds, found)))
    caption = (
        f"Seconds a run, mean ± standard deviation over runs that are ok; {_times(kind)}. Cost: all phases but scoring."
    )
    words = {"wall": "wall [s]", "cpu": "CPU [s]", "gpu": "GPU [s]"}
    columns = (_METHOD, Column("runs"), Column("phase", "left"), *(Column(words[clock]) for clock in clocks))
    return Table(caption, columns, tuple(rows))


def dataset_table(results: Results) -> Table:
    """Images by part and class of each dataset, as its first run split it."""
    rows: list[tuple[Text, ...]] = []
    for dataset in results.datasets:
        split = next((record.split for record in results.of_dataset(dataset) if record.split), None)
        if split is None:
            rows.append((Code(dataset), NOTHING, NOTHING, NOTHING, NOTHING, NOTHING))
            continue
        counted = ", ".join(f"{short(name, 60)} {n}" for name, n in split.class_counts.train.items())
        groups = NOTHING if split.n_groups is None else str(split.n_groups)
        parts = f"{split.n_train} / {split.n_valid} / {split.n_test}"
        rows.append((Code(dataset), split.rule, parts, groups, str(len(split.class_counts.train)), counted))
    columns = (
        Column("dataset", "left"),
        Column("split", "left"),
        Column("train / valid / test"),
        Column("groups"),
        Column("classes"),
        Column("training images by class", "left"),
    )
    caption = (
        "Datasets, as the first seed splits them. Split: whether the test sets of different seeds are drawn afresh, "
        "resampled from the same images, or fixed."
    )
    return Table(caption, columns, tuple(rows))


def run_tables(results: Results) -> Iterator[Table]:
    """Every run, a table a dataset."""
    yield from (_run_table(results, dataset) for dataset in results.datasets)


def _run_table(results: Results, dataset: str) -> Table:
    """A run's name says again what stands beside it, so its last part, which no other run has, stands for it."""
    rows = [
        (
            record.run_id.rpartition("-")[-1],
            Code(record.method),
            str(record.seed),
            record.status,
            score(_single(record.metrics and getattr(record.metrics, results.metric))),
            seconds(_single(record.timing and record.timing.wall_s)),
            short(record.error.message, 160) if record.error else "",
        )
        for record in results.of_dataset(dataset)
    ]
    columns = (
        *(Column(name, "left") for name in ("run", "method")),
        Column("seed"),
        Column("status", "left"),
        Column(METRICS[results.metric]),
        Column("wall [s]"),
        Column("error", "left"),
    )
    caption = (
        "Every run on ",
        Code(dataset),
        "; its record is records/…-<run>.json, its artifacts are in runs/…-<run>/.",
    )
    return Table(caption, columns, tuple(rows))


def class_names(results: Results, dataset: str) -> Sequence[str]:
    """Classes of a dataset, in label order."""
    for record in results.of_dataset(dataset):
        if record.split is not None:
            return list(record.split.class_counts.train)
    return list(
        dict.fromkeys(n for record in results.of_dataset(dataset) if record.metrics for n in record.metrics.recall)
    )


def main_cost(results: Results) -> tuple[dict[tuple[str, ...], Spread], Kind | None]:
    """Cost by dataset and method, from times of the most frequent kind, and that kind."""
    if not results.kinds:
        return {}, None
    kind = results.kinds[0]
    return aggregate.spreads(aggregate.costs(results.runs, kind), "dataset", "method"), kind


def _cost_words(clock: str, kind: Kind | None) -> str:
    if kind is None:
        return "Costs are not shown: each run shared device or cores with others."
    return f"Cost: {clock} seconds a run, scoring left out ({_times(kind)})."


def _times(kind: Kind) -> str:
    return f"{short(kind.hardware, 120)}; {CONTENDED[kind.contended]}"


def _arm(results: Results, dataset: str, method: str) -> tuple[Text, Text]:
    return Code(method), outcome(results.counts[dataset, method])


def of_all(results: Results, dataset: str, method: str, n: int) -> str:
    """How many of an arm's runs figures are of: ``3``, or ``2 of 3`` where some failed or have no such figure."""
    total = sum(results.counts[dataset, method].values())
    return str(n) if n == total else f"{n} of {total}"


def _single(value: float | None) -> Spread | None:
    return None if value is None else Spread(value, None, 1)
