"""Where a reader's images come from: a file each, or rows of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from datasets.images import read_image
from datasets.survey import Survey


@dataclass(frozen=True)
class FilePictures:
    """Images that are a file each."""

    files: Sequence[Path]
    survey: Survey

    @property
    def contents(self) -> str:
        """See `Pictures`."""
        return self.survey.contents

    @property
    def channels(self) -> int:
        """1 where every file is stored without colour."""
        return self.survey.channels

    def __len__(self) -> int:
        return len(self.files)

    def items(self, start: int, stop: int) -> Sequence[Path]:
        """See `Pictures`."""
        return self.files[start:stop]

    def decode(self, item: Path) -> Image.Image:
        """See `Pictures`."""
        return read_image(item)


@dataclass(frozen=True)
class ArrayPictures:
    """Images that are rows of arrays in a file.

    Attributes:
        contents: Hex digest of the file.
        channels: 1 or 3.
        n: How many.
        rows: (start, stop) → (stop − start, H, W) or (…, H, W, 3) uint8; called in rising order.
    """

    contents: str
    channels: int
    n: int
    rows: Callable[[int, int], NDArray[np.uint8]]

    def __len__(self) -> int:
        return self.n

    def items(self, start: int, stop: int) -> Sequence[Any]:
        """See `Pictures`."""
        return list(self.rows(start, stop))

    def decode(self, item: NDArray[np.uint8]) -> Image.Image:
        """See `Pictures`."""
        return Image.fromarray(item)
