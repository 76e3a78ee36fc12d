"""The scores so far: a table that grows while a study runs."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean, stdev

from rich.table import Table
from rich.text import Text

from results import Record


class Scoreboard:
    """A row for each method on each dataset, in the order in which their first runs ended.

    Args:
        records: Of runs that were done before.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records: dict[tuple[str, str], list[Record]] = {}
        for record in records:
            self.add(record)

    def __len__(self) -> int:
        return len(self._records)

    def add(self, record: Record) -> None:
        """A run is over."""
        self._records.setdefault((record.dataset, record.method), []).append(record)

    def mean_so_far(self, record: Record) -> str:
        """Balanced accuracy over the runs of a record's method and dataset; empty before there are two scores."""
        scores = _scores(self._records[record.dataset, record.method], "balanced_accuracy")
        return f"mean of {len(scores)}: {_spread(scores)}" if len(scores) > 1 else ""

    def table(self) -> Table:
        """Method, dataset where there are several, runs, scores and seconds."""
        several = len({dataset for dataset, _ in self._records}) > 1
        built = Table(box=None, pad_edge=False, header_style="bold")
        for name in (*(["dataset"] if several else []), "method", "runs", "balanced accuracy", "macro AP", "seconds"):
            built.add_column(name, justify="left" if name in ("dataset", "method") else "right", no_wrap=True)
        for (dataset, method), records in self._records.items():
            seconds = [record.timing.wall_s for record in records if record.timing is not None]
            cells = [
                *([dataset] if several else []),
                method,
                str(len(records)),
                _spread(_scores(records, "balanced_accuracy")),
                _spread(_scores(records, "macro_ap")),
                f"{fmean(seconds):.0f}" if seconds else "–",
            ]
            built.add_row(*(Text(cell) for cell in cells))
        return built


def _scores(records: Iterable[Record], metric: str) -> list[float]:
    found = (getattr(record.metrics, metric) for record in records if record.metrics is not None)
    return [value for value in found if value is not None]


def _spread(scores: list[float]) -> str:
    """``0.912 ± 0.013`` (standard deviation with n − 1), ``0.912`` for one, ``–`` for none."""
    if not scores:
        return "–"
    return f"{fmean(scores):.3f} ± {stdev(scores):.3f}" if len(scores) > 1 else f"{scores[0]:.3f}"
