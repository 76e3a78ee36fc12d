"""``predictions.npz``: what a run predicted on its test images, for statistics that need single images."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from results.files import UnreadableFile, write_whole

FILE_NAME = "predictions.npz"


@dataclass(frozen=True)
class Predictions:
    """Predictions on the test images.

    Attributes:
        labels: (N,) int64, true classes.
        probabilities: (N, K) float32, rows sum to one.
        groups: (N,) int64 or text, slide, patient or image of origin; None where images stand alone.
    """

    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    groups: NDArray[np.generic] | None = None

    def __post_init__(self) -> None:
        n = len(self.labels)
        if self.labels.ndim != 1 or self.probabilities.ndim != 2 or len(self.probabilities) != n:
            raise ValueError(
                f"predictions need (N,) labels and (N, K) probabilities, got {self.labels.shape} and "
                f"{self.probabilities.shape}."
            )
        if self.groups is not None and self.groups.shape != (n,):
            raise ValueError(f"predictions of {n} images need (N,) groups, got {self.groups.shape}.")


def save_predictions(predictions: Predictions, folder: Path) -> Path:
    """Writes ``predictions.npz`` whole into a run's artifact folder.

    Groups that are Python objects are stored as text, so that no pickle is ever needed.

    Returns:
        The file.

    Raises:
        OSError: The folder cannot be written, or the disk is full.
    """
    arrays: dict[str, NDArray[np.generic]] = {
        "labels": predictions.labels.astype(np.int64),
        "probabilities": predictions.probabilities.astype(np.float32),
    }
    groups = predictions.groups
    if groups is not None:
        arrays["groups"] = groups.astype(str) if groups.dtype == object else groups
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    path = folder / FILE_NAME
    write_whole(path, buffer.getvalue())
    return path


def load_predictions(folder: Path) -> Predictions | None:
    """Reads ``predictions.npz`` of a run; None where the run left none.

    Raises:
        UnreadableFile: It is damaged, or would need a pickle.
    """
    path = folder / FILE_NAME
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return Predictions(
                labels=arrays["labels"].astype(np.int64, copy=False),
                probabilities=arrays["probabilities"].astype(np.float32, copy=False),
                groups=arrays["groups"] if "groups" in arrays.files else None,
            )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise UnreadableFile(
            f"{path} is damaged ({error}); remove its record so that the run is done again."
        ) from error
