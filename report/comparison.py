"""What is known of one method against its reference, and what `bench compare --json` prints of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from report.statistics.paired import Estimate, SplitRule
from report.statistics.verdict import Word, when
from results import NotComparable

UNPAIRED = "no seed was run with both: the method has"


@dataclass(frozen=True)
class Comparison:
    """One method against its reference on one dataset in one metric; None where there is nothing to tell.

    Attributes:
        method: Canonical name.
        dataset: Canonical name.
        reference: The arm it is held against.
        metric: Name.
        family: Comparisons that are adjusted together, within a dataset and metric.
        n: Pairs: seeds with a value of both.
        n_diverged: Runs of the method that diverged.
        difference: Mean of method minus reference; of calibration error and Brier score, below zero is better.
        interval: 95 %, from the corrected t.
        p: Two-sided, from the corrected t.
        p_holm: Adjusted within the family.
        p_sign_flip: Of these images only.
        p_smallest: The smallest sign-flip p that n allows.
        p_better: Posterior mass beyond the rope on the better side.
        p_equivalent: Within it.
        p_worse: Beyond it on the worse side.
        effect_size: In standard deviations of the paired differences.
        minimum_detectable: True difference found with 80 % power at Holm's strictest level.
        smallest_rope: Half-width within which the posterior holds 95 %; without a claim, "equivalent" would be the
            verdict from there on.
        seeds_needed: Seeds that settle it if mean and spread stay; None where none would.
        cost_ratio: Geometric mean of cost over the reference's cost.
        cost_interval: Its 95 % interval.
        n_cost: Pairs that it is of: times of one hardware and kind of contention.
        at_equal_speed: Whether the costs are those at equal speed of the machine; else of plain seconds.
        verdict: One of four words, with the share of runs that trained.
        word: The word alone.
        n_trained: Runs of the method that are ok.
        n_reference: Of the reference's runs with the method's seeds, those that are ok and those that diverged.
        n_dropped: Seeds that one of the two lacks a value for.
        rule: How the seeds split the images.
        reason: Why there is no test; empty where there is one.
        estimate: What the statistics are made of; None where there is no test.
    """

    method: str
    dataset: str
    reference: str
    metric: str
    family: str
    n: int
    n_diverged: int
    difference: float | None = None
    interval: tuple[float, float] | None = None
    p: float | None = None
    p_holm: float | None = None
    p_sign_flip: float | None = None
    p_smallest: float | None = None
    p_better: float | None = None
    p_equivalent: float | None = None
    p_worse: float | None = None
    effect_size: float | None = None
    minimum_detectable: float | None = None
    smallest_rope: float | None = None
    seeds_needed: int | None = None
    cost_ratio: float | None = None
    cost_interval: tuple[float, float] | None = None
    n_cost: int = 0
    at_equal_speed: bool = False
    verdict: str = "undecided"
    word: Word = "undecided"
    n_trained: int = 0
    n_reference: tuple[int, int] = (0, 0)
    n_dropped: int = 0
    rule: SplitRule | None = None
    reason: str = ""
    estimate: Estimate | None = None

    @property
    def when(self) -> str:
        """The share of runs that trained, as it stands behind the verdict; empty where none diverged."""
        method, reference = (self.n_trained, self.n_diverged), self.n_reference
        return when(("it", *method), (self.reference, *reference))

    @property
    def cheaper(self) -> bool:
        """The whole interval of the cost ratio below one."""
        return self.cost_interval is not None and self.cost_interval[1] < 1

    @property
    def better_and_cheaper(self) -> bool:
        """The joint finding: both claims hold, each by its own interval or test."""
        return self.word == "better" and self.cheaper

    def as_json(self) -> dict[str, Any]:
        """The keys that ``bench compare --json`` prints."""
        return {name: value for name, value in asdict(self).items() if name not in _NOT_PRINTED}


_NOT_PRINTED = (
    "n_cost",
    "at_equal_speed",
    "word",
    "n_trained",
    "n_reference",
    "n_dropped",
    "rule",
    "reason",
    "estimate",
)

KEYS = tuple(field.name for field in fields(Comparison) if field.name not in _NOT_PRINTED)
"""Of ``bench compare --json``."""


def refuse_unpaired(found: Sequence[Comparison]) -> None:
    """Refuses comparisons of which one has no pair at all; a report would say so and go on.

    Raises:
        NotComparable: A method shares no seed with its reference.
    """
    for comparison in found:
        if comparison.reason.startswith(UNPAIRED):
            raise NotComparable(
                f"{comparison.method} cannot be compared on {comparison.dataset}, since {comparison.reason}; run both "
                "with the same seeds."
            )
