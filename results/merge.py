"""Studies of several machines put into one: records are copied, never changed, and none is counted twice."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from results.comparable import require_comparable
from results.files import NotComparable
from results.record import Record
from results.store import Damaged, Store
from results.study import Study, united

FINISHED = ("ok", "diverged", "skipped")
"""Statuses that are a result; the others ask for another try."""


@dataclass(frozen=True)
class Merged:
    """What became of a merge.

    Attributes:
        n_runs: Runs in the study now.
        n_twice: Runs that more than one of the studies had; each was taken once.
        differing: Those of them whose metrics are not the same, sorted: machines of different types.
        damaged: Records that could not be read, and were set aside where they lay.
    """

    n_runs: int
    n_twice: int
    differing: tuple[str, ...]
    damaged: tuple[Damaged, ...]


def merge(stores: Sequence[Store], into: Store) -> Merged:
    """Puts studies together.

    Of a run that several have, a finished one goes before one that failed or timed out, and a study named earlier
    before one named later; what ``into`` holds already counts as the earliest. Nothing is written before all
    records have been read and found comparable. The records are written last, each after its artifacts, so that a
    merge that is cut short can be done again.

    Args:
        stores: At least one; their folders stay as they are.
        into: Made where it does not exist.

    Raises:
        NotComparable: The studies or their records differ in protocol, or one dataset name stands for other images.
        UnreadableFile: A study file or a record may not be read.
        OSError: ``into`` cannot be written, or the disk is full.
    """
    sources = [into, *stores] if into.study_file.exists() else list(stores)
    of_run: dict[str, list[tuple[Store, Record]]] = {}
    studies: list[tuple[Study, set[str]]] = []
    for store in sources:
        records = store.records()
        studies.append((store.read_study(), {record.dataset for record in records}))
        for record in records:
            of_run.setdefault(record.run_id, []).append((store, record))
    require_comparable([record for found in of_run.values() for _, record in found])
    study = joined_study(studies)
    if study.name == sources[0].folder.name:  # it was named after its folder
        study = study.model_copy(update={"name": into.folder.resolve().name})

    into.write_study(study)
    differing: list[str] = []
    for run_id, found in sorted(of_run.items()):
        store, record = min(found, key=lambda one: one[1].status not in FINISHED)
        finished = [other for _, other in found if other.status in FINISHED]
        if any((other.status, other.metrics) != (record.status, record.metrics) for other in finished):
            differing.append(run_id)
        if store is not into:
            _copy_folder(store.run_folder(run_id), into, run_id)
            into.write(record)
    return Merged(
        n_runs=len(of_run),
        n_twice=sum(len(found) > 1 for found in of_run.values()),
        differing=tuple(differing),
        damaged=tuple(damaged for store in sources for damaged in store.damaged),
    )


def joined_study(studies: Sequence[tuple[Study, set[str]]]) -> Study:
    """One study file for several: lists and families are united, words (name, metric, …) are the first one's.

    Args:
        studies: Each with the names of the datasets that its records are of. Those of a later study are added only
            where it has a dataset that no earlier one has: the same images may lie in another place there.

    Raises:
        NotComparable: They ask for different protocols.
    """
    (first, seen), *others = studies
    seen = set(seen)
    for other, datasets in others:
        for entry in ("preset", "budget", "precision", "threads"):
            one, two = getattr(first, entry), getattr(other, entry)
            if one != two:
                raise NotComparable(
                    f"{first.name or 'the first study'} was run with {entry} {one!r} and {other.name or 'another'} "
                    f"with {two!r}; runs of different protocols are never put together."
                )
        update = {entry: united(getattr(first, entry), getattr(other, entry)) for entry in ("methods", "plugins")}
        update["seeds"] = sorted(united(first.seeds, other.seeds))
        if datasets - seen:
            update["datasets"] = united(first.datasets, other.datasets)
        families = {
            name: united(first.families.get(name, []), other.families.get(name, []))
            for name in united(list(first.families), list(other.families))
        }
        first = first.model_copy(update={**update, "families": families})
        seen |= datasets
    return first


def _copy_folder(source: Path, into: Store, run_id: str) -> None:
    """Copies a run's artifacts; links are left out, for they may lead anywhere."""
    if source.is_dir() and not source.is_symlink():
        with into.attempt(run_id) as folder:
            shutil.copytree(source, folder, ignore=_links, dirs_exist_ok=True)


def _links(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if (Path(folder) / name).is_symlink()]
