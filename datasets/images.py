"""Single images: from a file, and to a size."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from datasets.base import DatasetError


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Decodes an image file.

    Returns:
        (H, W, 3) uint8.

    Raises:
        DatasetError: The file is no image, or is cut short, or would fill the memory.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DatasetError(f"{path} cannot be read as an image ({error}); replace or remove the file.") from error


def resize(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Resizes with Lanczos' filter, widened for shrinking so that nothing aliases.

    Args:
        image: (H, W) or (H, W, 3) uint8.
        size: Height and width wanted, in pixels; an image that has them comes back unchanged.

    Returns:
        (C, size, size) uint8.
    """
    resized = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.LANCZOS))
    return resized[None] if resized.ndim == 2 else np.ascontiguousarray(resized.transpose(2, 0, 1))
