"""`bench compare`: every method against its reference."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated

import typer

from bench.commands.console import Debug, Json, StudyFolder, guarded, open_store, out, say, without_collecting
from bench.commands.tables import to_terminal
from bench.errors import UsageError
from report import Table
from report.compare import compare as compare_arms
from report.compare import head_to_head
from report.comparison import Comparison, refuse_unpaired
from report.document import plain
from report.frame import METRICS
from report.robustness import sentences, widened
from report.single_images import SingleImages
from report.stability import stability
from report.study import Results, read_results
from report.verdicts import verdict_table


@guarded
@without_collecting()
def compare(
    study: StudyFolder,
    reference: Annotated[
        str | None, typer.Option(help="Arm to hold all methods against [default: classic-balanced, own classifier].")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="Metric of the first verdict [default: the study's].")] = None,
    json_: Json = False,
    debug: Debug = False,
) -> None:
    """Show the evidence for every method against the reference."""
    del debug
    open_store(study)
    if metric is not None and metric not in METRICS:
        raise UsageError(f"no verdict can be given in {metric!r}; choose one of {', '.join(METRICS)}.")
    results = read_results(study)
    if metric is not None:
        results = replace(results, study=results.study.model_copy(update={"metric": metric}))
    for note in results.notes:
        say(f"bench: {note}")
    if reference is not None and reference not in results.methods():
        raise UsageError(f"{reference!r} is no method of this study; it has {', '.join(results.methods())}.")
    found = compare_arms(results, reference=reference)
    refuse_unpaired(found)
    if json_:
        print(json.dumps([comparison.as_json() for comparison in found], ensure_ascii=False, indent=1))
        return
    if not found:
        say("bench: there is no method with a reference arm in this study; name one with --reference.")
        return
    heads = [] if reference is not None else head_to_head(results)
    out().print(
        to_terminal([table for dataset in results.datasets for table in _tables(results, dataset, found, heads)])
    )
    for words in _frail(results, found, heads):
        say(f"bench: {words}")


def _tables(
    results: Results, dataset: str, found: Sequence[Comparison], heads: Sequence[Comparison]
) -> Iterator[Table]:
    """Verdicts, one process against two, and who stays first, of one dataset; those that have rows."""
    of_heads = replace(verdict_table(heads, dataset), caption=f"One process or two, on {dataset}.")
    first = [block for block in stability(results, dataset) if isinstance(block, Table)]
    yield from (table for table in (verdict_table(found, dataset), of_heads, *first) if table.rows)


def _frail(results: Results, found: Sequence[Comparison], heads: Sequence[Comparison]) -> Iterator[str]:
    """Which verdicts of few seeds would not stand with the spread of their test images."""
    for dataset in results.datasets:
        images = SingleImages(results, dataset)
        for compared, against in ((found, False), (heads, True)):
            here = [one for one in compared if (one.dataset, one.metric) == (dataset, results.metric)]
            again = widened(here, images, rope=results.study.rope)
            yield from (f"{dataset}: {plain(text)}" for text in sentences(again, against=against))
