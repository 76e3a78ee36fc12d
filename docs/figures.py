"""Writes the figures of committed studies into README.md and docs/*.md, so that no number there is typed by hand.

    python docs/figures.py            # after a study under results/reference/ has changed
    python docs/figures.py --check    # says which files are not what the records say; a test does the same

Between `<!-- KIND STUDY -->` and `<!-- end -->` stands one piece of the report of results/reference/STUDY; `KINDS` has
the pieces. `<!-- KIND STUDY against ARM -->` holds all methods against that arm, as `bench compare --reference` does.
Within a line, `<!-- KIND STUDY METHOD … -->…<!-- end -->` is one figure, of `NUMBERS`; `against ARM` may end it, and
`seeds=0,1,2` among the methods asks what those seeds alone say. `<!-- rates simulated -->` is the table of simulated
error rates, `<!-- grid NAME -->` has the verdicts of all studies NAME-….
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any, TypeAlias, TypeVar

from report import generative
from report.checkpoints import checkpoints
from report.compare import compare
from report.comparison import Comparison
from report.document import Block, Code, Column, Document, Table
from report.evidence import Evidence
from report.findings import findings, one_or_two
from report.frame import METRICS, base_name
from report.markdown import to_markdown
from report.numbers import difference, minus, signed_points
from report.one_seed import one_seed, single_seeds
from report.phase_costs import phase_cost_table
from report.stability import stability
from report.statistics.simulation import assumed_correlation, simulate
from report.study import Results, read_results
from report.tables import class_recall_table, dataset_table, score_table
from report.text import amount
from report.verdicts import verdict_table

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[1]
STUDIES = ROOT / "results" / "reference"
SEEDS = "seeds="
BLOCK = re.compile(
    r"(?P<open><!-- (?P<kind>\w+) (?P<study>[\w-]+)(?: against (?P<reference>\S+))? -->\n).*?(?P<close><!-- end -->)",
    re.DOTALL,
)
WITHIN_A_LINE = re.compile(
    r"(?P<open><!-- (?P<kind>\w+) (?P<study>[\w-]+)(?P<of>(?: [^\s<>]+)+?)(?: against (?P<reference>[^\s<>]+))? -->)"
    r"[^\n]*?(?P<close><!-- end -->)"
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
    "summary": lambda *asked: islice(_findings(*asked), 1),
    "verdicts": lambda _, evidence, dataset: (verdict_table(evidence.compared, dataset),),
    "heads": lambda _, evidence, dataset: (verdict_table(evidence.heads, dataset),),
    "costs": lambda results, evidence, dataset: (phase_cost_table(results, dataset, evidence.heads),),
    "classes": lambda results, _, dataset: (class_recall_table(results, dataset),),
    "first": lambda results, _, dataset: stability(results, dataset),
    "seeds": lambda results, evidence, dataset: one_seed(results, dataset, (*evidence.compared, *evidence.heads)),
    "generators": lambda results, _, dataset: generative.figures(results, dataset),
    "checkpoints": lambda results, _, dataset: checkpoints(results, dataset),
}


def known(value: T | None) -> T:
    """What the records tell.

    Raises:
        ValueError: They do not; a sentence must not be filled with a nought then.
    """
    if value is None:
        raise ValueError("a figure is asked for that the records do not have; say it in other words.")
    return value


def _cost(asked: Asked) -> str:
    (low, high), ratio = known(asked.comparison.cost_interval), known(asked.comparison.cost_ratio)
    pairs = f", {_word(asked.comparison.n_cost)} pairs" if asked.comparison.n_cost < asked.comparison.n else ""
    return f"{amount(ratio)} times (95 % interval {amount(low)} to {amount(high)}{pairs})"


def _head(asked: Asked) -> str:
    pair = tuple(asked.names)
    (one,) = (one for one in asked.evidence.heads if (one.method, one.reference, one.metric) == (*pair, asked.metric))
    return one.verdict


def _recall(asked: Asked) -> str:
    *methods, name = asked.names
    means = (asked.results.recall_means[asked.results.datasets[0], method, name].mean for method in methods)
    return _span(means, written="{:.3f}".format)


def _score(asked: Asked) -> str:
    return f"{asked.results.means[asked.results.datasets[0], asked.names[0], asked.metric].mean:.3f}"


def _behind(asked: Asked) -> str:
    behind = [-100 * known(one.difference) for one in asked.comparisons]
    if min(behind) <= 0:
        raise ValueError(f"not all of {', '.join(asked.names)} are behind; say it in other words.")
    return _span(behind)


def _ahead(asked: Asked) -> str:
    told = single_seeds(asked.results, asked.results.datasets[0], asked.comparisons)
    if len(told) < len(asked.comparisons):
        raise ValueError(f"one of {', '.join(asked.names)} has fewer than two pairs; say it in other words.")
    ahead, pairs = sum(one.ahead for one in told), sum(len(one.values) for one in told)
    return f"{_word(ahead) if ahead else 'none'} of {_word(pairs)}"


def _decided(asked: Asked) -> str:
    words = Counter(one.word for one in asked.comparisons)
    return ", ".join(f"{_word(n)} {word}" for word, n in words.items())


def _runs(asked: Asked) -> str:
    counts = {sum(r.method == name for r in asked.results.records) for name in asked.names}
    return _span(counts, written=_word)


def _of_images(figure: str) -> Callable[[Asked], str]:
    """A figure on generated images of all classes, from run to run."""

    def span(asked: Asked) -> str:
        measured = [r.generative for r in asked.results.records if r.method in asked.names and r.generative is not None]
        values = [value for of in measured if (value := getattr(of, figure)) is not None]
        return _span(values, written="{:.2f}".format)

    return span


def _correlation(asked: Asked) -> str:
    (distance,) = asked.names
    found = generative.nearness_and_gain(asked.results, asked.results.datasets[0], distance)
    found = known(None if isinstance(found, str) else found)
    low, high = found.interval
    return minus(f"{found.rho:+.2f} (95 % interval {low:+.2f} to {high:+.2f})")


def _fidelity(asked: Asked) -> str:
    by_class: dict[tuple[str, str], list[float]] = {}
    for record in asked.results.records:
        if record.method in asked.names and record.generative is not None:
            for name, of in record.generative.per_class.items():
                if of.label_fidelity is not None:
                    by_class.setdefault((record.method, name), []).append(of.label_fidelity)
    return _span(100 * fmean(values) for values in by_class.values())


_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _word(number: float) -> str:
    return _WORDS[int(number)] if 0 <= number < len(_WORDS) else f"{number:.0f}"


def _span(values: Iterable[float], *, written: Callable[[float], str] = "{:.0f}".format) -> str:
    low, high = written(min(values := list(values))), written(max(values))
    return low if low == high else f"{low} to {high}"


@dataclass(frozen=True)
class Asked:
    """What a figure within a line is asked of: a study's first dataset.

    Attributes:
        evidence: The study's.
        words: What stands behind the study's name: methods and classes, a metric.
    """

    evidence: Evidence
    words: tuple[str, ...]

    @property
    def results(self) -> Results:
        """The study's records."""
        return self.evidence.results

    @property
    def metric(self) -> str:
        """The metric asked for; else balanced accuracy."""
        return next((word for word in self.words if word in METRICS), "balanced_accuracy")

    @property
    def names(self) -> list[str]:
        """Methods and classes."""
        return [word for word in self.words if word not in METRICS]

    @property
    def comparisons(self) -> list[Comparison]:
        """Of each method with its reference arm."""
        by_arm = {one.method: one for one in self.evidence.compared if one.metric == self.metric}
        return [by_arm[name] for name in self.names]

    @property
    def comparison(self) -> Comparison:
        """The only one."""
        (one,) = self.comparisons
        return one


