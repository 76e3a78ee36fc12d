"""The evidence for every method against its reference arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from report.aggregate import references
from report.comparison import UNPAIRED, Comparison
from report.frame import base_name, direction
from report.shared_images import SharedImages
from report.statistics import cost, paired, planning, posterior, sign_flip, verdict
from report.statistics.multiplicity import holm
from report.study import Results
from results import NotComparable, Record

RANKING = "macro_ap"
"""The metric of the second verdict: plain re-balancing does not move it."""

MAIN = "main"
ONE_OR_TWO = "one process or two"
"""The family of head-to-head comparisons of the two tiers that generate images."""


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
    family_of = {name: family for family, members in results.study.families.items() for name in members}
    held = [(method, arms[method], family_of.get(method, MAIN)) for method in results.methods() if method in arms]
    return _compare(results, held, metric or results.metric)


def head_to_head(results: Results) -> list[Comparison]:
    """Holds each plain method of the unified tier against each two-stage method with the same classifier.

    This is the question whether one process serves better, or cheaper, than two: the two-stage way's cost is that of
    all its phases. Methods with switched parameters are left out where the plain one ran.

    Returns:
        As `compare`, in a family of their own.

    Raises:
        NotComparable: Two methods split one seed differently.
    """
    runs = results.runs.drop_duplicates("method")
    classifier_of = dict(zip(runs["method"], runs["classifier"], strict=True))
    unified: dict[str, list[str]] = {}
    for method in results.methods():
        if results.tier(method) == "unified":
            unified.setdefault(base_name(method), []).append(method)
    plain = [min(variants, key=lambda method: method.count("=")) for variants in unified.values()]
    two_stage = [method for method in results.methods() if results.tier(method) == "two-stage"]
    held = [
        (one, two, ONE_OR_TWO)
        for one in plain
        for two in two_stage
        if classifier_of[one] == classifier_of[two] is not None
    ]
    return _compare(results, held, results.metric)


def against_base(results: Results, groups: Sequence[tuple[str, Sequence[str]]]) -> list[Comparison]:
    """Holds variants of a method against the method as it is, each method's in a family of their own.

    Args:
        results: Checked records of a study.
        groups: A base, and its variants.

    Raises:
        NotComparable: Two methods split one seed differently.
    """
    held = [(method, base, f"variants of {base}") for base, members in groups for method in members]
    return _compare(results, held, results.metric)


def with_spreads(found: Sequence[Comparison], sds: Sequence[float | None], *, rope: float) -> list[Comparison]:
    """The same comparisons judged again, as if their differences were spread at least so much.

    Args:
        found: Whole families, of one dataset and metric.
        sds: Least standard deviation of each one's differences; None leaves it as it is.
        rope: Half-width of practical equivalence.
    """
    sizes = Counter(one.family for one in found)
    wider = [
        one
        if one.estimate is None or sd is None
        else _with_statistics(
            one, replace(one.estimate, sd=max(one.estimate.sd, sd)), rope=rope, comparisons=sizes[one.family]
        )
        for one, sd in zip(found, sds, strict=True)
    ]
    return list(_adjusted(wider))


def _compare(results: Results, arms: Sequence[tuple[str, str, str]], metric: str) -> list[Comparison]:
    """Judges method against reference, each pair in its family, on every dataset that has runs of both."""
    found: list[Comparison] = []
    for dataset in results.datasets:
        by_arm = _by_arm(results, dataset)
        images = SharedImages(results.folder)
        pairs = [
            _Held(
                family,
                method,
                reference,
                by_arm[method],
                by_arm[reference],
                results.cost_by_arm.get((dataset, method), {}),
                results.cost_by_arm.get((dataset, reference), {}),
                results.equal_speed(dataset),
            )
            for method, reference, family in arms
            if method in by_arm and reference in by_arm
        ]
        sizes = Counter(one.family for one in pairs)
        for one in pairs:
            one.refuse_unlike_splits(dataset)
        for name in dict.fromkeys((metric, RANKING)):
            judged = [
                one.judge(dataset, name, rope=results.study.rope, comparisons=sizes[one.family], images=images)
                for one in pairs
            ]
            found += _adjusted(judged)
    return found


@dataclass(frozen=True)
class _Held:
    """A method held against its reference: what both have on one dataset."""

    family: str
    method: str
    reference: str
    runs: dict[int, Record]
    base: dict[int, Record]
    costs: dict[tuple[int, Any], float]
    base_costs: dict[tuple[int, Any], float]
    equal_speed: Set[Any]

    def judge(self, dataset: str, metric: str, *, rope: float, comparisons: int, images: SharedImages) -> Comparison:
        """All but what the family decides."""
        pairs = [
            (run, self.base[seed], value - base)
            for seed, run in self.runs.items()
            if seed in self.base
            and (value := _value(run, metric)) is not None
            and (base := _value(self.base[seed], metric)) is not None
        ]
        differences = [difference for _, _, difference in pairs]
        shared = cost.of_one_kind(self.costs, self.base_costs)
        ratio, ratio_interval = cost.cost_ratio(
            [self.costs[key] for key in shared], [self.base_costs[key] for key in shared]
        )
        statuses = [run.status for run in self.runs.values()]
        bases = [run.status for seed, run in self.base.items() if seed in self.runs]
        plain = Comparison(
            method=self.method,
            dataset=dataset,
            reference=self.reference,
            metric=metric,
            family=self.family,
            n=len(pairs),
            n_diverged=statuses.count("diverged"),
            difference=sum(differences) / len(pairs) if pairs else None,
            p_sign_flip=sign_flip.sign_flip_p(differences),
            p_smallest=sign_flip.smallest_p(len(pairs)),
            cost_ratio=ratio,
            cost_interval=ratio_interval,
            n_cost=len(shared),
            at_equal_speed=bool(shared) and all(kind in self.equal_speed for _, kind in shared),
            n_trained=statuses.count("ok"),
            n_reference=(bases.count("ok"), bases.count("diverged")),
            n_dropped=len(self.runs.keys() | self.base.keys()) - len(pairs),
            rule=_rule(pairs[0][0]) if pairs else None,
        )
        if len(pairs) < 2:
            return replace(plain, reason=self._few(plain))
        r = sum(_correction(run) for run, _, _ in pairs) / len(pairs)
        added: float | str = 0.0
        if plain.rule == "fixed-test":
            added = images.variance(metric, [run for run, _, _ in pairs], [base for _, base, _ in pairs])
        if isinstance(added, str):
            return replace(plain, reason=added)
        found = paired.estimate(differences, r=r, added=added)
        if found is None:
            return replace(plain, reason="a difference is not finite")
        return _with_statistics(plain, found, rope=rope, comparisons=comparisons)

    def _few(self, plain: Comparison) -> str:
        """Why there are no two pairs, in words."""
        if not self.runs.keys() & self.base.keys():
            return f"{UNPAIRED} seeds {_seeds(self.runs)}, {self.reference} seeds {_seeds(self.base)}"
        if plain.n == 1:
            return "one pair tells nothing of other seeds"
        if plain.n_diverged == len(self.runs):
            return "every run of it diverged"
        if not plain.n_reference[0]:
            return f"every run of {self.reference} with its seeds failed"
        return "no seed has this metric for both"

    def refuse_unlike_splits(self, dataset: str) -> None:
        """Raises NotComparable where one seed is not split the same way."""
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
    if found.variance == 0 and found.n < sign_flip.NO_CLAIM_BELOW:
        why = "all pairs are equal, and so few may be so by chance where scores are coarse"
        return replace(plain, p=p, reason=why)  # counts in its family as it did before it was looked at
    mass = posterior.probabilities(found, rope=rope)
    more, less = (mass.better, mass.worse) if direction(plain.metric) > 0 else (mass.worse, mass.better)
    return replace(
        plain,
        interval=paired.interval(found),
        p=p,
        p_better=more,
        p_equivalent=mass.equivalent,
        p_worse=less,
        effect_size=paired.effect_size(found),
        minimum_detectable=planning.minimum_detectable(found, comparisons=comparisons),
        smallest_rope=posterior.smallest_rope(found),
        seeds_needed=planning.seeds_needed(found, rope=rope, comparisons=comparisons),
        estimate=found,
    )


def _adjusted(found: Sequence[Comparison]) -> Iterator[Comparison]:
    """With Holm's p within each family, and the verdict."""
    adjusted: dict[int, float | None] = {}
    for family in dict.fromkeys(one.family for one in found):
        members = [i for i, one in enumerate(found) if one.family == family]
        adjusted |= dict(zip(members, holm([found[i].p for i in members]), strict=True))
    for i, one in enumerate(found):
        gain = None if one.difference is None else one.difference * direction(one.metric)
        word = verdict.word(difference=gain, p_holm=adjusted[i], p_equivalent=one.p_equivalent)
        settled = word in ("better", "worse")  # by Holm's step, which may be milder than the strictest level
        needed = one.n if settled else one.seeds_needed
        yield replace(one, p_holm=adjusted[i], word=word, verdict=f"{word}{one.when}", seeds_needed=needed)


def _by_arm(results: Results, dataset: str) -> dict[str, dict[int, Record]]:
    """Method → seed → record."""
    found: dict[str, dict[int, Record]] = {}
    for record in results.of_dataset(dataset):
        found.setdefault(record.method, {})[record.seed] = record
    return found


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
