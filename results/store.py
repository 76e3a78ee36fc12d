"""The store: one folder per study, one file per run, nothing that a killed process could leave half done."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import re
import secrets
import shutil
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, Field, ValidationError

from results.files import UnreadableFile, write_whole
from results.progress import Progress, read_progress
from results.record import SCHEMA, Record, Status
from results.study import Study, read_study, write_study

WEIGHTS = "weights.safetensors"
"""Name of the file of kept weights among a run's artifacts."""

LEFTOVER_AGE_S = 24 * 3600
"""A temporary file this old belongs to no living writer, clocks of other machines allowed for."""

_RUN_ID = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,199}")

B = TypeVar("B", bound=BaseModel)


@dataclass(frozen=True)
class Damaged:
    """A record that cannot be read, so that its run is done again; it is set aside, or left for a later version.

    Attributes:
        run_id: The run it stood for.
        path: Where it lies now.
        reason: What is wrong with it.
    """

    run_id: str
    path: Path
    reason: str

    def __str__(self) -> str:
        return f"the record of {self.run_id} is damaged ({self.reason}) and was set aside as {self.path.name}."


class Brief(BaseModel):
    """As much of a record as tells which run it is of, and what became of it."""

    schema_: int = Field(alias="schema", ge=SCHEMA, le=SCHEMA)
    run_id: str
    protocol: str
    method: str
    version: int
    dataset: str
    dataset_fingerprint: str
    seed: int
    status: Status


