"""``pcam``: PatchCamelyon, in the HDF5 files that torchvision uses too."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from datasets.base import DatasetInfo, Places
from datasets.catalogue import register
from datasets.errors import DatasetError
from datasets.images import readable
from datasets.readers.pictures import ArrayPictures
from datasets.readers.places import find
from datasets.readers.table import Reader, Table
from datasets.survey import digest_files

FILES = tuple(f"camelyonpatch_level_2_split_{part}_{what}.h5" for part in ("train", "valid", "test") for what in "xy")
NEEDS = f"get {FILES[0]} and its five siblings from https://zenodo.org/records/2546921 and unpack them"


@register
class PCam(Reader):
    """PatchCamelyon: 327,680 patches of lymph nodes; its test slides stay the test set."""

    info = DatasetInfo(
        name="pcam",
        version=1,
        summary="PatchCamelyon: patches of lymph nodes with and without tumour, official test set",
        reference="Veeling et al., MICCAI 2018, arXiv 1806.03962; CC0",
        needs="camelyonpatch_level_2_split_{train,valid,test}_{x,y}.h5 in a folder pcam; pip install h5py",
    )

    path: Annotated[Path | None, Field(description="the folder that holds the .h5 files, or its parent")] = None

    def table(self, places: Places) -> Table:
        """See `Reader.table`."""
        h5py = _library()
        folder = find("pcam", FILES, given=self.path, places=places, needs=NEEDS)
        parts = [(folder / x, folder / y) for x, y in zip(FILES[::2], FILES[1::2], strict=True)]
        labels = [_read(h5py, y, "y").reshape(-1).astype(np.int64) for _, y in parts]
        counts = [len(of) for of in labels]
        for (x, _), n in zip(parts, counts, strict=True):
            shape = _shape(h5py, x)
            if len(shape) != 4 or shape[0] != n or shape[3] != 3:
                raise DatasetError(f"{readable(x)} holds x of shape {shape} for {n} labels; get the file again.")
        starts = np.cumsum([0, *counts]).tolist()

        def rows(start: int, stop: int) -> NDArray[np.uint8]:
            return np.concatenate(
                [
                    _read(h5py, x, "x", max(start, first) - first, min(stop, last) - first)
                    for (x, _), first, last in zip(parts, starts[:-1], starts[1:], strict=True)
                    if start < last and stop > first
                ]
            )

        return Table(
            pictures=ArrayPictures(digest_files([x for x, _ in parts], places.cache), 3, starts[-1], rows),
            names=np.concatenate(
                [[f"{part}/{i}" for i in range(n)] for part, n in zip(("train", "valid", "test"), counts, strict=True)]
            ),
            labels=np.concatenate(labels),
            classes=("normal", "tumour"),
            fixed_test=np.repeat([False, False, True], counts),
        )


def _library() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise DatasetError("pcam is kept in HDF5 files, which h5py reads; pip install h5py.") from error
    return h5py


def _read(h5py: Any, path: Path, name: str, start: int = 0, stop: int | None = None) -> NDArray[np.uint8]:
    try:
        with h5py.File(path, "r") as file:
            return file[name][start:stop]
    except (OSError, KeyError) as error:
        raise DatasetError(f"{readable(path)} cannot be read ({error}); get the file again.") from error


def _shape(h5py: Any, path: Path) -> tuple[int, ...]:
    try:
        with h5py.File(path, "r") as file:
            return tuple(file["x"].shape)
    except (OSError, KeyError) as error:
        raise DatasetError(f"{readable(path)} cannot be read ({error}); get the file again.") from error
