"""Single images: from a file to pixels, and to a size."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from datasets.errors import DatasetError

SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".gif", ".webp", ".pgm", ".ppm"))
"""Endings of files that are taken for images."""

GREY = frozenset(("1", "L", "LA", "La", "I;16", "I;16B", "I;16L", "I;16N"))
"""Pillow's modes of images without colour."""

_WIDE = frozenset(("I", "F"))  # 32 bits, whose range nobody states

# Set once and not around each image: the filters of `warnings` are shared by all threads.
warnings.simplefilter("error", Image.DecompressionBombWarning)


class UnreadableImage(DatasetError):
    """A single image that cannot be read; others of its set may be."""


def readable(path: Path | str) -> str:
    """A path as text that can be printed and stored, bytes outside UTF-8 escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def is_image(path: Path) -> bool:
    """Whether a file is taken for an image, by its ending."""
    return os.path.splitext(path)[1].lower() in SUFFIXES  # noqa: PTH122 - a tenth of the time of `path.suffix`


def open_image(path: Path) -> Image.Image:
    """Opens an image file; its pixels are not decoded yet.

    Raises:
        UnreadableImage: The file is missing, empty or no image, or would fill the memory.
    """
    try:
        return Image.open(path)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadableImage(_sentence(path, error)) from error


def read_image(path: Path) -> Image.Image:
    """Decodes an image file, upright as EXIF says.

    Grey images keep their one channel and 16 bits become 8; palettes become colours; what is transparent shows
    white, as on a page.

    Returns:
        An image in mode ``L`` or ``RGB``.

    Raises:
        UnreadableImage: The file is missing, empty, no image, cut short, or would fill the memory.
    """
    with open_image(path) as image:
        try:
            return to_eight_bits(ImageOps.exif_transpose(image))
        except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
            raise UnreadableImage(_sentence(path, error)) from error


def to_eight_bits(image: Image.Image) -> Image.Image:
    """An image of any mode in mode ``L`` or ``RGB``.

    Raises:
        ValueError: 32 bits a pixel, of unknown range.
    """
    if image.mode in ("L", "RGB"):
        return image if image.info.get("transparency") is None else _on_white(image)
    if image.mode in _WIDE:
        raise ValueError(f"its pixels are 32-bit ({image.mode}), of unknown range; save it with 8 or 16 bits")
    if image.mode.startswith("I;16"):
        return Image.fromarray(((np.asarray(image).astype(np.uint32) + 128) // 257).astype(np.uint8))
    if image.mode in ("LA", "La", "RGBA", "RGBa", "PA") or "transparency" in image.info:
        return _on_white(image)
    return image.convert("L" if image.mode in GREY else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    opaque = image.convert("RGBA")
    page = Image.alpha_composite(Image.new("RGBA", opaque.size, "white"), opaque)
    return page.convert("L" if image.mode in GREY else "RGB")


def _sentence(path: Path, error: BaseException) -> str:
    name = readable(path)
    try:
        size = path.stat().st_size
    except OSError:
        return f"{name} is missing or cannot be opened; put it there, or take it out of the table."
    if size == 0:
        return f"{name} is empty (0 bytes); replace or remove the file."
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        limit = (Image.MAX_IMAGE_PIXELS or 0) // 10**6
        return f"{name} would unpack to more than {limit} million pixels; make it smaller, or remove the file."
    if isinstance(error, Image.UnidentifiedImageError):
        return f"{name} is no image that can be read; replace or remove the file."
    return f"{name} cannot be read as an image ({str(error).rstrip('.')}); replace or remove the file."


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Decodes an image file in colour.

    Returns:
        (H, W, 3) uint8.

    Raises:
        UnreadableImage: See `read_image`.
    """
    return np.asarray(read_image(path).convert("RGB"))


def resize(image: NDArray[np.uint8] | Image.Image, size: int) -> NDArray[np.uint8]:
    """Resizes with Lanczos' filter, widened for shrinking so that nothing aliases.

    Args:
        image: (H, W) or (H, W, 3) uint8, or an image in mode ``L`` or ``RGB``.
        size: Height and width wanted, in pixels; an image that has them comes back unchanged.

    Returns:
        (C, size, size) uint8.
    """
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    resized = np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS))
    return resized[None] if resized.ndim == 2 else np.ascontiguousarray(resized.transpose(2, 0, 1))
