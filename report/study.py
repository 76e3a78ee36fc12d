"""A study as the report sees it: its records, checked for comparability, and the tables made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from report import aggregate, frame, speed
from results import Record, Store, Study, UnreadableFile

MOST_IN_FULL = 4
"""Datasets up to which a report draws every figure of each: beyond that nobody turns all pages."""


@dataclass(frozen=True)
class Results:
    """Records that may be put together, with the study they belong to.

    Attributes:
        study: As resolved.
        records: Ordered by dataset, tier, method and seed.
        notes: What was left out, or set aside; sentences.
        folder: Where artifacts lie; None where there are none to show.
        shared: Whether times of runs that shared device or cores with others are shown.
        in_full: Whether every figure is drawn of every dataset, however many there are.
    """

    study: Study
    records: Sequence[Record]
    notes: tuple[str, ...] = ()
    folder: Path | None = None
    shared: bool = False
    in_full: bool = False

    @classmethod
    def of(
        cls,
        records: Iterable[Record],
        *,
        study: Study | None = None,
        notes: Sequence[str] = (),
        folder: Path | None = None,
        shared: bool = False,
    ) -> Results:
        """Checks records and orders them.

        Raises:
            NotComparable: They are of different protocols, or one dataset name stands for different images.
        """
        kept, left_out = frame.comparable(records)
        return cls(study or Study(), kept, (*notes, *left_out), folder, shared)

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run."""
        return frame.runs_table(self.records)

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """One row a run and metric."""
        return frame.metrics_table(self.runs)

    @cached_property
    def recalls(self) -> pd.DataFrame:
        """One row a run and class."""
        return frame.recall_table(self.records)

    @cached_property
    def phases(self) -> pd.DataFrame:
        """One row a run, phase and clock."""
        return frame.phase_table(self.records)

    @cached_property
    def counts(self) -> dict[tuple[str, str], dict[str, int]]:
        """Runs of each status by dataset and method."""
        return aggregate.counts(self.runs)

    @cached_property
    def references(self) -> dict[str, str]:
        """Reference arm by method."""
        return aggregate.references(self.runs, self.study.reference)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Method minus reference arm: one row a pair and metric."""
        return aggregate.differences(self.metrics, self.references)

    @cached_property
    def means(self) -> Mapping[tuple[str, ...], aggregate.Spread]:
        """Mean and spread over seeds by dataset, method and metric."""
        return aggregate.spreads(self.metrics, "dataset", "method", "metric")

    @cached_property
    def gains(self) -> Mapping[tuple[str, ...], aggregate.Spread]:
        """Mean and spread of the difference to the reference arm by dataset, method and metric."""
        return aggregate.spreads(self.differences, "dataset", "method", "metric")

    @cached_property
    def recall_means(self) -> Mapping[tuple[str, ...], aggregate.Spread]:
        """Mean and spread of recall by dataset, method and class."""
        return aggregate.spreads(self.recalls, "dataset", "method", "class")

    @cached_property
    def kinds(self) -> list[aggregate.Kind]:
        """Kinds of times, the most frequent first."""
        return aggregate.kinds(self.runs, shared=self.shared)

    @cached_property
    def speed_factors(self) -> speed.Factors:
        """What brings seconds to equal speed of the machine, for the kinds of times of which that is known."""
        return speed.factors(self.runs)

    def equal_speed(self, dataset: str) -> set[tuple[str, str]]:
        """Kinds of times (hardware, contention) of a dataset whose ratios are at equal speed of the machine."""
        return {(hardware, contended) for of, hardware, contended in self.speed_factors if of == dataset}

    @cached_property
    def cost_by_arm(self) -> dict[tuple[str, str], dict[tuple[int, tuple[str, str]], float]]:
        """Cost of each ok run for ratios, by dataset and method, then by seed and the kind of its time.

        At equal speed of the machine where `speed_factors` knows it; shared times are left out.
        """
        timed = self.runs.dropna(subset=["cost_s"])
        timed = timed[(timed["status"] == "ok") & ((timed["contended"] != "shared") | self.shared)]
        found: dict[tuple[str, str], dict[tuple[int, tuple[str, str]], float]] = {}
        columns = ("dataset", "method", "seed", "hardware", "contended", "cost_s")
        for dataset, method, seed, hardware, contended, value in zip(*(timed[c] for c in columns), strict=True):
            factor = self.speed_factors.get((dataset, hardware, contended), {}).get((method, int(seed)), 1.0)
            found.setdefault((dataset, method), {})[int(seed), (hardware, contended)] = float(value) * factor
        return found

    @property
    def metric(self) -> str:
        """The study's first metric."""
        return self.study.metric if self.study.metric in frame.METRICS else "balanced_accuracy"

    @property
    def brief(self) -> bool:
        """Whether single datasets are shown without what only a look at that dataset asks for."""
        return not self.in_full and len(self.datasets) > MOST_IN_FULL

    @property
    def datasets(self) -> Sequence[str]:
        """Names, in order."""
        return aggregate.names(self.runs, "dataset")

    @property
    def seeds(self) -> list[int]:
        """All seeds that have a run."""
        return sorted({record.seed for record in self.records})

    @property
    def cost_clock(self) -> str:
        """``GPU`` where the device keeps time, else ``CPU``."""
        return "GPU" if (self.runs["cost_clock"] == "gpu").any() else "CPU"

    def methods(self, dataset: str | None = None) -> Sequence[str]:
        """Names, in order, of one dataset or of all."""
        return aggregate.names(self.runs, "method", dataset)

    def tier(self, method: str) -> str:
        """Tier of a method."""
        return next(record.tier for record in self.records if record.method == method)

    def of_dataset(self, dataset: str) -> Sequence[Record]:
        """The dataset's records."""
        return self._by_dataset.get(dataset, ())

    @cached_property
    def _by_dataset(self) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for record in self.records:
            found.setdefault(record.dataset, []).append(record)
        return found


def read_results(folder: Path, *, shared: bool = False) -> Results:
    """Reads a study's folder.

    Raises:
        UnreadableFile: It holds no study, or its study file is damaged.
        NotComparable: Its records cannot stand in one table.
    """
    store = Store(folder)
    records = store.records()
    study = Study(name=folder.resolve().name) if records and not store.study_file.exists() else store.read_study()
    if not records and not store.records_folder.exists():
        raise UnreadableFile(f"{folder} has no records yet; start its runs with `bench run --out {folder}`.")
    notes = [str(damaged) for damaged in store.damaged]
    return Results.of(records, study=study, notes=notes, folder=folder, shared=shared)
