"""From what the user asked for to a study that is resolved, checked against the folder it goes into, and planned."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bench.contrasts import families, first_metric, reference_arm
from bench.devices import choose_devices, choose_precision
from bench.errors import UsageError
from bench.plan import Protocol, Run, plan, resolve_datasets, resolve_methods, resolve_protocol
from bench.split_record import checked_leaks
from bench.streams import stream_seed
from datasets import Dataset, Places, Source, load_plugin
from results import NotComparable, Status, Store, Study, UnreadableFile
from results.study import united

LONGEST_NAME = 80


class Overwrite(StrEnum):
    """Which runs are done again although they have a record."""

    never = "never"
    failed = "failed"
    always = "always"


@dataclass(frozen=True)
class Session:
    """A study ready to be carried out.

    Attributes:
        study: Resolved: names canonical, reference arms in, protocol spelled out.
        runs: All of them, done or not.
        store: Its folder; nothing is written yet.
        sources: Each dataset with what it opened to.
        protocol: Shared by all runs.
        devices: ``cpu``, or ``cuda:0``, ….
        notices: What the user has to be told.
    """

    study: Study
    runs: list[Run]
    store: Store
    sources: list[tuple[Dataset, Source]]
    protocol: Protocol
    devices: tuple[str, ...]
    notices: tuple[str, ...] = ()


def prepare(asked: Study, *, folder: Path | None, places: Places) -> Session:
    """Resolves a study and plans its runs. Reads, but writes nothing; a damaged study file is set aside.

    Args:
        asked: What the user asked for; entries that were not given are unset (``model_fields_set``).
        folder: Where the study is or will be; None for ``studies/<methods>-<datasets>``.
        places: Where data and caches lie.

    Raises:
        SpecError, UsageError, DatasetError, PluginError, UnreadableFile: What was asked for cannot be had.
        NotComparable: The folder holds runs of another protocol, or on other images of the same name.
    """
    for plugin in asked.plugins:
        load_plugin(Path(plugin))
    store = Store(folder or default_folder(asked))
    before, notices = _former_study(store, asked)
    study = joined(before, asked) if before is not None else asked
    for plugin in study.plugins:
        load_plugin(Path(plugin))
    devices = choose_devices(study.device if asked.device == "auto" else asked.device)
    device = devices[0]
    protocol = resolve_protocol(study, device_type=device.type, precision=choose_precision(study.precision, device))
    methods = resolve_methods(study.methods, references=study.reference_arms)
    datasets = resolve_datasets(study.datasets)
    sources = [(dataset, dataset.open(places)) for dataset in datasets]
    resolved = study.model_copy(
        update={
            "name": study.name or store.folder.name,
            "methods": [method.spelling for method in methods],
            "preset": protocol.preset,
            "precision": protocol.precision,
            "device": device.type,
            "reference": reference_arm(methods, study),
            "metric": first_metric(study),
            "families": families(methods, asked, before=before),
            "plugins": [str(Path(plugin).resolve()) for plugin in study.plugins],
        }
    )
    _same_protocol(store, protocol)
    _same_images(store, sources)
    runs = plan(methods, sources, study.seeds, protocol)
    return Session(
        study=resolved,
        runs=runs,
        store=store,
        sources=sources,
        protocol=protocol,
        devices=tuple(map(str, devices)),
        notices=(*notices, *_idle_checkpoints(store, runs)),
    )


def default_folder(asked: Study) -> Path:
    """``studies/<name>``, else ``studies/<methods>-<datasets>``, as asked for; long lists are cut, with a hash."""

    def slug(names: Sequence[object]) -> str:
        text = "+".join(str(name["name"] if isinstance(name, dict) else name) for name in names)
        text = re.sub(r":[^+\[]*/(?=[^+\[/])", ":", text)  # of a path, its last part
        plain = re.sub(r"[^A-Za-z0-9+._-]+", "-", text).strip("-.")
        if len(plain) <= LONGEST_NAME:
            return plain
        return f"{plain[:LONGEST_NAME]}-{hashlib.blake2b(plain.encode(), digest_size=3).hexdigest()}"

    return Path("studies") / (asked.name or f"{slug(asked.methods) or 'study'}-{slug(asked.datasets)}")


def joined(before: Study, asked: Study) -> Study:
    """A study with further methods, datasets and seeds; what is not asked for stays as it was, families do so anyway.

    Raises:
        NotComparable: The protocol that is asked for is another one.
    """
    given = asked.model_fields_set
    for entry in ("preset", "budget", "precision", "threads"):
        new, old = getattr(asked, entry), getattr(before, entry)
        if entry in given and new not in (old, "auto", None):
            raise NotComparable(
                f"the study was run with {entry} {old!r} and is asked for {new!r}; runs of different protocols are "
                "never put together, so give another --out."
            )
    lists = {
        entry: united(getattr(before, entry), getattr(asked, entry))
        for entry in ("methods", "datasets", "seeds", "plugins")
        if entry in given
    }
    single = ("reference", "reference_arms", "metric", "rope", "name")
    words = {entry: getattr(asked, entry) for entry in single if entry in given}
    return before.model_copy(update={**lists, **words})


def to_do(runs: Sequence[Run], statuses: dict[str, Status], overwrite: Overwrite) -> list[Run]:
    """The runs that are missing, and those that are to be done again."""
    again: set[Status | None] = {None}
    if overwrite is Overwrite.failed:
        again |= {"failed", "timeout"}
    return [run for run in runs if overwrite is Overwrite.always or statuses.get(run.run_id) in again]


def try_splits(session: Session, runs: Sequence[Run], *, allow_leaks: bool = False) -> None:
    """Splits datasets as the runs to do will, so that one that cannot be split or leaks is refused before any work.

    A dataset that draws new images for each seed is tried with the first alone.

    Raises:
        DatasetError: It cannot be split, or leaks although that is not allowed.
    """
    for dataset, source in session.sources:
        for number in dict.fromkeys(run.seed for run in runs if run.dataset == dataset.name):
            seed = stream_seed(source.fingerprint, number, "split")
            split = source.split(size=session.protocol.budget.size, seed=seed)
            checked_leaks(split, dataset.name, allow=allow_leaks)
            if split.rule == "fresh":
                break


def write_study_file(session: Session) -> None:
    """Writes ``study.toml`` where it is to change, and removes what killed writers left long ago.

    Raises:
        UsageError: The folder cannot be written.
    """
    try:
        if not session.store.study_file.exists() or session.store.read_study() != session.study:
            session.store.write_study(session.study)
        session.store.sweep()
    except OSError as error:
        raise UsageError(
            f"{session.store.folder} cannot be written: {error.strerror or error}; give another --out."
        ) from error


def _former_study(store: Store, asked: Study) -> tuple[Study | None, tuple[str, ...]]:
    """The study that is in the folder already, if any.

    A file that cannot be read is set aside where the request says enough to go on without it.
    """
    if not store.study_file.exists():
        return None, ()
    try:
        return store.read_study(), ()
    except UnreadableFile as error:
        if not asked.methods:
            raise
        aside = store.study_file.with_name("study.toml.damaged")
        store.study_file.replace(aside)
        return None, (f"{error} It was set aside as {aside.name}; its records are kept.",)


def _idle_checkpoints(store: Store, runs: Sequence[Run]) -> Iterator[str]:
    """A sentence where there are checkpoints that no run goes on from."""
    idle = sorted(store.checkpointed() - {run.run_id for run in runs})
    if idle:
        yield (
            f"the checkpoints of {', '.join(idle)} are of runs that this study no longer has (another version, data or "
            f"budget) and are ignored; remove them from {store.folder / 'checkpoints'} for their space."
        )


def _same_images(store: Store, sources: Sequence[tuple[Dataset, Source]]) -> None:
    fingerprints = {dataset.name: source.fingerprint for dataset, source in sources}
    for brief in store.briefs():
        now = fingerprints.get(brief.dataset, brief.dataset_fingerprint)
        if now != brief.dataset_fingerprint:
            raise NotComparable(
                f"{store.folder} holds runs on other images of {brief.dataset} (fingerprint "
                f"{brief.dataset_fingerprint[:12]}, now {now[:12]}); put the former ones back, give another --out, or "
                f"remove what {store.records_folder} holds of it."
            )


def _same_protocol(store: Store, protocol: Protocol) -> None:
    first = next((record for run_id in store.run_ids() if (record := store.read(run_id)) is not None), None)
    if first is not None and first.protocol != protocol.hash:
        raise NotComparable(
            f"{store.folder} holds runs of protocol {first.protocol} (preset {first.preset}, "
            f"{first.environment.precision}, {first.environment.threads} threads, {first.device}) and this would be "
            f"{protocol.hash} (preset {protocol.preset}, {protocol.precision}, {protocol.threads} threads, "
            f"{protocol.device_type}); give another --out."
        )
