"""Generator quality while training: KID against the validation images, in fixed random features.

This serves the choice of a checkpoint, never a result: results are measured on test images, in other features.
"""

from __future__ import annotations

import itertools

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from datasets import LabelledImages
from methods import SampleImages

FEATURES = 256
MOST_IMAGES = 1024


class RandomFeatures(nn.Module):
    """Three strided convolutions with fixed random weights, average-pooled: (N, C, H, W) uint8 → (N, 256) float32.

    Random convolutional features order generators much as trained ones do, need no download and know no class
    (Naeem et al. 2020, arXiv 2002.09797, use a randomly initialised network as embedding in the same spirit).

    Args:
        channels: C of the images.
        seed: Of the weights.
    """

    def __init__(self, channels: int, *, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        widths = (channels, 64, 128, FEATURES)
        self.weights = nn.ParameterList(
            nn.Parameter(
                torch.randn(out, into, 3, 3, generator=generator) * (2 / (9 * into)) ** 0.5,
                requires_grad=False,
            )
            for into, out in itertools.pairwise(widths)
        )

    @torch.inference_mode()
    def forward(self, images: Tensor) -> Tensor:
        """Embeds images."""
        hidden = images.float() / 127.5 - 1
        for weight in self.weights:
            hidden = F.leaky_relu(F.conv2d(hidden, weight, stride=2, padding=1), 0.2)
        return hidden.mean(dim=(2, 3))


def embed(features: RandomFeatures, images: NDArray[np.uint8], device: torch.device) -> NDArray[np.float64]:
    """(N, C, H, W) uint8 → (N, 256) float64, in batches."""
    parts = [features(torch.from_numpy(images[i : i + 256]).to(device)).cpu() for i in range(0, len(images), 256)]
    return torch.cat(parts).double().numpy()


def kernel_distance(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Unbiased squared maximum mean discrepancy with the cubic polynomial kernel (KID, Bińkowski et al. 2018).

    Args:
        x: (M, D), M ≥ 2.
        y: (N, D), N ≥ 2.

    Returns:
        May be slightly negative where the distributions agree.
    """

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        return (a @ b.T / a.shape[1] + 1) ** 3

    m, n = len(x), len(y)
    within_x, within_y = kernel(x, x), kernel(y, y)
    xx = (within_x.sum() - np.trace(within_x)) / (m * (m - 1))
    yy = (within_y.sum() - np.trace(within_y)) / (n * (n - 1))
    return float(xx + yy - 2 * kernel(x, y).mean())


class ValidationQuality:
    """Measures a generator against validation images of every class.

    Args:
        valid: Validation images; classes with fewer than two are left out.
        device: Where to embed.
        seed: Of the noise that the generator is given, the same at every call.
    """

    def __init__(self, valid: LabelledImages, *, device: torch.device, seed: int) -> None:
        self._device = device
        self._seed = seed
        self._features = RandomFeatures(valid.images.shape[1]).to(device)
        self._labels, self._real = self._balanced(valid)

    def _balanced(self, valid: LabelledImages) -> tuple[NDArray[np.int64], dict[int, NDArray[np.float64]]]:
        most = max(2, MOST_IMAGES // len(valid.classes))
        real: dict[int, NDArray[np.float64]] = {}
        labels: list[NDArray[np.int64]] = []
        for k in range(len(valid.classes)):
            chosen = np.flatnonzero(valid.labels == k)[:most]
            if len(chosen) >= 2:
                real[k] = embed(self._features, valid.images[chosen], self._device)
                labels.append(np.full(max(len(chosen), min(most, 64)), k, dtype=np.int64))
        return np.concatenate(labels), real

    def __call__(self, sample: SampleImages) -> float:
        """Mean over classes of the KID between generated and validation images of the class; lower is better."""
        images = sample(self._labels, torch.Generator().manual_seed(self._seed))
        generated = embed(self._features, images, self._device)
        return float(np.mean([kernel_distance(generated[self._labels == k], real) for k, real in self._real.items()]))
