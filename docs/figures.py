"""Writes the figures of committed studies into README.md and docs/*.md, so that no number there is typed by hand.

    python docs/figures.py            # after a study under results/reference/ has changed
    python docs/figures.py --check    # says which files are not what the records say; a test does the same

Between `<!-- scores cells -->` and `<!-- end -->` stands the main table of results/reference/cells, between
`<!-- findings cells -->` and `<!-- end -->` what its report says in words, and between `<!-- verdicts cells -->` and
`<!-- end -->` the table of all comparisons.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from report.compare import compare
from report.document import Block, Document
from report.findings import findings
from report.markdown import to_markdown
from report.study import Results, read_results
from report.tables import score_table
from report.verdicts import verdict_table

ROOT = Path(__file__).resolve().parents[1]
STUDIES = ROOT / "results" / "reference"
BLOCK = re.compile(r"(?P<open><!-- (?P<kind>\w+) (?P<study>[\w-]+) -->\n).*?(?P<close><!-- end -->)", re.DOTALL)


def scores(results: Results) -> Iterator[Block]:
    """The main table of each dataset."""
    return (score_table(results, dataset) for dataset in results.datasets)


def in_words(results: Results) -> Iterator[Block]:
    """What the report says of each dataset."""
    compared = compare(results)
    for dataset in results.datasets:
        yield from findings(compared, dataset, rope=results.study.rope, clock=results.cost_clock)


def verdicts(results: Results) -> Iterator[Block]:
    """All comparisons on each dataset."""
    compared = compare(results)
    return (verdict_table(compared, dataset) for dataset in results.datasets)


KINDS: dict[str, Callable[[Results], Iterator[Block]]] = {"scores": scores, "findings": in_words, "verdicts": verdicts}


def filled(text: str) -> str:
    """A file's text with every block made anew from the records.

    Raises:
        KeyError: A block of an unknown kind.
        UnreadableFile: A block of a study that is not there.
    """

    def block(found: re.Match[str]) -> str:
        blocks = tuple(KINDS[found["kind"]](read_results(STUDIES / found["study"])))
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
