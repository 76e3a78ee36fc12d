"""Images on the device: kept as uint8, indexed there, made floating-point only for the batch at hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from datasets import LabelledImages


def to_device(images: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Copies images to the device, channels innermost so that a batch taken from them is channels_last.

    Args:
        images: (N, C, H, W) uint8.
        device: Where to.

    Returns:
        (N, H, W, C) uint8, contiguous.
    """
    return torch.tensor(np.ascontiguousarray(images.transpose(0, 2, 3, 1)), device=device)


def send(tensor: Tensor, device: torch.device) -> Tensor:
    """Copies a small tensor of the CPU to the device without waiting for what the device is doing."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def to_float(images: Tensor) -> Tensor:
    """(N, H, W, C) uint8 0…255 → (N, C, H, W) float32 in [−1, 1], channels_last."""
    return images.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def to_uint8(images: Tensor) -> NDArray[np.uint8]:
    """(N, C, H, W) floating-point in [−1, 1] → the same shape in uint8 0…255, rounded, on the CPU."""
    return images.float().add(1.0).mul(127.5).round().clamp(0, 255).to(torch.uint8).cpu().contiguous().numpy()


@dataclass(frozen=True)
class ImagePool:
    """Images and what they are to be classified as, on the device.

    Attributes:
        images: (N, H, W, C) uint8.
        targets: (N,) int64 labels, or (N, K) float32 class probabilities.
    """

    images: Tensor
    targets: Tensor

    @classmethod
    def of(cls, data: LabelledImages, device: torch.device) -> ImagePool:
        """The pool of a labelled set, with hard labels."""
        return cls(to_device(data.images, device), torch.tensor(data.labels, device=device))

    def __len__(self) -> int:
        return len(self.targets)

    def __add__(self, other: ImagePool) -> ImagePool:
        """The images of both, the other's behind."""
        return ImagePool(torch.cat([self.images, other.images]), torch.cat([self.targets, other.targets]))

    def take(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """A batch: (B, C, H, W) float32 in [−1, 1], channels_last, and its targets.

        Args:
            indices: (B,) int64 on the CPU.
        """
        indices = send(indices, self.images.device)
        return to_float(self.images[indices]), self.targets[indices]
