"""What the report says of one dataset, in which order."""

from __future__ import annotations

from collections.abc import Iterator

from report import generative, tables
from report.checkpoints import checkpoints
from report.document import Block, Heading, Paragraph
from report.drawing import Drawing
from report.evidence import Evidence
from report.one_seed import one_seed
from report.phase_costs import phase_cost_table
from report.pictures import classes, costs, images, scores
from report.pictures.curves import curves
from report.single_images import SingleImages, image_table
from report.stability import stability
from report.study import Results
from report.text import plural
from report.variants import ablations, grids
from report.verdicts import verdict_table


def section(results: Results, dataset: str, drawing: Drawing, evidence: Evidence) -> Iterator[Block]:
    """What follows the heading of a dataset.

    Args:
        results: The study's.
        dataset: Which.
        drawing: Takes its figures.
        evidence: The study's comparisons.
    """
    if not any(record.metrics for record in results.of_dataset(dataset)):
        yield Paragraph("No run on this dataset has scores.")
        return
    single = evidence.images(dataset)
    yield tables.score_table(results, dataset)
    yield from scores.scores(results, drawing, dataset)
    yield Heading(3, "Against the reference arm")
    yield from _against(results, dataset, drawing, evidence, single)
    yield from _titled("Who stays first", stability(results, dataset))
    if not results.brief:
        both = (*evidence.compared, *evidence.heads)
        yield from _titled("What one seed would have said", one_seed(results, dataset, both))
    heads = verdict_table(evidence.heads, dataset)
    if heads.rows:
        yield Heading(3, "One process or two")
        yield heads
        yield from _some(phase_cost_table(results, dataset, evidence.heads))
    yield from _titled("Variants", _variants(results, dataset, drawing, evidence))
    yield from _costs(results, dataset, drawing, evidence)
    yield Heading(3, "Classes")
    if not results.brief:
        yield from classes.recall(results, drawing, dataset)
    yield tables.class_recall_table(results, dataset)
    if not results.brief:
        yield from classes.confusion(results, drawing, dataset, single.confusions)
        yield from _titled("Real and generated images", _images(results, dataset, drawing))
    yield from generative.section(results, dataset, drawing)
    if not results.brief:
        yield from _titled("Learning curves", _training(results, dataset, drawing))
    yield Heading(3, "Further metrics")
    yield tables.further_table(results, dataset)


def _against(
    results: Results, dataset: str, drawing: Drawing, evidence: Evidence, single: SingleImages
) -> Iterator[Block]:
    against = verdict_table(evidence.compared, dataset)
    if not against.rows:
        yield Paragraph("There is no method with a reference arm in this study.")
        return
    yield from scores.differences(results, drawing, dataset, evidence.compared)
    yield against
    if not results.brief:
        yield from scores.widths(results, drawing, dataset, evidence.compared)
    yield from _some(image_table(results, dataset, evidence.compared, single))


def _variants(results: Results, dataset: str, drawing: Drawing, evidence: Evidence) -> Iterator[Block]:
    yield from ablations(results, drawing, dataset, evidence.switched, evidence.variants)
    yield from grids(results, drawing, dataset, evidence.compared, evidence.variants)


def _costs(results: Results, dataset: str, drawing: Drawing, evidence: Evidence) -> Iterator[Block]:
    yield Heading(3, "Cost")
    yield from costs.cost(results, drawing, dataset)
    yield from _some(phase_cost_table(results, dataset, evidence.compared))
    for kind in results.kinds:
        table = tables.cost_table(results, dataset, kind)
        if table.rows:
            yield table
    yield from _shared(results, dataset)


def _images(results: Results, dataset: str, drawing: Drawing) -> Iterator[Block]:
    yield from images.samples(results, drawing, dataset)
    yield from images.embedding(results, drawing, dataset)


def _training(results: Results, dataset: str, drawing: Drawing) -> Iterator[Block]:
    yield from curves(results, drawing, dataset)
    yield from checkpoints(results, dataset)


def _some(block: Block | None) -> Iterator[Block]:
    if block is not None:
        yield block


def _titled(title: str, blocks: Iterator[Block]) -> Iterator[Block]:
    """Blocks under a heading; no heading where there are none."""
    found = list(blocks)
    if found:
        yield Heading(3, title)
        yield from found


def _shared(results: Results, dataset: str) -> Iterator[Block]:
    n = sum(
        record.timing is not None and record.timing.contended == "shared" and record.status == "ok"
        for record in results.of_dataset(dataset)
    )
    if n and not results.shared:
        yield Paragraph(f"Times of {plural(n, 'run')} that shared device or cores with others are left out.")
