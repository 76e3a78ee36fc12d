"""``fashion-mnist``: the idx files that torchvision keeps, fetched by torchvision where there are none."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
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
from datasets.readers.table import Reader, Table
from datasets.survey import digest_files

CLASSES = (
    "T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
URL = "https://github.com/zalandoresearch/fashion-mnist"


@register
class FashionMNIST(Reader):
    """Fashion-MNIST: 70,000 grey images of 28 × 28 pixels, ten classes; its official test images stay the test set."""

    info = DatasetInfo(
        name="fashion-mnist",
        version=1,
        summary="Fashion-MNIST: ten kinds of clothing, official test set",
        reference="Xiao, Rasul, Vollgraf, arXiv 1708.07747; MIT licence",
        needs="FashionMNIST/raw/ with the four idx files (or .gz) in the data folder; torchvision fetches them",
    )

    path: Annotated[Path | None, Field(description="the folder that holds the idx files, or FashionMNIST/raw/")] = None

    def table(self, places: Places) -> Table:
        """See `Reader.table`."""
        train_x, train_y, test_x, test_y = self._find(places) or self._fetch(places)
        labels = [read_idx(path, 1).astype(np.int64) for path in (train_y, test_y)]
        counts = [len(of) for of in labels]

        def rows(start: int, stop: int) -> NDArray[np.uint8]:
            if not arrays:
                arrays.append(np.concatenate([read_idx(path, 3) for path in (train_x, test_x)]))
            return arrays[0][start:stop]

        arrays: list[NDArray[np.uint8]] = []  # 55 MB, read only when they are decoded
        return Table(
            pictures=ArrayPictures(digest_files([train_x, test_x], places.cache), 1, sum(counts), rows),
            names=np.concatenate(
                [[f"{part}/{i}" for i in range(n)] for part, n in zip(("train", "t10k"), counts, strict=True)]
            ),
            labels=np.concatenate(labels),
            classes=CLASSES,
            fixed_test=np.repeat([False, True], counts),
        )

    def _find(self, places: Places) -> list[Path] | None:
        for start in [self.path] if self.path is not None else [places.data, places.cache / "downloads"]:
            if start is None:
                continue
            for inside in (".", "raw", "FashionMNIST/raw", "fashion-mnist"):
                files = [_plain_or_packed(start.expanduser() / inside / name) for name in FILES]
                if all(files):
                    return [path for path in files if path is not None]
        return None

    def _fetch(self, places: Places) -> list[Path]:
        from torchvision.datasets import FashionMNIST as Fetched

        folder = places.cache / "downloads"
        try:
            Fetched(str(folder), download=True)
        except Exception as error:  # torchvision raises whatever its network code does
            raise DatasetError(
                f"fashion-mnist is not found and could not be fetched; put the four idx files from {URL} into "
                "FashionMNIST/raw/ in the folder of --data-dir or BENCH_DATA."
            ) from error
        return [folder / "FashionMNIST" / "raw" / name for name in FILES]


def _plain_or_packed(path: Path) -> Path | None:
    packed = path.with_name(f"{path.name}.gz")
    return path if path.is_file() else packed if packed.is_file() else None


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Reads an idx file of bytes (LeCun, "The MNIST database", file formats).

    Args:
        path: The file, packed or not.
        dimensions: How many it has to have.

    Returns:
        uint8, of the shape in its header.

    Raises:
        DatasetError: It is no such file, or is cut short.
    """
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        magic, *shape = struct.unpack_from(f">{1 + dimensions}I", data)
        body = np.frombuffer(data, dtype=np.uint8, offset=4 * (1 + dimensions))
        if magic != 0x800 + dimensions or len(body) != math.prod(shape):
            raise ValueError(f"its header says {magic:#x} {shape} and {len(body)} bytes follow")
    except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
        raise DatasetError(f"{readable(path)} is no whole idx file ({error}); get the file again.") from error
    return body.reshape(shape)
