"""The CI gate: a study held against a baseline, one finding for each thing that could have become worse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from report.statistics.multiplicity import holm
from report.statistics.regression import loss, seeds_for, slow_downs
from results import Baseline, BaselineRun, NotComparable, Record, baseline_of
from results.baseline import METRICS

ALPHA = 0.02
"""Chance of any false alarm among the quality findings of one check, and among the time findings, each by Holm."""
TOLERANCE = 1.10
"""Ratio of relative costs that is let pass."""
LEAST_COST = 20.0
"""Phases cheaper than so many calibrations are not judged: their time is mostly start-up."""
POINTS = 0.03
"""Loss for which the seeds needed are told."""

Kind: TypeAlias = Literal["runs", "quality", "time"]
Outcome: TypeAlias = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        kind: Whether all runs are there, a metric, or a phase's time.
        dataset: Canonical name.
        method: Canonical name.
        what: ``runs``, the metric or the phase.
        outcome: ``skipped`` where too little is known to judge.
        n: Pairs of runs; for times the fewer of both sides.
        value: Mean difference new − old, or ratio of costs.
        p: Holm-adjusted; None where nothing was tested.
        seeds_needed: Seeds by which a loss of three points would be found nine times in ten; for metrics.
        sentence: What a reader should know.
    """

    kind: Kind
    dataset: str
    method: str
    what: str
    outcome: Outcome
    n: int
    value: float | None
    p: float | None
    seeds_needed: int | None
    sentence: str


Arm: TypeAlias = tuple[str, str]


def check(
    records: Sequence[Record], baseline: Baseline, *, tolerance: float = TOLERANCE, times: bool = True
) -> list[Finding]:
    """Holds a study against a baseline.

    Args:
        records: Of the study.
        baseline: What is guarded; methods and seeds that only the study has are not looked at.
        tolerance: Ratio of relative costs that is let pass, ≥ 1.
        times: Whether times are looked at.

    Returns:
        By dataset and method: whether its runs are there, its metrics, its phases.

    Raises:
        NotComparable: The study is of another protocol, or its images are others.
    """
    if not records:
        raise NotComparable("the study has no records, so there is nothing to hold against the baseline; run it first.")
    now = baseline_of(records)
    _refuse(now, baseline)
    old, new = _by_arm(baseline.runs), _by_arm(now.runs)
    judged = {arm for arm in old if {run.version for run in new.get(arm, [])} <= {run.version for run in old[arm]}}
    findings = [_presence(arm, old[arm], new.get(arm, [])) for arm in old]
    findings += _quality({arm: (old[arm], new.get(arm, [])) for arm in old if arm in judged})
    if times:
        findings += _times({arm: (old[arm], new.get(arm, [])) for arm in old if arm in judged}, tolerance=tolerance)
    order = list(old)
    return sorted(findings, key=lambda finding: order.index((finding.dataset, finding.method)))


def _refuse(now: Baseline, baseline: Baseline) -> None:
    if now.protocol != baseline.protocol:
        same_words = now.protocol_words == baseline.protocol_words
        raise NotComparable(
            "the study and the baseline are of different versions of metrics or splits; write the baseline again."
            if same_words
            else f"the study is of {now.protocol_words} and the baseline of {baseline.protocol_words}; run the study "
            "as the baseline was (--preset, --budget, --precision, --threads), or write the baseline again."
        )
    for dataset, fingerprint in baseline.fingerprints.items():
        if now.fingerprints.get(dataset, fingerprint) != fingerprint:
            raise NotComparable(f"{dataset} has other images than in the baseline; write the baseline again.")


def _by_arm(runs: Iterable[BaselineRun]) -> dict[Arm, list[BaselineRun]]:
    arms: dict[Arm, list[BaselineRun]] = {}
    for run in runs:
        arms.setdefault((run.dataset, run.method), []).append(run)
    return arms


