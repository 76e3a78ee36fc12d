"""The evidence for every method against its reference arm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from report.aggregate import references
from report.frame import METRICS
from report.shared_images import SharedImages
from report.statistics import cost, paired, planning, posterior, sign_flip, verdict
from report.statistics.multiplicity import holm
from report.statistics.verdict import Word
from report.study import Results
from results import NotComparable, Record

RANKING = "macro_ap"
"""The metric of the second verdict: plain re-balancing does not move it."""

MAIN = "main"
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
        difference: Mean of method minus reference.
        interval: 95 %, from the corrected t.
        p: Two-sided, from the corrected t.
        p_holm: Adjusted within the family.
        p_sign_flip: Of these images only.
        p_smallest: The smallest sign-flip p that n allows.
        p_better: Posterior mass above the rope.
        p_equivalent: Within it.
        p_worse: Below it.
        effect_size: In standard deviations of the paired differences.
        minimum_detectable: True difference found with 80 % power at Holm's strictest level.
        smallest_rope: Half-width from which on "equivalent" would be the verdict.
        seeds_needed: Seeds that settle it if mean and spread stay; None where none would.
        cost_ratio: Geometric mean of cost over the reference's cost.
        cost_interval: Its 95 % interval.
        verdict: One of four words, with the share of runs that trained.
        word: The word alone.
        n_trained: Runs of the method that are ok.
        n_dropped: Seeds that one of the two lacks a value for.
        rule: How the seeds split the images.
        reason: Why there is no test; empty where there is one.
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
    verdict: str = "undecided"
    word: Word = "undecided"
    n_trained: int = 0
    n_dropped: int = 0
    rule: paired.SplitRule | None = None
    reason: str = ""

    @property
    def better_and_cheaper(self) -> bool:
        """Better, and the whole interval of the cost ratio below one."""
        return self.word == "better" and self.cost_interval is not None and self.cost_interval[1] < 1

    def as_json(self) -> dict[str, Any]:
        """The keys that ``bench compare --json`` prints."""
        return {name: value for name, value in asdict(self).items() if name not in _NOT_PRINTED}


_NOT_PRINTED = ("word", "n_trained", "n_dropped", "rule", "reason")


def compare(results: Results, *, reference: str | None = None, metric: str | None = None) -> list[Comparison]:
    """Holds every method against its reference.

    Args:
        results: Checked records of a study.
        reference: One arm for all methods; by default the study's, else ``classic-balanced`` with each method's own
            classifier.
        metric: Of the first verdict; by default the study's. ``macro_ap`` gives the second.

    Returns:
        By dataset, metric and method, in the order of the records.

    Raises:
        NotComparable: A method and its reference split one seed differently.
    """
    arms = references(results.runs, reference or results.study.reference)
    families = {name: family for family, members in results.study.families.items() for name in members}
    found: list[Comparison] = []
    for dataset in results.datasets:
        by_arm = _by_arm(results, dataset)
        images = SharedImages(results.folder)
        for name in dict.fromkeys((metric or results.metric, RANKING)):
            held = [
                _Held(
                    name,
                    families.get(method, MAIN),
                    method,
                    arms[method],
                    by_arm[method],
                    by_arm[arms[method]],
                    _costs(results, dataset, method),
                    _costs(results, dataset, arms[method]),
                )
                for method in by_arm
                if method in arms and arms[method] in by_arm
            ]
            sizes = {family: sum(one.family == family for one in held) for family in {one.family for one in held}}
            judged = [
                one.judge(dataset, rope=results.study.rope, comparisons=sizes[one.family], images=images)
                for one in held
            ]
            found += _adjusted(judged)
    return found


@dataclass(frozen=True)
class _Held:
    """A method held against its reference: what both have on one dataset."""

    metric: str
    family: str
    method: str
    reference: str
    runs: dict[int, Record]
    base: dict[int, Record]
    costs: dict[tuple[int, Any], float]
    base_costs: dict[tuple[int, Any], float]

    def judge(self, dataset: str, *, rope: float, comparisons: int, images: SharedImages) -> Comparison:
        """All but what the family decides."""
        self._refuse_unlike_splits(dataset)
        pairs = [
            (run, self.base[seed], value - base)
            for seed, run in self.runs.items()
            if seed in self.base
            and (value := _value(run, self.metric)) is not None
            and (base := _value(self.base[seed], self.metric)) is not None
        ]
        differences = [difference for _, _, difference in pairs]
        shared = [key for key in self.costs if key in self.base_costs]
        ratio, ratio_interval = cost.cost_ratio(
            [self.costs[key] for key in shared], [self.base_costs[key] for key in shared]
        )
        statuses = [run.status for run in self.runs.values()]
        plain = Comparison(
            method=self.method,
            dataset=dataset,
            reference=self.reference,
            metric=self.metric,
            family=self.family,
            n=len(pairs),
            n_diverged=statuses.count("diverged"),
            difference=sum(differences) / len(pairs) if pairs else None,
            p_sign_flip=sign_flip.sign_flip_p(differences),
            p_smallest=sign_flip.smallest_p(len(pairs)),
            cost_ratio=ratio,
            cost_interval=ratio_interval,
            n_trained=statuses.count("ok"),
            n_dropped=len(self.runs.keys() | self.base.keys()) - len(pairs),
            rule=_rule(pairs[0][0]) if pairs else None,
        )
        if len(pairs) < 2:
            few = "no seed has this metric for both" if not pairs else "one pair tells nothing of other seeds"
            return replace(plain, reason=few if self.runs.keys() & self.base.keys() else self._unpaired())
        r = sum(_correction(run) for run, _, _ in pairs) / len(pairs)
        added: float | str = 0.0
        if plain.rule == "fixed-test":
            added = images.variance(self.metric, [run for run, _, _ in pairs], [base for _, base, _ in pairs])
        if isinstance(added, str):
            return replace(plain, reason=added)
        found = paired.estimate(differences, r=r, added=added)
        if found is None:
            return replace(plain, reason="a difference is not finite")
        return _with_statistics(plain, found, rope=rope, comparisons=comparisons)

    def _unpaired(self) -> str:
        return f"{UNPAIRED} seeds {_seeds(self.runs)}, {self.reference} seeds {_seeds(self.base)}"

    def _refuse_unlike_splits(self, dataset: str) -> None:
        for seed in sorted(self.runs.keys() & self.base.keys()):
            first, second = self.runs[seed].split, self.base[seed].split
            if first is not None and second is not None and _sizes(first) != _sizes(second):
                raise NotComparable(
                    f"seed {seed} of {dataset} is split into {_sizes(first)} images for {self.method} and into "
                    f"{_sizes(second)} for {self.reference}; run both again."
                )


def _with_statistics(plain: Comparison, found: paired.Estimate, *, rope: float, comparisons: int) -> Comparison:
    p = paired.p_value(found)
    if p is None:
        return replace(plain, reason="all pairs differ by the same amount, which leaves no spread to test against")
    mass = posterior.probabilities(found, rope=rope)
    return replace(
        plain,
        interval=paired.interval(found),
        p=p,
        p_better=mass.better,
        p_equivalent=mass.equivalent,
        p_worse=mass.worse,
        effect_size=paired.effect_size(found),
        minimum_detectable=planning.minimum_detectable(found, comparisons=comparisons),
        smallest_rope=posterior.smallest_rope(found),
        seeds_needed=planning.seeds_needed(found, rope=rope, comparisons=comparisons),
    )


def _adjusted(found: Sequence[Comparison]) -> Iterator[Comparison]:
    """With Holm's p within each family, and the verdict."""
    adjusted: dict[int, float | None] = {}
    for family in dict.fromkeys(one.family for one in found):
        members = [i for i, one in enumerate(found) if one.family == family]
        adjusted |= dict(zip(members, holm([found[i].p for i in members]), strict=True))
    for i, one in enumerate(found):
        word = verdict.word(difference=one.difference, p_holm=adjusted[i], p_equivalent=one.p_equivalent)
        share = verdict.with_share(word, n_trained=one.n_trained, n_diverged=one.n_diverged)
        settled = word in ("better", "worse")  # by Holm's step, which may be milder than the strictest level
        needed = one.n if settled else one.seeds_needed
        yield replace(one, p_holm=adjusted[i], word=word, verdict=share, seeds_needed=needed)


