"""What an extractor is: from images to the features that figures are measured in."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

BATCH = 256

Features: TypeAlias = NDArray[np.float32] | NDArray[np.float64]
"""(N, D): metrics compute in their precision, and add up in float64."""


@dataclass(frozen=True)
class Embedding:
    """Images as an extractor sees them.

    Attributes:
        features: (N, D) float64.
        logits: (N, K) float64 of the extractor's own classes, where it has some.
    """

    features: NDArray[np.float64]
    logits: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, chosen: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Embedding:
        """The images at these places."""
        return Embedding(self.features[chosen], None if self.logits is None else self.logits[chosen])


class Extractor(ABC):
    """Turns images into features. Figures of different extractors (name or hash) are never compared.

    Attributes:
        name: ``domain``, ``random``, ``inception`` or ``dinov2``.
        hash: Of its weights, 12 hexadecimal digits.
        resize: How images come to the size that it wants; ``none`` if they stay as they are.
        width: D, features of an image.
        knows_classes: Whether its logits are of the dataset's classes, so that it can tell the asked one.
    """

    name: str
    hash: str
    resize: str
    width: int
    knows_classes: bool = False

    @abstractmethod
    def embed(self, images: NDArray[np.uint8]) -> Embedding:
        """(N, C, H, W) uint8, N ≥ 1 → features, and logits where it has classes."""


def in_batches(
    network: Callable[[Tensor], Tensor], images: NDArray[np.uint8], *, batch: int = BATCH
) -> NDArray[np.float64]:
    """Sends (N, C, H, W) uint8 through a network → (N, D) float64."""
    parts = [
        network(torch.tensor(images[start : start + batch])).double().cpu() for start in range(0, len(images), batch)
    ]
    return torch.cat(parts).numpy()


def tensors_hash(tensors: Mapping[str, Tensor]) -> str:
    """12 hexadecimal digits of SHA-256 over names, shapes and bytes of weights."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        array = tensor.detach().cpu().contiguous().numpy()
        digest.update(f"{name}{array.shape}{array.dtype}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:12]
