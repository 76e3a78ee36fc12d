"""Writes the figures of committed studies into README.md and docs/*.md, so that no number there is typed by hand.

    python docs/figures.py            # after a study under results/reference/ has changed
    python docs/figures.py --check    # says which files are not what the records say; a test does the same

Between `<!-- KIND STUDY -->` and `<!-- end -->` stands one piece of the report of results/reference/STUDY; `KINDS` has
the pieces. `<!-- KIND STUDY against ARM -->` holds all methods against that arm, as `bench compare --reference` does.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from report import generative
from report.compare import compare
from report.document import Block, Document
from report.evidence import Evidence
from report.findings import findings, one_or_two
from report.markdown import to_markdown
from report.one_seed import one_seed
from report.phase_costs import phase_cost_table
from report.stability import stability
from report.study import Results, read_results
from report.tables import class_recall_table, dataset_table, score_table
from report.verdicts import verdict_table

ROOT = Path(__file__).resolve().parents[1]
STUDIES = ROOT / "results" / "reference"
BLOCK = re.compile(
    r"(?P<open><!-- (?P<kind>\w+) (?P<study>[\w-]+)(?: against (?P<reference>\S+))? -->\n).*?(?P<close><!-- end -->)",
    re.DOTALL,
)


Piece: TypeAlias = Callable[[Results, Evidence, str], Iterable[Block | None]]
"""What is said of one dataset, from a study's records and comparisons."""


def _findings(results: Results, evidence: Evidence, dataset: str) -> Iterator[Block]:
    told = {"rope": results.study.rope, "clock": results.cost_clock}
    yield from findings(evidence.compared, dataset, **told, widened=evidence.widened(evidence.compared, dataset))
    if results.study.reference is None:
        yield from one_or_two(evidence.heads, dataset, **told, widened=evidence.widened(evidence.heads, dataset))


KINDS: dict[str, Piece] = {
    "data": lambda results, _, dataset: (dataset_table(results),) if dataset == results.datasets[0] else (),
    "scores": lambda results, _, dataset: (score_table(results, dataset),),
    "findings": _findings,
    "verdicts": lambda _, evidence, dataset: (verdict_table(evidence.compared, dataset),),
    "heads": lambda _, evidence, dataset: (verdict_table(evidence.heads, dataset),),
    "costs": lambda results, evidence, dataset: (phase_cost_table(results, dataset, evidence.heads),),
    "classes": lambda results, _, dataset: (class_recall_table(results, dataset),),
    "first": lambda results, _, dataset: stability(results, dataset),
    "seeds": lambda results, evidence, dataset: one_seed(results, dataset, (*evidence.compared, *evidence.heads)),
    "generators": lambda results, _, dataset: generative.figures(results, dataset),
}


def filled(text: str) -> str:
    """A file's text with every block made anew from the records.

    Raises:
        KeyError: A block of an unknown kind.
        UnreadableFile: A block of a study that is not there.
    """

    def block(found: re.Match[str]) -> str:
        results = read_results(STUDIES / found["study"])
        if found["reference"]:
            study = results.study.model_copy(update={"reference": found["reference"]})
            results = Results.of(results.records, study=study, folder=results.folder)
        evidence = Evidence.of(results, compare(results))
        pieces = (KINDS[found["kind"]](results, evidence, dataset) for dataset in results.datasets)
        blocks = tuple(block for piece in pieces for block in piece if block is not None)
        _, _, body = to_markdown(Document("figures", blocks)).partition("\n\n")
        unnumbered = re.sub(r"^\*Table \d+\. ", "*", body, flags=re.MULTILINE)
        return f"{found['open']}\n{unnumbered}\n{found['close']}"

    return BLOCK.sub(block, text)


def files() -> list[Path]:
    """Those that may hold blocks."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def main() -> None:
    """Writes, or checks."""
    stale = [file for file in files() if filled(file.read_text()) != file.read_text()]
    for file in stale:
        print(file.relative_to(ROOT))
        if "--check" not in sys.argv:
            file.write_text(filled(file.read_text()))
    if "--check" in sys.argv and stale:
        sys.exit("not what the records say; run `python docs/figures.py`")


if __name__ == "__main__":
    main()
