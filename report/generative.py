"""The section on generated images: how near to real ones, how varied, of the right class, and how new."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import TypeAlias

import pandas as pd

from report import aggregate
from report.aggregate import Spread
from report.document import Block, Code, Column, Heading, Items, Paragraph, Strong, Table, Text
from report.drawing import Drawing
from report.frame import METRICS, base_name, direction
from report.numbers import minus
from report.pictures import images
from report.statistics.ranks import RankCorrelation, rank_correlation
from report.study import Results
from report.tables import of_all
from report.text import NOTHING, amount, difference, plural, score, short
from results import ClassGenerative, Generative, Record

ALL = "all classes"
EXCESS = {"kid": "kid_floor", "fid": "fid_floor", "ms_ssim": "ms_ssim_real"}
"""Figures that mean something only beside that of real images; what is averaged over seeds is the difference."""

SHARES = ("precision", "recall", "density", "coverage")
REAL = "real training images"

WORDS = {
    "kid": "KID",
    "kid_floor": "KID floor",
    "fid": "FID",
    "fid_floor": "FID floor",
    "ms_ssim": "MS-SSIM",
    "ms_ssim_real": "MS-SSIM of test images",
    "inception_score": "Inception Score",
    "label_fidelity": "label fidelity",
    "label_fidelity_real": "label fidelity of test images",
    "cas": "CAS",
}
"""Figures whose words differ from their names."""

HEADS = (Column("method", "left"), Column("runs"), Column("class", "left"))

Columns: TypeAlias = Mapping[str, tuple[str, Callable[[Spread | None], str]]]
"""By metric: heading, and how its figures are written."""

MOST_REASONS = 20


def section(results: Results, dataset: str, drawing: Drawing) -> Iterator[Block]:
    """Tables and pictures of a dataset; nothing where no run has generated images measured."""
    measured = _measured(results, dataset)
    if not measured:
        return
    yield Heading(3, "How good and how new are the generated images?")
    yield from figures(results, dataset)
    if not results.brief:
        yield from images.nearest(results, drawing, dataset)
    yield from _missing(measured)


def figures(results: Results, dataset: str) -> Iterator[Block]:
    """What was measured with what, the tables, and whether nearer images came with better classifiers."""
    measured = _measured(results, dataset)
    if not measured:
        return
    long = generative_table(measured)
    yield _extractor_sentence(measured)
    tables = likeness_table(results, dataset, long), fidelity_table(results, dataset, long)
    yield from (table for table in tables if len(table.columns) > len(HEADS))
    for metric in ("kid_excess", "fid_excess"):
        if (long["metric"] == metric).any():
            yield _ranks(results, dataset, metric)


def _measured(results: Results, dataset: str) -> list[Record]:
    return [record for record in results.of_dataset(dataset) if record.generative and record.status == "ok"]


def generative_table(records: Sequence[Record]) -> pd.DataFrame:
    """One row a run, class and figure.

    Returns:
        ``dataset, method, seed, class, metric, value``; the class of pooled figures is ``all classes``, and
        ``kid_excess``, ``fid_excess`` and ``ms_ssim_excess`` are the figure minus that of real images.
    """
    rows = [
        (record.dataset, record.method, record.seed, name, metric, value)
        for record in records
        if record.generative is not None
        for name, figures in _by_class(record.generative).items()
        for metric, value in _figures(figures).items()
    ]
    return pd.DataFrame(rows, columns=["dataset", "method", "seed", "class", "metric", "value"])


def _by_class(found: Generative) -> Mapping[str, ClassGenerative]:
    return {ALL: found, **found.per_class}


def _figures(found: ClassGenerative) -> dict[str, float]:
    values = {name: value for name, value in vars(found).items() if isinstance(value, int | float)}
    excess = {f"{name}_excess": values[name] - values[of] for name, of in EXCESS.items() if {name, of} <= values.keys()}
    return {**values, **excess}


def likeness_table(results: Results, dataset: str, long: pd.DataFrame) -> Table:
    """How near the generated images are to the test images."""
    columns: Columns = {
        "kid_excess": ("KID − floor", difference),
        "kid_floor": ("KID floor", score),
        "fid_excess": ("FID − floor", _signed),
        "fid_floor": ("FID floor", _size),
        **{name: (name, score) for name in SHARES},
    }
    caption = (
        "Generated against test images, mean ± standard deviation over seeds. Floors, and the first rows, are of as "
        "many real training images: 0 above the floor is as near as real images are. Precision and density fall where "
        "images look wrong, recall and coverage where kinds of images are missing."
    )
    table = _table(results, dataset, long, columns, caption)
    return replace(table, rows=(*_real_rows(long, table), *table.rows))


def _real_rows(long: pd.DataFrame, table: Table) -> Iterator[tuple[Text, ...]]:
    """What real training images give: the same for all methods of a seed, so each seed counts once."""
    real = long[long["metric"].isin([f"{name}_floor" for name in SHARES])].drop_duplicates(["seed", "class", "metric"])
    means = aggregate.spreads(real, "class", "metric")
    for k, name in enumerate(dict.fromkeys(name for name, _ in means)):
        of_class = Strong(ALL) if name == ALL else short(name, 40)
        heads = ("", "", of_class) if k else (REAL, str(real["seed"].nunique()), of_class)
        cells = [
            score(means.get((name, f"{column.name}_floor"))) if column.name in SHARES else NOTHING
            for column in table.columns[len(HEADS) :]
        ]
        yield (*heads, *cells)


def fidelity_table(results: Results, dataset: str, long: pd.DataFrame) -> Table:
    """Whether the generated images are of the asked class, varied, and new."""
    columns: Columns = {
        "label_fidelity": ("label fidelity", score),
        "label_fidelity_real": ("label fidelity (test)", score),
        "ms_ssim_excess": ("MS-SSIM − real", difference),
        "ms_ssim_real": ("MS-SSIM (test)", score),
        "memorisation": ("memorisation", score),
        "inception_score": ("Inception Score", _size),
        "cas": ("CAS", score),
    }
    caption = (
        "Label fidelity: share that a classifier trained on real images takes for the asked class, beside that of "
        "test images. MS-SSIM: how alike the images of a class are, minus that of test images; above 0 they vary too "
        "little. Memorisation: share suspiciously near a training image, 0.1 for new images and 1 for copies. "
        "These three are means over classes. Inception Score: from 1 to the number of classes."
    )
    if (long["metric"] == "cas").any():
        caption += " CAS: balanced accuracy of a classifier trained on generated images alone."
    return _table(results, dataset, long, columns, caption)


def _table(results: Results, dataset: str, long: pd.DataFrame, columns: Columns, caption: str) -> Table:
    """A row for each method's figures over all classes, and one for each class below it."""
    means = aggregate.spreads(long, "method", "class", "metric")
    shown = {metric: of for metric, of in columns.items() if any(key[2] == metric for key in means)}
    rows: list[tuple[Text, ...]] = []
    for method in results.methods(dataset):
        for name in dict.fromkeys(name for m, name, _ in means if m == method):
            found = {metric: spread for (m, c, metric), spread in means.items() if (m, c) == (method, name)}
            runs = max(spread.n for spread in found.values())
            heads = (
                (Code(method), of_all(results, dataset, method, runs), Strong(ALL))
                if name == ALL
                else ("", "", short(name, 40))
            )
            rows.append((*heads, *(words(found.get(metric)) for metric, (_, words) in shown.items())))
    return Table(caption, (*HEADS, *(Column(word) for word, _ in shown.values())), tuple(rows))