class Store:
    """The folder of one study.

    Holds ``study.toml``, ``records/<run_id>.json`` and ``runs/<run_id>/`` with the artifacts, and
    ``running/<run_id>.json`` while a run is under way. Any number of
    processes may read and write at the same time, on a network file system too: a record is written whole or
    not at all, and nothing is locked. A record that is damaged all the same (by a failing disk, by hand) is
    renamed to ``<run_id>.json.damaged`` on reading, and counts as missing.

    Args:
        folder: Made on the first write.

    Attributes:
        folder: As given.
        damaged: Records that this object has set aside so far, for the command to name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged: list[Damaged] = []

    @property
    def study_file(self) -> Path:
        """``STUDY/study.toml``."""
        return self.folder / "study.toml"

    @property
    def records_folder(self) -> Path:
        """``STUDY/records``."""
        return self.folder / "records"

    @property
    def runs_folder(self) -> Path:
        """``STUDY/runs``."""
        return self.folder / "runs"

    @property
    def running_folder(self) -> Path:
        """``STUDY/running``: one small file for each run under way, so that looking stays quick when many are done."""
        return self.folder / "running"

    def checkpoint_folder(self, run_id: str) -> Path:
        """``STUDY/checkpoints/<run_id>``: what a long run goes on from if it is killed; not made here.

        Raises:
            UnreadableFile: The run id is no plain file name.
        """
        return self.folder / "checkpoints" / check_run_id(run_id)

    def record_file(self, run_id: str) -> Path:
        """``STUDY/records/<run_id>.json``.

        Raises:
            UnreadableFile: The run id is no plain file name.
        """
        return self.records_folder / f"{check_run_id(run_id)}.json"

    def run_folder(self, run_id: str) -> Path:
        """``STUDY/runs/<run_id>``, the artifacts of a run; not made here.

        Raises:
            UnreadableFile: The run id is no plain file name.
        """
        return self.runs_folder / check_run_id(run_id)

    @contextlib.contextmanager
    def attempt(self, run_id: str) -> Generator[Path]:
        """A new folder for the artifacts of one attempt at a run.

        It takes the place of ``STUDY/runs/<run_id>`` when the block ends well, and is removed when it does not, so
        that a worker that was given up but still lives cannot touch what another leaves.

        Raises:
            OSError: The folder cannot be written, or the disk is full; what an earlier attempt left is then untouched.
            UnreadableFile: The run id is no plain file name.
        """
        target = self.run_folder(run_id)
        folder = target.with_name(f".{run_id}.{secrets.token_hex(4)}.tmp")
        folder.mkdir(parents=True)
        try:
            yield folder
            _take_place(folder, target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def weights_file(self, run_id: str) -> Path:
        """``STUDY/runs/<run_id>/weights.safetensors``, where ``--keep-weights`` puts them.

        Raises:
            UnreadableFile: The run id is no plain file name.
        """
        return self.run_folder(run_id) / WEIGHTS

    def checkpointed(self) -> set[str]:
        """Runs that have checkpoints."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            return {entry.name for entry in os.scandir(self.folder / "checkpoints")}
        return set()

    def remove_checkpoints(self, run_id: str) -> None:
        """Removes what a run would go on from: it is over, or starts anew."""
        shutil.rmtree(self.checkpoint_folder(run_id), ignore_errors=True)
        with contextlib.suppress(OSError):  # others are in it, or there was none
            self.checkpoint_folder(run_id).parent.rmdir()

    def read_study(self) -> Study:
        """The study.

        Raises:
            UnreadableFile: It is missing or cannot be read.
        """
        return read_study(self.study_file)

    def write_study(self, study: Study) -> None:
        """Writes the study whole."""
        write_study(study, self.study_file)

    def write(self, record: Record) -> None:
        """Writes a record whole; a former record of the run is replaced.

        Raises:
            OSError: The folder cannot be written or the disk is full; a former record is then untouched.
            UnreadableFile: The run id is no plain file name.
        """
        write_whole(self.record_file(record.run_id), record.to_json())

    def run_ids(self) -> list[str]:
        """Runs that have a record, sorted; the records are not opened."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(self.records_folder) as entries:
            names = (entry.name for entry in entries)
            return sorted(name[:-5] for name in names if name.endswith(".json") and _RUN_ID.fullmatch(name[:-5]))
        return []

    def read(self, run_id: str) -> Record | None:
        """The record of a run; None where there is none, or a damaged one (then named in ``damaged``).

        Raises:
            UnreadableFile: The file may not be read, or the run id is no plain file name.
        """
        return self._read(run_id, Record)

    def records(self) -> list[Record]:
        """All records that can be read, by run id; the others are set aside and named in ``damaged``.

        Raises:
            UnreadableFile: A file may not be read.
        """
        with _no_collection():
            return [record for run_id in self.run_ids() if (record := self.read(run_id)) is not None]

    def briefs(self) -> list[Brief]:
        """Which runs there are and what became of them, by run id: quicker than ``records``, and checks no more.

        Raises:
            UnreadableFile: A file may not be read.
        """
        return [brief for run_id in self.run_ids() if (brief := self._read(run_id, Brief)) is not None]

    def statuses(self) -> dict[str, Status]:
        """What became of each run, by run id.

        Raises:
            UnreadableFile: A file may not be read.
        """
        return {brief.run_id: brief.status for brief in self.briefs()}

    def progress(self) -> list[Progress]:
        """Last signs of life of the runs under way, by run id; those of killed workers are among them."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(self.running_folder) as entries:
            names = sorted(entry.name for entry in entries if _RUN_ID.fullmatch(entry.name))
            found = (read_progress(self.running_folder / name) for name in names)
            return [progress for progress in found if progress is not None]
        return []

    def sweep(self, *, now: float | None = None) -> list[Path]:
        """Removes temporary files and folders that killed writers left more than a day ago.

        Args:
            now: Seconds since the epoch; the clock's by default.

        Returns:
            What was removed.
        """
        limit = (time.time() if now is None else now) - LEFTOVER_AGE_S
        removed: list[Path] = []
        for path in self._temporary_files():
            with contextlib.suppress(OSError):  # another process may have swept it, or still own it
                if _last_change(path) < limit:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
                    removed.append(path)
        return removed

    def _temporary_files(self) -> Iterator[Path]:
        for folder in (self.folder, self.records_folder, self.runs_folder):
            yield from sorted(folder.glob(".*.tmp"))

    def _read(self, run_id: str, model: type[B]) -> B | None:
        path = self.record_file(run_id)
        try:
            found = model.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except IsADirectoryError:
            return self._set_aside(run_id, "it is a folder")
        except ValidationError as error:
            if any(fault["loc"] == ("schema",) and _is_later(fault["input"]) for fault in error.errors()):
                reason = "it was written by a later version of augbench, and is left for that one"
                self.damaged.append(Damaged(run_id, path, reason))
                return None
            return self._set_aside(run_id, _first_fault(error))
        except OSError as error:
            raise UnreadableFile(
                f"{path} cannot be read: {error.strerror or error}; give read permission or remove it."
            ) from error
        inside = getattr(found, "run_id", None)
        if inside != run_id:
            return self._set_aside(run_id, f"it holds the run {inside!r}")
        return found

    def _set_aside(self, run_id: str, reason: str) -> None:
        path = self.record_file(run_id)
        aside, k = path.with_name(f"{path.name}.damaged"), 1
        while aside.exists():
            k += 1
            aside = path.with_name(f"{path.name}.damaged-{k}")
        try:
            path.rename(aside)
        except OSError:  # a folder that may only be read: the file stays where it is, and counts as missing
            aside = path
        self.damaged.append(Damaged(run_id, aside, reason))


def _last_change(path: Path) -> float:
    """Seconds since the epoch, of a folder or any file in it: its own date tells only when names came or went."""
    inside = path.iterdir() if path.is_dir() else ()
    return max(file.stat().st_mtime for file in (path, *inside))


@contextlib.contextmanager
def _no_collection() -> Generator[None]:
    """Keeps Python from looking for garbage cycles while thousands of records, which have none, come in."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _take_place(folder: Path, target: Path) -> None:
    """Renames a folder to a name that may be taken; another process may do the same with its own."""
    for _ in range(100):
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(target)
        try:
            folder.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        else:
            return
    raise OSError(errno.EEXIST, "the folder is written by another process again and again", str(target))


def check_run_id(run_id: str) -> str:
    """Gives back a run id that is a plain file name of letters, digits and ``._+-``.

    Raises:
        UnreadableFile: It is not, and might reach outside of the study's folder.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise UnreadableFile(f"{run_id!r} is no run id; name a file of the study's records/, without .json.")
    return run_id


def _is_later(schema: object) -> bool:
    return isinstance(schema, int) and not isinstance(schema, bool) and SCHEMA < schema < 1000


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in fault["loc"])
    return f"{where}: {fault['msg']}" if where else fault["msg"]