NUMBERS: dict[str, Callable[[Asked], str]] = {
    "cost": _cost,
    "costs": lambda asked: _span((known(one.cost_ratio) for one in asked.comparisons), written=amount),
    "difference": lambda asked: signed_points(known(asked.comparison.difference), asked.comparison.interval),
    "behind": _behind,
    "ahead": _ahead,
    "verdict": lambda asked: asked.comparison.verdict,
    "head": _head,
    "decided": _decided,
    "needed": lambda asked: _span((known(one.seeds_needed) for one in asked.comparisons), written=_word),
    "recall": _recall,
    "score": _score,
    "runs": _runs,
    "kid": _of_images("kid"),
    "coverage": _of_images("coverage"),
    "correlation": _correlation,
    "fidelity": _fidelity,
    "budget": lambda asked: f"{asked.results.records[0].budget[asked.names[0]]:,}",
    "version": lambda asked: str(next(r.version for r in asked.results.records if r.method == asked.names[0])),
}
"""Single figures, of one method or of several (``4 to 9``): a method's difference to its reference arm in balanced
accuracy, in points; the verdict on it, or on one method head to head with another; by how many points they are behind;
in how many pairs of seeds ahead; KID and coverage of images, from seed to seed; the rank correlation of ``kid_excess``
and the gain; label fidelity of each class, in hundredths, as means over seeds."""