def _size(spread: Spread | None) -> str:
    """``12.3 ± 0.4``."""
    if spread is None:
        return NOTHING
    mean = amount(spread.mean)
    return mean if spread.sd is None else f"{mean} ± {amount(spread.sd, like=spread.mean)}"


def _signed(spread: Spread | None) -> str:
    """``+12.3 ± 0.4``, with a true minus."""
    if spread is None:
        return NOTHING
    return f"{'−' if spread.mean < 0 else '+'}{_size(Spread(abs(spread.mean), spread.sd, spread.n))}"


def _extractor_sentence(records: Sequence[Record]) -> Paragraph:
    extractors = [
        record.generative.extractor for record in records if record.generative and record.generative.extractor
    ]
    names = dict.fromkeys(extractor.name for extractor in extractors)
    sizes = sorted({extractor.n for extractor in extractors})
    n = f"{sizes[0]} to {sizes[-1]}" if len(sizes) > 1 else f"{sizes[0]}"
    hashes = len({extractor.hash for extractor in extractors})
    resize = ", ".join(dict.fromkeys(extractor.resize for extractor in extractors))
    trained = (
        " (a small network trained on each seed's own training images, so that only differences to the floor are "
        "averaged over seeds)"
        if "domain" in names
        else ""
    )
    return Paragraph(
        f"Measured against the test images in features of the extractor {', '.join(names)}{trained}; "
        f"{plural(hashes, 'set')} of weights, resize: {resize}, {n} generated images a run."
    )


