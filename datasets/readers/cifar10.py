"""``cifar10``: the binary version. The Python version is pickled, and nothing on the disk is ever unpickled."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FILES = (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin")
ROW = 1 + 3 * 32 * 32
NEEDS = (
    "get cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html and unpack it (the Python version is "
    "pickled and is not read)"
)


@register
class Cifar10(Reader):
    """CIFAR-10: 60,000 colour images of 32 × 32 pixels, ten classes; its official test images stay the test set."""

    info = DatasetInfo(
        name="cifar10",
        version=1,
        summary="CIFAR-10: ten kinds of things, official test set",
        reference="Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
        needs="cifar-10-batches-bin/ (the binary version, data_batch_1.bin … test_batch.bin) in the data folder",
    )

    path: Annotated[Path | None, Field(description="the folder that holds the .bin files, or its parent")] = None

    def table(self, places: Places) -> Table:
        """See `Reader.table`."""
        folder = find("cifar-10-batches-bin", FILES, given=self.path, places=places, needs=NEEDS)
        batches = [_rows(folder / name) for name in FILES]
        counts = [len(batch) for batch in batches]
        starts = np.cumsum([0, *counts]).tolist()

        def rows(start: int, stop: int) -> NDArray[np.uint8]:
            taken = [
                batch[max(start, first) - first : min(stop, last) - first, 1:]
                for batch, first, last in zip(batches, starts[:-1], starts[1:], strict=True)
                if start < last and stop > first
            ]
            return np.ascontiguousarray(np.concatenate(taken).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))

        return Table(
            pictures=ArrayPictures(digest_files([folder / f for f in FILES], places.cache), 3, starts[-1], rows),
            names=np.concatenate(
                [[f"{name.removesuffix('.bin')}/{i}" for i in range(n)] for name, n in zip(FILES, counts, strict=True)]
            ),
            labels=np.concatenate([batch[:, 0] for batch in batches]).astype(np.int64),
            classes=CLASSES,
            fixed_test=np.repeat([False] * 5 + [True], counts),
        )


def _rows(path: Path) -> NDArray[np.uint8]:
    """(N, 3073) uint8, memory-mapped: the label, then 1024 bytes each of red, green and blue."""
    size = path.stat().st_size
    if size == 0 or size % ROW:
        raise DatasetError(f"{readable(path)} has {size} bytes, no multiple of {ROW}; get the file again.")
    rows = np.memmap(path, dtype=np.uint8, mode="r").reshape(-1, ROW)
    if rows[:, 0].max() >= len(CLASSES):
        raise DatasetError(f"{readable(path)} holds a label above 9; get the file again.")
    return rows