@cache
def rates() -> Table:
    """How often the rules of the report err, on simulated studies."""
    rho = assumed_correlation()
    resampled = {"resampled": True, "correlation": rho}
    studies: dict[str, dict[str, Any]] = {
        "no difference, fresh": {"resampled": False},
        "no difference, resampled": resampled,
        "no difference, resampled, five seeds": resampled | {"seeds": 5},
        "no difference, resampled, three seeds, 15 methods": resampled | {"seeds": 3, "methods": 15},
        "no difference, resampled, half the correlation": resampled | {"correlation": rho / 2},
        "no difference, resampled, correlation 0.5": resampled | {"correlation": 0.5},
        "no difference, resampled, correlation 0.5, three seeds": resampled | {"correlation": 0.5, "seeds": 3},
        "no difference, resampled, r left out": resampled | {"resampled": False},
        "2 sd, fresh": {"resampled": False, "effect": 2},
        "3 sd, resampled": resampled | {"effect": 3},
        "2 sd, resampled": resampled | {"effect": 2},
        "2 sd, resampled, thirty seeds": resampled | {"effect": 2, "seeds": 30},
    }
    rows: list[tuple[str, ...]] = []
    for words, told in studies.items():
        found = simulate(**told)
        claims, hits, covers = (
            f"{100 * share:.1f} % ({100 * found.error(share):.1f})"
            for share in (found.any_claim, found.found, found.covered)
        )
        rows.append((words, "", hits, covers) if "effect" in told else (words, claims, "", covers))
    columns = Column("studies", "left"), *(Column(c) for c in ("any claim", "true difference found", "interval covers"))
    return Table("", columns, tuple(rows))


def _told(one: Comparison) -> str:
    return difference(one.difference, one.interval) + ("" if one.word == "undecided" else f", {one.word}")


@cache
def grid(prefix: str) -> Table:
    """The verdicts of studies that differ in their budgets, ``PREFIX-…``, side by side; each family a block of rows."""
    studies = [evidence_of(folder.name) for folder in STUDIES.glob(f"{prefix}-*") if (folder / "study.toml").exists()]
    studies.sort(key=lambda evidence: evidence.results.records[0].budget["generator_steps"])
    found = [
        {(one.family, one.method): one for one in evidence.compared if one.metric == "balanced_accuracy"}
        for evidence in studies
    ]
    classifiers = {record.method: str(record.parameters["classifier"]) for record in studies[0].results.records}
    rows = [
        (
            family,
            Code(base_name(method)),
            Code(base_name(classifiers[method])),
            *(_told(one[family, method]) for one in found),
        )
        for family, method in found[0]
    ]
    budgets = (evidence.results.records[0].budget for evidence in studies)
    columns = (
        *(Column(words, "left") for words in ("learning rates", "method", "classifier")),
        *(Column(f"{of['generator_steps']:,} and {of['classifier_steps']:,} updates", "left") for of in budgets),
    )
    return Table("", columns, tuple(rows))


@cache
def evidence_of(name: str, reference: str | None = None, seeds: tuple[int, ...] = ()) -> Evidence:
    """A committed study's comparisons: with another reference arm, or as they were with some of its seeds alone."""
    results = read_results(STUDIES / name)
    study = results.study.model_copy(update={"reference": reference}) if reference else results.study
    records = [record for record in results.records if not seeds or record.seed in seeds]
    results = Results.of(records, study=study, folder=results.folder)
    return Evidence.of(results, compare(results))


def filled(text: str) -> str:
    """A file's text with every block and figure made anew from the records.

    Raises:
        KeyError: A block or figure of an unknown kind.
        UnreadableFile: One of a study that is not there.
    """

    def block(found: re.Match[str]) -> str:
        blocks: tuple[Block, ...]
        if found["kind"] == "rates":
            blocks = (rates(),)
        elif found["kind"] == "grid":
            blocks = (grid(found["study"]),)
        else:
            evidence = evidence_of(found["study"], found["reference"])
            results, kind = evidence.results, KINDS[found["kind"]]
            pieces = (kind(results, evidence, dataset) for dataset in results.datasets)
            blocks = tuple(block for piece in pieces for block in piece if block is not None)
        _, _, body = to_markdown(Document("figures", blocks)).partition("\n\n")
        unnumbered = re.sub(r"^\*Table \d+\. ", "*", body, flags=re.MULTILINE).replace("\n**\n", "")
        return f"{found['open']}\n{unnumbered}\n{found['close']}"

    def number(found: re.Match[str]) -> str:
        words = found["of"].split()
        seeds = [int(seed) for word in words if word.startswith(SEEDS) for seed in word.removeprefix(SEEDS).split(",")]
        evidence = evidence_of(found["study"], found["reference"], tuple(seeds))
        told = NUMBERS[found["kind"]](Asked(evidence, tuple(word for word in words if not word.startswith(SEEDS))))
        return f"{found['open']}{told}{found['close']}"

    return WITHIN_A_LINE.sub(number, BLOCK.sub(block, text))


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