def _presence(arm: Arm, old: Sequence[BaselineRun], new: Sequence[BaselineRun]) -> Finding:
    """All that trained then has to be there and to train now."""
    trained = {run.seed for run in old if run.status == "ok"}
    now = {run.seed: run.status for run in new}
    versions = sorted({run.version for run in new} - {run.version for run in old})
    lost = {seed: now.get(seed, "missing") for seed in sorted(trained) if now.get(seed) != "ok"}
    if versions:
        sentence = f"version {versions[0]} is not the baseline's {old[0].version}; write the baseline again."
    elif lost:
        words = ", ".join(f"seed {seed} {status}" for seed, status in lost.items())
        sentence = f"{len(lost)} of {len(trained)} runs that trained do not: {words}."
    else:
        sentence = f"{len(trained)} of {len(trained)} runs are there and trained."
    outcome: Outcome = "failed" if versions or lost else "passed"
    return Finding("runs", *arm, "runs", outcome, len(trained) - len(lost), None, None, None, sentence)


def _quality(arms: dict[Arm, tuple[list[BaselineRun], list[BaselineRun]]]) -> list[Finding]:
    cells = [(arm, metric) for arm in arms for metric in METRICS]
    pairs = {(arm, metric): _paired(*arms[arm], metric) for arm, metric in cells}
    tests = {cell: loss([a for a, _ in pairs[cell]], [b for _, b in pairs[cell]]) for cell in cells}
    tested = [cell for cell in cells if tests[cell] is not None]
    adjusted = dict(zip(tested, holm([found.p for cell in tested if (found := tests[cell])]), strict=True))
    findings: list[Finding] = []
    for arm, metric in cells:
        found, name = tests[arm, metric], metric.replace("_", " ")
        if found is None:
            n = len(pairs[arm, metric])
            sentence = f"{name} was not judged: {n} seeds in common, and a test needs two."
            findings.append(Finding("quality", *arm, metric, "skipped", n, None, None, None, sentence))
            continue
        p = adjusted[arm, metric]
        needed = seeds_for(POINTS, sd=found.sd, alpha=ALPHA / len(tested))
        failed = p is not None and p <= ALPHA
        enough = f"{needed} seeds find" if needed else "even 200 seeds do not find"
        sentence = (
            f"{name} {'fell' if failed else 'held'}: {100 * found.mean:+.1f} points over {found.n} seeds (p {p:.2g}, "
            f"limit {ALPHA:g}); {enough} a loss of {100 * POINTS:.0f} points nine times in ten."
        )
        outcome: Outcome = "failed" if failed else "passed"
        findings.append(Finding("quality", *arm, metric, outcome, found.n, found.mean, p, needed, sentence))
    return findings


def _paired(old: Sequence[BaselineRun], new: Sequence[BaselineRun], metric: str) -> list[tuple[float, float]]:
    now = {run.seed: run.metrics.get(metric) for run in new}
    pairs = ((run.metrics.get(metric), now.get(run.seed)) for run in old)
    return [(a, b) for a, b in pairs if a is not None and b is not None]


def _times(arms: dict[Arm, tuple[list[BaselineRun], list[BaselineRun]]], *, tolerance: float) -> list[Finding]:
    costs = {
        (arm, phase): (_costs(old, phase), _costs(new, phase))
        for arm, (old, new) in arms.items()
        for phase in dict.fromkeys(phase for run in old for phase in run.relative_cost)
    }
    judged = {cell: c for cell, c in costs.items() if c[0] and c[1] and min(c[0]) >= LEAST_COST}
    tests = slow_downs(list(judged.values()), tolerance=tolerance, alpha=ALPHA / max(len(judged), 1))
    findings: list[Finding] = []
    if tests is None:
        return [
            Finding(
                "time", *arm, phase, "skipped", 1, None, None, None, f"{phase} was not judged: one run tells no spread."
            )
            for arm, phase in judged
        ]
    for ((arm, phase), (old, new)), found, p in zip(judged.items(), tests, holm([t.p for t in tests]), strict=True):
        failed = p is not None and p <= ALPHA
        sentence = (
            f"{phase} {'became slower' if failed else 'kept its pace'}: {found.ratio:.2f} times the relative cost "
            f"(p {p:.2g}, alarm from about {found.limit:.2f} times)."
        )
        outcome: Outcome = "failed" if failed else "passed"
        findings.append(Finding("time", *arm, phase, outcome, min(len(old), len(new)), found.ratio, p, None, sentence))
    return findings


def _costs(runs: Sequence[BaselineRun], phase: str) -> list[float]:
    return [run.relative_cost[phase] for run in runs if phase in run.relative_cost]
