"""What the single test images say: a bootstrap over each seed's own, DeLong's test, and which classes are confused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from report.comparison import Comparison
from report.document import Code, Column, Table
from report.frame import METRICS, direction
from report.numbers import bare, percent, signed_points
from report.statistics.delong import AucComparison, Ranked, delong_macro, ranked
from report.statistics.images import bootstrap_interval, bootstrap_variance, resampling_weights
from report.statistics.variance import VarianceParts, variance_parts
from report.statistics.weighted_scores import SCORES, Floats
from report.study import Results
from report.text import NOTHING, plural, short
from results import Predictions, Record, Store, UnreadableFile, load_predictions

SEEDS = 5
"""Seeds of each comparison whose test images are resampled, and of each method whose calls are counted."""

SIGNIFICANT_TO = 0.05


@dataclass(frozen=True)
class ImageEvidence:
    """One method against its reference, on the test images of single seeds.

    Attributes:
        method: Canonical name.
        metric: Name.
        n: Seeds looked at.
        above: Seeds whose 95 % bootstrap interval lies on the better side of zero.
        below: On the worse side.
        parts: Where the spread of the difference comes from; None for one seed.
        auc: Mean difference in macro AUC; None where no seed allows it.
        auc_above: Seeds in which DeLong's p is at most 0.05, in favour of the method.
        auc_below: Against it.
    """

    method: str
    metric: str
    n: int
    above: int
    below: int
    parts: VarianceParts | None
    auc: float | None
    auc_above: int
    auc_below: int


class SingleImages:
    """Reads the predictions of a dataset's runs once, and resamples their test images.

    Args:
        results: With the folder where predictions lie.
        dataset: Which.

    Attributes:
        confusions: By method: (K, K) test images by true and by called class, and the seeds they are summed over.
    """

    def __init__(self, results: Results, dataset: str) -> None:
        self._dataset = dataset
        self._score = SCORES.get(results.metric)
        self._metric = results.metric
        self._weights: dict[tuple[int, bytes], Floats] = {}
        self._resampled: dict[tuple[str, int], Floats] = {}
        self._ranked: dict[tuple[str, int], Ranked] = {}
        self._store = Store(results.folder) if results.folder is not None else None
        self._records = {(r.method, r.seed): r for r in results.of_dataset(dataset) if r.status == "ok"}
        self._read: dict[tuple[str, int], Predictions | None] = {}
        self._shared: dict[tuple[str, str], list[int]] = {}
        self.confusions: dict[str, tuple[NDArray[np.int64], int]] = {}
        for method, seed in self._records:
            if self.confusions.get(method, (None, 0))[1] < SEEDS and (found := self._stored(method, seed)):
                self._count(method, found)

    def against(self, one: Comparison, differences: Sequence[float], *, same_test: bool) -> ImageEvidence | None:
        """A method against its reference; None where no seed has predictions of both on the same images.

        Args:
            one: The comparison, in the study's first metric.
            differences: Of all of its pairs.
            same_test: Whether seeds share their test images.
        """
        seeds = self._seeds(one)
        if not seeds:
            return None
        sign = direction(self._metric)
        intervals = (bootstrap_interval(*both, groups=groups) for *both, groups in self._drawn(one))
        bands = [sorted(sign * end for end in interval) for interval in intervals if interval is not None]
        areas = [
            found
            for seed in seeds
            if (
                found := delong_macro(
                    self._ranks(one.method, seed),
                    self._ranks(one.reference, seed),
                    groups=self._predictions(one.method, seed).groups,
                )
            )
        ]
        return ImageEvidence(
            method=one.method,
            metric=self._metric,
            n=len(seeds),
            above=sum(low > 0 for low, _ in bands),
            below=sum(high < 0 for _, high in bands),
            parts=variance_parts(differences, self.test_variance(one), same_test=same_test),
            auc=float(np.mean([area.first - area.second for area in areas])) if areas else None,
            auc_above=sum(_claims(area, 1) for area in areas),
            auc_below=sum(_claims(area, -1) for area in areas),
        )

    def test_variance(self, one: Comparison) -> float | None:
        """What the test images alone make of the variance of one seed's difference: mean over seeds of a bootstrap's.

        Args:
            one: The comparison, in the study's first metric.

        Returns:
            None where no seed has predictions of both on the same images, and more than one group of them.
        """
        found = [bootstrap_variance(*both, groups=groups) for *both, groups in self._drawn(one)]
        variances = [variance for variance in found if variance is not None]
        return float(np.mean(variances)) if variances else None

    def _seeds(self, one: Comparison) -> list[int]:
        """The first with predictions of both on the same images; none where the metric cannot be resampled."""
        pair = one.method, one.reference
        if pair not in self._shared:
            of_both = (seed for method, seed in self._records if method == one.method and self._same_images(pair, seed))
            self._shared[pair] = [] if self._score is None else list(islice(of_both, SEEDS))
        return self._shared[pair]

    def _same_images(self, pair: tuple[str, str], seed: int) -> bool:
        if any((arm, seed) not in self._records for arm in pair):
            return False
        mine, base = (self._stored(arm, seed) for arm in pair)
        return mine is not None and base is not None and np.array_equal(base.labels, mine.labels)

    def _stored(self, method: str, seed: int) -> Predictions | None:
        """A run's predictions; None where there is no such run, or none can be read."""
        if (method, seed) not in self._read:
            record = self._records.get((method, seed))
            self._read[method, seed] = None if record is None or self._store is None else _read(self._store, record)
        return self._read[method, seed]

    def _predictions(self, method: str, seed: int) -> Predictions:
        found = self._stored(method, seed)
        assert found is not None
        return found

    def _drawn(self, one: Comparison) -> list[tuple[Floats, Floats, NDArray[np.generic] | None]]:
        """Resampled scores of the method and of its reference, and what was drawn whole, seed by seed."""
        return [
            (
                self._scores(one.method, seed),
                self._scores(one.reference, seed),
                self._predictions(one.method, seed).groups,
            )
            for seed in self._seeds(one)
        ]

    def _scores(self, method: str, seed: int) -> Floats:
        if (method, seed) not in self._resampled:
            found = self._predictions(method, seed)
            groups = found.groups
            key = len(found.labels), b"" if groups is None else np.unique(groups, return_inverse=True)[1].tobytes()
            if key not in self._weights:
                self._weights[key] = resampling_weights(len(found.labels), groups=groups)
            assert self._score is not None
            self._resampled[method, seed] = self._score(found.labels, found.probabilities, self._weights[key])
        return self._resampled[method, seed]

    def _ranks(self, method: str, seed: int) -> Ranked:
        if (method, seed) not in self._ranked:
            found = self._predictions(method, seed)
            self._ranked[method, seed] = ranked(found.labels, found.probabilities)
        return self._ranked[method, seed]

    def _count(self, method: str, found: Predictions) -> None:
        k = found.probabilities.shape[1]
        called = found.probabilities.argmax(axis=1)
        counts = np.bincount(found.labels * k + called, minlength=k * k)[: k * k].reshape(k, k)
        before, n = self.confusions.get(method, (np.zeros((k, k), dtype=np.int64), 0))
        if before.shape == counts.shape:
            self.confusions[method] = before + counts, n + 1


