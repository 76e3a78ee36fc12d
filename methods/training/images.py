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
    return copied(images, device)


def copied(images: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Copies images, (N, C, H, W) uint8, to the device, however many: (N, H, W, C), channels innermost."""
    return torch.tensor(np.ascontiguousarray(images.transpose(0, 2, 3, 1)), device=device)


def stays(images: NDArray[np.uint8], device: torch.device) -> bool:
    """Whether images are better read from where they lie: too many for the GPU, or a large map on the CPU."""
    if device.type == "cpu":
        return isinstance(images, np.memmap) and images.nbytes > IN_MEMORY_BYTES
    return images.nbytes > GPU_SHARE * torch.cuda.mem_get_info(device)[0]


def send(tensor: Tensor, device: torch.device) -> Tensor:
    """Brings a small tensor to the device; from the CPU to a GPU without waiting for what the GPU is doing."""
    if device.type == "cuda" and tensor.device.type == "cpu":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


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
        blocks: (N_b, H, W, C) uint8 each, one behind the other: on the device, or on the CPU what is too many for it.
        targets: (N,) int64 labels, or (N, K) float32 class probabilities, on the device.
    """

    blocks: tuple[Tensor, ...]
    targets: Tensor

    @classmethod
    def of(cls, data: LabelledImages, device: torch.device) -> ImagePool:
        """The pool of a labelled set, with hard labels."""
        return cls((to_device(data.images, device),), torch.tensor(data.labels, device=device))

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
        return ImagePool(_together(self.blocks + other.blocks), torch.cat(targets))

    def labelled(self, targets: Tensor) -> ImagePool:
        """The same images with other targets, on the device."""
        return ImagePool(self.blocks, targets)

    def take(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """A batch: (B, C, H, W) float32 in [−1, 1], channels_last, and its targets.

        Args:
            indices: (B,) int64 on the CPU.
        """
        return to_float(self._rows(indices)), self.targets[send(indices, self.targets.device)]

    def _rows(self, indices: Tensor) -> Tensor:
        """(B, H, W, C) uint8 on the device, each image from the block that it lies in."""
        device = self.targets.device
        if len(self.blocks) == 1:
            return _taken(self.blocks[0], indices, device)
        rows = torch.empty((len(indices), *self.blocks[0].shape[1:]), dtype=torch.uint8, device=device)
        start = 0
        for block in self.blocks:
            here = ((indices >= start) & (indices < start + len(block))).nonzero().squeeze(1)
            if len(here):
                rows[send(here, device)] = _taken(block, indices[here] - start, device)
            start += len(block)
        return rows


def _taken(block: Tensor, indices: Tensor, device: torch.device) -> Tensor:
    return send(block[send(indices, block.device)].contiguous(), device)


def _together(blocks: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """One block of several, but where they lie on two devices, or would fill the memory that a map spares."""
    apart = len({block.device for block in blocks}) > 1
    spared = blocks[0].device.type == "cpu" and sum(block.nbytes for block in blocks) > IN_MEMORY_BYTES
    return blocks if apart or spared else (torch.cat(blocks),)
