"""Single images: from a file to pixels, and to a size."""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from datasets.errors import DatasetError

SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".gif", ".webp", ".pgm", ".ppm"))
"""Endings of files that are taken for images."""

GREY = frozenset(("1", "L", "LA", "La", "I;16", "I;16B", "I;16L", "I;16N"))
"""Pillow's modes of images without colour."""

_WIDE = frozenset(("I", "F"))  # 32 bits, whose range nobody states

BROKEN = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, AttributeError, struct.error,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip
"""What Pillow raises on damaged files, of its own accord or not."""

LASTING = frozenset(
    (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG)
)
"""Faults of the system that are the file's own; others, as too many open files, may pass."""

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What brings an image upright, by EXIF's orientation."""

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


@contextlib.contextmanager
def open_image(path: Path) -> Iterator[Image.Image]:
    """Opens an image file; its pixels are not decoded yet.

    What is done with it inside belongs to it: faults that Pillow has there are the file's.

    Raises:
        UnreadableImage: The file is missing, empty or no image, or would fill the memory.
        DatasetError: The system cannot read it now.
    """
    try:
        # By name, Pillow would map uncompressed TIFFs, and those that lie on their side with the wrong width.
        with path.open("rb") as file, Image.open(file) as image:
            yield image
    except (*BROKEN, MemoryError) as error:
        refuse_passing(path, error)
        raise UnreadableImage(_sentence(path, error)) from error


def read_image(path: Path) -> Image.Image:
    """Decodes an image file, upright as EXIF says.

    Grey images keep their one channel and 16 bits become 8; palettes become colours; what is transparent shows
    white, as on a page.

    Returns:
        An image in mode ``L`` or ``RGB``.

    Raises:
        UnreadableImage: The file is missing, empty, no image, cut short, or would fill the memory.
        DatasetError: The system cannot read it now.
    """
    with open_image(path) as image:
        image.load()
        turn = _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1))
        return to_eight_bits(image if turn is None else image.transpose(turn))


def refuse_passing(path: Path, error: BaseException) -> None:
    """Raises DatasetError where a fault is the system's and may pass, so that it is not kept as one of the file."""
    if isinstance(error, MemoryError):
        raise DatasetError(f"{readable(path)} does not fit into the memory now; free some and run again.") from error
    if isinstance(error, OSError) and error.errno is not None and error.errno not in LASTING:
        raise DatasetError(f"{readable(path)} cannot be read now ({error.strerror}); run again when it can.") from error


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
    except (OSError, ValueError):
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