def image_table(results: Results, dataset: str, compared: Sequence[Comparison], images: SingleImages) -> Table | None:
    """How much of the spread is the test sample's, and how often one seed's test images alone would tell."""
    pairs = results.differences
    pairs = pairs[(pairs["dataset"] == dataset) & (pairs["metric"] == results.metric)]
    values = {str(name): list(map(float, of["value"])) for name, of in pairs.groupby("method", sort=False)}
    found = [
        evidence
        for one in compared
        if (one.dataset, one.metric) == (dataset, results.metric)
        and (evidence := images.against(one, values.get(one.method, []), same_test=one.rule == "fixed-test"))
    ]
    if not found:
        return None
    rows = [
        (
            Code(one.method),
            str(one.n),
            NOTHING if one.parts is None else bare(one.parts.total**0.5),
            NOTHING if one.parts is None else bare(one.parts.test_sample**0.5),
            NOTHING if one.parts is None else _at_most_all(one.parts.test_share),
            f"{one.above} / {one.below}",
            NOTHING if one.auc is None else signed_points(one.auc, None).removesuffix(" points (no interval)"),
            f"{one.auc_above} / {one.auc_below}",
        )
        for one in found
    ]
    columns = (
        Column("method", "left"),
        *(Column(name) for name in ("seeds", "sd of a seed", "of the test images", "share")),
        *(Column(name) for name in ("bootstrap better / worse", "Δ macro AUC", "DeLong better / worse")),
    )
    caption = (
        f"Seeds and test images on {short(dataset, 80)}, {METRICS[results.metric]} minus the reference arm's. Sd of a "
        "seed's difference, what the sampling of its test images alone makes of it (bootstrap, whole groups at a time) "
        "and that part's share of the variance, in points; > 100 %: the seeds happen to differ less. "
        "Bootstrap: seeds in which the 95 % interval over their own test images leaves zero out. DeLong: seeds in "
        "which the areas under the ROC curves (mean over classes, one against the rest) differ with p ≤ 0.05. At most "
        f"{plural(SEEDS, 'seed')}; these count test images as the only chance, so a verdict needs the seeds."
    )
    return Table(caption, columns, tuple(rows))


def _at_most_all(share: float | None) -> str:
    """A part cannot be more than the whole; where it seems so, the seeds differ less than they should."""
    return percent(share) if share is None or share <= 1 else "> 100 %"


def _read(store: Store, record: Record) -> Predictions | None:
    try:
        return load_predictions(store.run_folder(record.run_id))
    except UnreadableFile:
        return None


def _claims(area: AucComparison, sign: int) -> bool:
    return area.p is not None and area.p <= SIGNIFICANT_TO and sign * (area.first - area.second) > 0
