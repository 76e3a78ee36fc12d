"""Images on the device: kept as uint8, indexed there, made floating-point only for the batch at hand."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from datasets import LabelledImages
from datasets.gather import IN_MEMORY_BYTES

GPU_SHARE = 0.5
"""Of a GPU's free memory, what images may take; the rest is for networks."""


def to_device(images: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Brings images to where they are indexed: to the device, or, when they are too many, where they lie.

    Args:
        images: (N, C, H, W) uint8.
        device: Where to.

    Returns:
        (N, H, W, C) uint8: a copy on the device, channels innermost; of a mapped set on the CPU, and of a set that
        does not fit on the GPU, a view of the map, from which batches are read.
    """
    if stays(images, device):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*not writable")  # and nobody writes to it
            return torch.from_numpy(images).permute(0, 2, 3, 1)
    return torch.tensor(np.ascontiguousarray(images.transpose(0, 2, 3, 1)), device=device)


def stays(images: NDArray[np.uint8], device: torch.device) -> bool:
    """Whether images are better read from where they lie: too many for the GPU, or a large map on the CPU."""
    if device.type == "cpu":
        return isinstance(images, np.memmap) and images.nbytes > IN_MEMORY_BYTES
    return images.nbytes > GPU_SHARE * torch.cuda.mem_get_info(device)[0]


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
        images: (N, H, W, C) uint8, on the device or, when they are too many, on the CPU.
        targets: (N,) int64 labels, or (N, K) float32 class probabilities, on the device.
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
        """The images of both, the other's behind; hard labels become distributions where either has these."""
        targets = [self.targets, other.targets]
        if any(some.is_floating_point() for some in targets):
            classes = next(some.shape[1] for some in targets if some.is_floating_point())
            targets = [
                some if some.is_floating_point() else nn.functional.one_hot(some, classes).float() for some in targets
            ]
        return ImagePool(torch.cat([self.images, other.images]), torch.cat(targets))

    def take(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """A batch: (B, C, H, W) float32 in [−1, 1], channels_last, and its targets.

        Args:
            indices: (B,) int64 on the CPU.
        """
        batch = self.images[send(indices, self.images.device)].contiguous()
        device = self.targets.device
        return to_float(send(batch, device)), self.targets[send(indices, device)]