def nearness_and_gain(results: Results, dataset: str, metric: str) -> RankCorrelation | str:
    """Whether nearness to real images goes with what the classifier gains; published studies say it need not.

    Variants of a method have nearly the same generator: they are one point, their means.

    Args:
        results: Of a study some of whose runs have measured images.
        dataset: One of it.
        metric: ``"kid_excess"`` or ``"fid_excess"``: distance to test images above that of real training images.

    Returns:
        Spearman's ρ of distance and gain over the methods; or, in words, why there is none.
    """
    long = generative_table(_measured(results, dataset))
    pooled = long[(long["class"] == ALL) & (long["metric"] == metric)]
    nearness = aggregate.spreads(pooled, "method")
    gains = results.gains
    sign = direction(results.metric)
    variants: dict[str, list[tuple[float, float]]] = {}
    for (method,), distance in nearness.items():
        if (key := (dataset, method, results.metric)) in gains:
            variants.setdefault(base_name(method), []).append((distance.mean, sign * gains[key].mean))
    pairs = [(fmean(far for far, _ in points), fmean(gain for _, gain in points)) for points in variants.values()]
    return rank_correlation([quality for quality, _ in pairs], [gain for _, gain in pairs])


def _ranks(results: Results, dataset: str, metric: str) -> Paragraph:
    name = WORDS[metric.removesuffix("_excess")]
    what = f"{name} − floor and the gain in {METRICS[results.metric]} over the reference arm"
    found = nearness_and_gain(results, dataset, metric)
    if isinstance(found, str):
        return Paragraph(f"No rank correlation of {what} is given: {found}.")
    low, high = found.interval
    band = (
        f"95 % interval {minus(f'{low:+.2f} to {high:+.2f}')}"
        if low < high
        else "no interval, for the order is the same or the opposite throughout"
    )
    return Paragraph(
        f"Rank correlation (Spearman) of {what} over {found.n} methods, variants of one averaged: "
        f"{minus(f'{found.rho:+.2f}')} ({band}); −1 would mean that nearer images always come with better classifiers."
    )


def _missing(records: Sequence[Record]) -> Iterator[Block]:
    """Why figures are missing, as in the first run; numbers of images differ little between seeds."""
    first = records[0]
    assert first.generative is not None
    reasons: dict[tuple[str, str], list[str]] = {}
    for key, reason in first.generative.missing.items():
        metric, _, name = key.partition("/")
        if not metric.endswith(("_floor", "_real")):
            reasons.setdefault((name, reason), []).append(WORDS.get(metric, metric.replace("_", " ")))
    if reasons:
        yield Paragraph(("Not measured, and why (", Code(first.method), f", seed {first.seed}):"))
        items = [
            f"{', '.join(metrics)}{f' of {short(name, 40)}' if name else ''}: {short(reason)}"
            for (name, reason), metrics in list(reasons.items())[:MOST_REASONS]
        ]
        yield Items(tuple(items))