def _by_arm(results: Results, dataset: str) -> dict[str, dict[int, Record]]:
    """Method → seed → record."""
    found: dict[str, dict[int, Record]] = {}
    for record in results.of_dataset(dataset):
        found.setdefault(record.method, {})[record.seed] = record
    return found


def _costs(results: Results, dataset: str, method: str) -> dict[tuple[int, Any], float]:
    """Cost by seed and kind of time, so that only times of one kind make a pair."""
    return results.cost_by_arm.get((dataset, method), {})


def _value(record: Record, metric: str) -> float | None:
    return getattr(record.metrics, metric) if record.status == "ok" and record.metrics is not None else None


def _rule(record: Record) -> paired.SplitRule | None:
    return record.split.rule if record.split is not None else None


def _correction(record: Record) -> float:
    split = record.split
    if split is None or not split.n_train:
        return 0.0
    return paired.correction(split.rule, n_test=split.n_test, n_train=split.n_train)


def _sizes(split: Any) -> str:
    return f"{split.n_train}/{split.n_valid}/{split.n_test}"


def _seeds(runs: dict[int, Record]) -> str:
    return ", ".join(map(str, sorted(runs)))


def metric_names() -> Sequence[str]:
    """Metrics that a comparison can be made in: those of which more is better."""
    return [name for name in METRICS if name not in ("ece", "brier")]


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
