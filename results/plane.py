"""``plane.npz``: where a run's generated images lie among real ones, in the plane that shows real ones best."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from results.files import write_whole

FILE_NAME = "plane.npz"


@dataclass(frozen=True)
class Plane:
    """Images as points on the first two principal components of the real test images' features.

    The plane is of the test images alone, so all methods of one seed lie in the same one.

    Attributes:
        real: (N, 2) float32, real test images.
        real_labels: (N,) int64.
        generated: (M, 2) float32.
        generated_labels: (M,) int64, the classes that were asked for.
        explained: Share of the real images' variance that the plane holds.
    """

    real: NDArray[np.float32]
    real_labels: NDArray[np.int64]
    generated: NDArray[np.float32]
    generated_labels: NDArray[np.int64]
    explained: float


def save_plane(plane: Plane, folder: Path) -> Path:
    """Writes ``plane.npz`` whole into a run's artifact folder.

    Raises:
        OSError: The folder cannot be written, or the disk is full.
    """
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        allow_pickle=False,
        real=plane.real.astype(np.float32),
        real_labels=plane.real_labels.astype(np.int64),
        generated=plane.generated.astype(np.float32),
        generated_labels=plane.generated_labels.astype(np.int64),
        explained=np.float64(plane.explained),
    )
    path = folder / FILE_NAME
    write_whole(path, buffer.getvalue())
    return path


def load_plane(folder: Path) -> Plane | None:
    """Reads ``plane.npz`` of a run; None where there is none that can be read."""
    try:
        with np.load(folder / FILE_NAME, allow_pickle=False) as arrays:
            return Plane(
                real=arrays["real"],
                real_labels=arrays["real_labels"],
                generated=arrays["generated"],
                generated_labels=arrays["generated_labels"],
                explained=float(arrays["explained"]),
            )
    except (OSError, ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile):
        return None
