"""What the report says, in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from report import tables
from report.across import across
from report.comparison import Comparison
from report.document import Block, Code, Document, Heading, Items, Paragraph, Span, Strong, Text, listed
from report.drawing import Drawing
from report.evidence import Evidence
from report.findings import findings, one_or_two, own_five_percent
from report.frame import STATUSES
from report.sections import section
from report.statistics.ranks import LEAST_DATASETS
from report.study import Results
from report.text import plural, short
from report.verdicts import overview_table
from results import Record

MOST_FAULTS = 30
MANY_FROM = 3
"""Datasets from which on figures are drawn on several cores."""
STATUS_WORDS = {"skipped": "refused", "timeout": "out of time"}
LIBRARIES = ("augbench", "python", "torch", "torchvision", "numpy", "scikit-learn")


def compose(results: Results, folder: Path, compared: Sequence[Comparison]) -> Document:
    """Composes the report and draws its figures.

    Args:
        results: What it reports.
        folder: The study's; figures go to ``figures/`` in it.
        compared: Its methods held against their reference arms.
    """
    title = short(results.study.name, 120) or "Study"
    if not results.records:
        return Document(title, (Paragraph("No run has a record yet."), *_notes(results)))
    drawing = Drawing(folder, many=len(results.datasets) >= MANY_FROM)
    evidence = Evidence.of(results, compared)
    blocks: list[Block] = [*_opening(results, evidence), *_faults(results), *across(results, drawing)]
    if results.brief:
        blocks.append(
            Paragraph(
                (
                    f"The study has {len(results.datasets)} datasets. Of each, pictures of images, heat maps, "
                    "confusion matrices, learning curves and interval widths are left out; ",
                    Code("bench report --in-full"),
                    " draws them.",
                )
            )
        )
    for dataset in results.datasets:
        blocks += [Heading(2, ("Results on ", Code(dataset))), *section(results, dataset, drawing, evidence)]
        evidence.forget(dataset)
    drawing.finish()
    blocks += [Heading(2, "Appendix: all runs", appendix=True), *tables.run_tables(results)]
    day = max(record.finished_at for record in results.records).date()
    return Document(title, tuple(blocks), day)


def _opening(results: Results, evidence: Evidence) -> Iterator[Block]:
    seeds, first = results.seeds, results.records[0]
    yield from _leaks(results)
    yield Paragraph(
        (
            Strong(f"{plural(len(results.methods()), 'method')} on {plural(len(results.datasets), 'dataset')}"),
            f" with {plural(len(seeds), 'seed')} and {_preset(results)}: {_counted(results)}. Runs of ",
            f"{_days(results.records)}.",
        )
    )
    if len(seeds) == 1:
        yield Paragraph("There is one seed, so nothing here tells how much another seed would differ.")
    yield from _not_ok(results)
    rope, clock = results.study.rope, results.cost_clock
    for dataset in results.datasets:
        again = evidence.widened(evidence.compared, dataset)
        yield from findings(evidence.compared, dataset, rope=rope, clock=clock, widened=again)
        again = evidence.widened(evidence.heads, dataset)
        yield from one_or_two(evidence.heads, dataset, rope=rope, clock=clock, widened=again)
    if words := own_five_percent(evidence.compared):
        yield Paragraph(words)
    if (overview := overview_table(evidence.compared)) is not None:
        yield overview
    yield Heading(2, "What was compared")
    tiers: dict[str, list[str]] = {}
    for method in results.methods():
        tiers.setdefault(results.tier(method), []).append(method)
    items: list[Text] = [(f"{tier}: ", *listed(methods)) for tier, methods in tiers.items()]
    items.append(_reference_sentence(results))
    items.append(f"seeds: {', '.join(map(str, seeds))}")
    budget = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in first.budget.items())
    items.append(f"{_preset(results)}: {budget}")
    items.append(f"{_hardware(results.records)}; {first.environment.precision}")
    items.append(_versions(results.records))
    if len(results.datasets) == 1:
        items.append(f"ranks across datasets: none, for they take {LEAST_DATASETS} datasets or more")
    yield Items(tuple(items))
    yield tables.dataset_table(results)


def _preset(results: Results) -> str:
    """``preset quick``, or which of its budgets the study has set otherwise."""
    changed = ", ".join(name.replace("_", " ") for name in results.study.budget)
    return f"preset {results.records[0].preset}" + (f" with other {changed}" if changed else "")


def _not_ok(results: Results) -> Iterator[Block]:
    """Which methods did not come to an end everywhere; the section below says why."""
    counted: dict[str, dict[str, int]] = {}
    for record in results.records:
        if record.status != "ok":
            of_method = counted.setdefault(record.method, {})
            of_method[record.status] = of_method.get(record.status, 0) + 1
    if counted:
        spans: list[Span] = ["Not all runs are ok: "]
        for i, (method, statuses) in enumerate(counted.items()):
            told = ", ".join(f"{n} {STATUS_WORDS.get(status, status)}" for status, n in statuses.items())
            spans += ["; " if i else "", Code(method), f" {told}"]
        yield Paragraph((*spans, "."))


def _leaks(results: Results) -> Iterator[Block]:
    """What crosses a split stands first, for it puts every score in doubt; what was left out of a dataset next."""
    for dataset in results.datasets:
        splits = [record.split for record in results.of_dataset(dataset) if record.split is not None]
        leaking = max(splits, key=lambda split: split.n_leaks, default=None)
        if leaking is not None and leaking.n_leaks:
            warning = Strong("The split leaks, so scores are too good:")
            more = f", and {leaking.n_leaks - 1} more such" if leaking.n_leaks > 1 else ""
            yield Paragraph((warning, " on ", Code(dataset), f" {short(leaking.leaks[0])}{more}; it was allowed."))
        left = max(splits, key=lambda split: split.n_left_out, default=None)
        if left is not None and left.n_left_out:
            n = plural(left.n_left_out, "image")
            were = "was" if left.n_left_out == 1 else "were"
            first = short(left.left_out[0])
            yield Paragraph((f"{n} of ", Code(dataset), f" {were} left out, the first: {first}"))


def _faults(results: Results) -> Iterator[Block]:
    """What did not end well, named."""
    yield Heading(2, "What failed or diverged")
    groups: dict[tuple[str, str, str, str, str], list[int]] = {}
    for record in results.records:
        if record.status != "ok":
            phase, message = (record.error.phase or "", record.error.message) if record.error else ("", "")
            groups.setdefault((record.method, record.dataset, record.status, phase, message), []).append(record.seed)
    items: list[Text] = []
    for (method, dataset, status, phase, message), seeds in list(groups.items())[:MOST_FAULTS]:
        where = f" in phase {phase}" if phase else ""
        numbers = ", ".join(map(str, seeds))
        seed_words = f"seed {numbers}" if len(seeds) == 1 else f"seeds {numbers}"
        told = f": {short(message)}" if message else "."
        items.append((Code(method), " on ", Code(dataset), f", {seed_words}: {status}{where}{told}"))
    if len(groups) > MOST_FAULTS:
        items.append(f"{len(groups) - MOST_FAULTS} further kinds of fault are in the table of all runs.")
    yield Items(tuple(items)) if items else Paragraph(f"Nothing: {_counted(results)}.")
    yield from _notes(results)


def _notes(results: Results) -> Iterator[Block]:
    if results.notes:
        yield Items(tuple(short(note) for note in results.notes))


def _counted(results: Results) -> str:
    """``15 runs, 14 ok, 1 diverged; 3 of the study have no record yet``."""
    statuses = [record.status for record in results.records]
    each = [f"{statuses.count(status)} {status}" for status in STATUSES if status in statuses]
    study = results.study
    planned = max(len(study.methods), len(results.methods())) * len(study.datasets) * len(study.seeds)
    missing = planned - len(statuses)
    verb = "has" if missing == 1 else "have"
    rest = f"; {missing} of the study {verb} no record yet" if study.methods and missing > 0 else ""
    return f"{plural(len(statuses), 'run')}, {', '.join(each)}{rest}"


def _reference_sentence(results: Results) -> Text:
    arms = list(dict.fromkeys(results.references.values()))
    if not arms:
        return "reference arm: none in this study"
    chosen = results.study.reference is not None
    why = "chosen for this study" if chosen else "class-balanced classic augmentation with the method's own classifier"
    return ("reference arm: ", *listed(arms), f" ({why})")


def _days(records: Sequence[Record]) -> str:
    first = min(record.started_at for record in records).date()
    last = max(record.finished_at for record in records).date()
    return first.isoformat() if first == last else f"{first.isoformat()} to {last.isoformat()}"


def _hardware(records: Sequence[Record]) -> str:
    devices = dict.fromkeys(record.device for record in records)
    processors = dict.fromkeys(record.environment.processor for record in records if record.environment.processor)
    threads = records[0].environment.threads
    words = [f"device: {' and '.join(map(short, devices))}"]
    if processors:
        words.append(f"processor: {' and '.join(map(short, processors))}")
    words.append(plural(threads, "thread") + " a run")
    return "; ".join(words)


def _versions(records: Sequence[Record]) -> Text:
    found: dict[str, dict[str, None]] = {}
    for record in records:
        for library, version in record.environment.versions.items():
            found.setdefault(library, {})[version] = None
    known = [library for library in LIBRARIES if library in found] or sorted(found)[:6]
    spans: tuple[Span, ...] = ("versions: ", ", ".join(_version(library, found) for library in known) or "not known")
    return spans


def _version(library: str, found: Mapping[str, Mapping[str, None]]) -> str:
    return f"{library} {' and '.join(found[library])}"
