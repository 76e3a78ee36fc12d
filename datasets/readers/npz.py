"""``npz:FILE``: a NumPy archive in the layout of MedMNIST, read without unpickling and without loading it whole."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from datasets.base import DatasetInfo, Places
from datasets.catalogue import register
from datasets.errors import DatasetError
from datasets.images import readable
from datasets.readers.pictures import ArrayPictures
from datasets.readers.places import existing
from datasets.readers.table import Reader, Table
from datasets.survey import digest_files

PARTS = ("train", "val", "test")
SKIPPED = 2**20
LAYOUT = "train_images, val_images, test_images and train_labels, val_labels, test_labels"


@register
class Npz(Reader):
    """A NumPy archive in the layout of MedMNIST; its official test images stay the test set."""

    info = DatasetInfo(
        name="npz",
        version=1,
        summary="a NumPy archive in the layout of MedMNIST, with its official test set",
        reference="your own",
        needs=f"an .npz file with {LAYOUT}; images (N, H, W) or (N, H, W, 3) uint8, labels (N,) or (N, 1)",
    )
    argument: ClassVar[str | None] = "file"

    file: Annotated[Path, Field(description="the .npz file")]

    def table(self, places: Places) -> Table:
        """See `Reader.table`."""
        return read_npz(existing(self.file, "file"), cache=places.cache)


def read_npz(path: Path, *, cache: Path, names: Mapping[int, str] | None = None) -> Table:
    """Reads an archive in the layout of MedMNIST.

    Args:
        path: The file.
        cache: Folder that keeps its digest.
        names: Class names by label; the labels themselves when not given.

    Raises:
        DatasetError: It is no such archive.
    """
    members = [Member(path, f"{part}_images") for part in PARTS]
    labels = [_labels(path, f"{part}_labels") for part in PARTS]
    for member, of in zip(members, labels, strict=True):
        if len(of) != member.shape[0]:
            raise DatasetError(
                f"{readable(path)} has {member.shape[0]} {member.name} but {len(of)} labels for them; mend the file."
            )
    for member in members[1:]:
        if member.shape[1:] != members[0].shape[1:]:
            raise DatasetError(
                f"{readable(path)} has {members[0].name} of shape {members[0].shape} but {member.name} of shape "
                f"{member.shape}; save all with one size and number of channels."
            )
    present = sorted(set(np.concatenate(labels).tolist()))
    classes = tuple((names or {}).get(label, str(label)) for label in present)
    counts = [len(of) for of in labels]
    return Table(
        pictures=joined(members, contents=digest_files([path], cache)),
        names=np.concatenate([[f"{part}/{i}" for i in range(n)] for part, n in zip(PARTS, counts, strict=True)]),
        labels=np.searchsorted(present, np.concatenate(labels)).astype(np.int64),
        classes=classes,
        fixed_test=np.repeat([False, False, True], counts),
    )


def joined(members: Sequence[Member], *, contents: str) -> ArrayPictures:
    """The images of several arrays, one behind the other."""
    starts = np.cumsum([0, *(member.shape[0] for member in members)])

    def rows(start: int, stop: int) -> NDArray[np.uint8]:
        taken = [
            member.rows(max(start, first) - first, min(stop, last) - first)
            for member, first, last in zip(members, starts[:-1].tolist(), starts[1:].tolist(), strict=True)
            if start < last and stop > first
        ]
        return np.concatenate(taken)

    return ArrayPictures(contents, 3 if len(members[0].shape) == 4 else 1, int(starts[-1]), rows)


def _labels(path: Path, name: str) -> NDArray[np.int64]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            labels = archive[name]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise _unreadable(path, name, error) from error
    if labels.ndim > 1 and labels.shape[1:] != (1,):
        raise DatasetError(
            f"{readable(path)} has {name} of shape {labels.shape}, several labels an image; "
            "one is needed: (N,) or (N, 1)."
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise DatasetError(f"{readable(path)} has {name} of type {labels.dtype}; whole numbers are needed.")
    return labels.reshape(-1).astype(np.int64)


def _unreadable(path: Path, name: str, error: Exception) -> DatasetError:
    if isinstance(error, KeyError):
        return DatasetError(f"{readable(path)} has no array {name}; it needs {LAYOUT}.")
    if "pickle" in str(error) or "Object arrays" in str(error):
        return DatasetError(
            f"{readable(path)} holds pickled objects, which are never loaded; save {name} as plain numbers."
        )
    return DatasetError(f"{readable(path)} cannot be read as an .npz file ({error}); get it again.")


@dataclass
class Member:
    """One array of images in an archive, read from its beginning to its end.

    Attributes:
        path: The archive.
        name: Of the array.
        shape: (N, H, W) or (N, H, W, 3).
    """

    path: Path
    name: str
    shape: tuple[int, ...] = ()
    _stream: IO[bytes] | None = field(default=None, repr=False)
    _position: int = 0

    def __post_init__(self) -> None:
        with self._opened() as stream:
            self.shape = self._header(stream)

    def rows(self, start: int, stop: int) -> NDArray[np.uint8]:
        """The images start…stop−1.

        Raises:
            DatasetError: The archive is cut short.
        """
        if self._stream is None or start < self._position:
            self._stream, self._position = self._opened(), 0
            self._header(self._stream)
        size = int(np.prod(self.shape[1:]))
        self._skip(self._stream, (start - self._position) * size)
        data = self._read(self._stream, (stop - start) * size)
        self._position = stop
        if stop == self.shape[0]:
            self._stream.close()
            self._stream = None
        return np.frombuffer(data, dtype=np.uint8).reshape(-1, *self.shape[1:])

    def _skip(self, stream: IO[bytes], n: int) -> None:
        """Goes on n bytes, some at a time, so that a resumed build does not read all that is done at once."""
        for first in range(0, n, SKIPPED):
            self._read(stream, min(SKIPPED, n - first))

    def _read(self, stream: IO[bytes], n: int) -> bytes:
        try:
            data = stream.read(n)
        except (OSError, EOFError, zipfile.BadZipFile, ValueError, zlib.error) as error:
            raise _unreadable(self.path, self.name, error) from error
        if len(data) < n:
            raise DatasetError(f"{readable(self.path)} ends within {self.name}; get the file again.")
        return data

    def _opened(self) -> IO[bytes]:
        try:
            return zipfile.ZipFile(self.path).open(f"{self.name}.npy")
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise _unreadable(self.path, self.name, error) from error

    def _header(self, stream: IO[bytes]) -> tuple[int, ...]:
        try:
            version = np.lib.format.read_magic(stream)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, fortran, dtype = read(stream)
        except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise _unreadable(self.path, self.name, error) from error
        if dtype.hasobject:
            raise _unreadable(self.path, self.name, ValueError("Object arrays"))
        if dtype != np.uint8 or fortran or not (len(shape) == 3 or (len(shape) == 4 and shape[3] == 3)):
            raise DatasetError(
                f"{readable(self.path)} has {self.name} of shape {shape} and type {dtype}; it needs (N, H, W) or "
                "(N, H, W, 3) uint8."
            )
        return shape
