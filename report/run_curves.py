"""What a run logged while it trained, read for the report."""

from __future__ import annotations

from report.text import short
from results import Record, Store, read_curves


def read_run(store: Store, record: Record) -> dict[tuple[str, str], list[tuple[int, float]]]:
    """Points of a run by phase and scalar; a phase that is entered again goes on where it ended."""
    points: dict[tuple[str, str], list[tuple[int, float]]] = {}
    ended: dict[str, int] = {}
    last: dict[str, int] = {}
    for point in read_curves(store.run_folder(record.run_id)):
        if point.step < last.get(point.phase, 0):
            ended[point.phase] = ended.get(point.phase, 0) + last[point.phase]
        last[point.phase] = point.step
        step = point.step + ended.get(point.phase, 0)
        points.setdefault((point.phase, clean_scalar(point.name)), []).append((step, point.value))
    return points


def clean_scalar(name: str) -> str:
    """A scalar's name as words: ``loss_g`` becomes ``loss g``."""
    return short(name.replace("_", " "), 40)
