"""From long tables to figures over seeds: mean ± sd, counts, paired differences, kinds of cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from report.frame import STATUSES

REFERENCE = "classic-balanced"
"""The arm that a method is held against, with the method's own classifier."""


@dataclass(frozen=True)
class Spread:
    """Values of several seeds.

    Attributes:
        mean: Their mean.
        sd: Standard deviation with n − 1; None for one value.
        n: How many.
    """

    mean: float
    sd: float | None
    n: int


def spreads(table: pd.DataFrame, *by: str) -> dict[tuple[str, ...], Spread]:
    """Mean and standard deviation of ``value`` in each group.

    Args:
        table: Long table with a column ``value``; NaN is left out.
        *by: Columns that make a group.

    Returns:
        By the groups' values, in the order of their first row.
    """
    if table.empty:
        return {}
    columns = list(by)
    groups = table.dropna(subset=["value"]).groupby(columns, sort=False)["value"]
    figures = groups.agg(["mean", "std", "count"]).reset_index()
    keys = zip(*(figures[column].astype(str) for column in columns), strict=True)
    return {
        key: Spread(mean=float(mean), sd=float(sd) if n > 1 else None, n=int(n))
        for key, mean, sd, n in zip(keys, figures["mean"], figures["std"], figures["count"], strict=True)
    }


def counts(runs: pd.DataFrame) -> dict[tuple[str, str], dict[str, int]]:
    """Runs of each status, by dataset and method."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for dataset, method, status in zip(runs["dataset"], runs["method"], runs["status"], strict=True):
        found.setdefault((dataset, method), dict.fromkeys(STATUSES, 0))[status] += 1
    return found


def references(runs: pd.DataFrame, chosen: str | None = None) -> dict[str, str]:
    """The arm that each method is held against.

    Args:
        runs: One row a run.
        chosen: One arm for all methods, if the study names one.

    Returns:
        Reference by method; methods without one, and the references themselves, are left out.
    """
    classifier_of = dict(zip(runs["method"], runs["classifier"], strict=True))
    arms = {classifier: method for method, classifier in classifier_of.items() if _sets_only(classifier, method)}
    if chosen is not None:
        return {method: chosen for method in classifier_of if chosen in classifier_of and method != chosen}
    return {
        method: arms[classifier]
        for method, classifier in classifier_of.items()
        if classifier in arms and arms[classifier] != method
    }


def _sets_only(classifier: str, method: str) -> bool:
    """Whether a method is the reference with this classifier (which may have parameters itself), nothing else set."""
    if method == REFERENCE:
        return True
    value = method.removeprefix(f"{REFERENCE}[classifier=").removesuffix("]")
    return method.startswith(f"{REFERENCE}[") and value in (classifier, f"'{classifier}'", f'"{classifier}"')


def differences(metrics: pd.DataFrame, reference_of: Mapping[str, str]) -> pd.DataFrame:
    """Method minus reference, seed by seed; seeds that one of the two lacks are left out.

    Args:
        metrics: ``dataset, method, seed, metric, value``.
        reference_of: Reference by method.

    Returns:
        ``dataset, method, seed, metric, value, reference``.
    """
    held = metrics.assign(reference=metrics["method"].map(dict(reference_of))).dropna(subset=["reference"])
    pairs = held.merge(
        metrics.rename(columns={"method": "reference", "value": "base"}),
        on=["dataset", "reference", "seed", "metric"],
    )
    return pairs.assign(value=pairs["value"] - pairs["base"]).drop(columns="base")


@dataclass(frozen=True)
class Kind:
    """Times that may stand side by side: of one hardware, and one kind of contention."""

    hardware: str
    contended: str


def kinds(runs: pd.DataFrame, *, shared: bool = False) -> list[Kind]:
    """The kinds of times in a study, the most frequent first.

    Args:
        runs: One row a run.
        shared: Whether runs that shared device or cores with others count too.
    """
    timed = runs.dropna(subset=["cost_s"])
    timed = timed[timed["status"] == "ok"]
    if not shared:
        timed = timed[timed["contended"] != "shared"]
    found = Counter(zip(timed["hardware"], timed["contended"], strict=True))
    return [Kind(*pair) for pair in sorted(found, key=lambda pair: (-found[pair], pair))]


def of_kind(table: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """The rows of a table of times that are of one kind."""
    return table[(table["hardware"] == kind.hardware) & (table["contended"] == kind.contended)]


def costs(runs: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """Cost of each ok run of a kind: ``dataset, method, seed, value`` in seconds."""
    chosen = of_kind(runs[runs["status"] == "ok"], kind)
    return chosen[["dataset", "method", "seed", "cost_s"]].rename(columns={"cost_s": "value"})


def names(runs: pd.DataFrame, column: str, dataset: str | None = None) -> Sequence[str]:
    """Values of a column in the order of their first row, of one dataset or of all."""
    rows = runs if dataset is None else runs[runs["dataset"] == dataset]
    return list(dict.fromkeys(rows[column]))
