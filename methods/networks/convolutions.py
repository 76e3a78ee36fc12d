"""Pieces that convolutional (and other) networks share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


def doubling(width: int, *, size: int) -> list[int]:
    """Channels from the image down to 4 × 4: w, 2 w, 4 w, …, one for each halving.

    Args:
        width: Channels at half the image's size.
        size: Of the image, a power of two.
    """
    return [width << k for k in range(int(math.log2(size)) - 2)]


def strided(channels: Sequence[int]) -> nn.Sequential:
    """(N, C, H, W) → (N, F): 4×4 convolutions of stride 2, LeakyReLU 0.2, no normalisation, flattened.

    Args:
        channels: Of the image, then after each convolution.
    """
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(channels):
        layers += [nn.Conv2d(inputs, outputs, kernel_size=4, stride=2, padding=1), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Flatten())


def beside(features: Tensor, labels: Tensor, *, classes: int) -> Tensor:
    """Puts the one-hot label beside features, as constant planes beside an image.

    Args:
        features: (N, F) or (N, C, H, W).
        labels: (N,) int64.
        classes: K; with 0 the features are given back as they are.

    Returns:
        (N, F + K) or (N, C + K, H, W).
    """
    if not classes:
        return features
    one_hot = nn.functional.one_hot(labels, classes).to(features.dtype)
    if features.ndim == 4:
        one_hot = one_hot[:, :, None, None].expand(-1, -1, *features.shape[2:])
    return torch.cat([features, one_hot], dim=1)


def spread(features: Tensor, labels: Tensor) -> Tensor:
    """Standard deviation within an image's class in the batch, averaged over features [1710.10196, section 3].

    A class that is drawn as one image over and over has none, and is found out. Per class, since classes differ.

    Args:
        features: (N, F).
        labels: (N,) int64.

    Returns:
        (N, 1).
    """
    mates = (labels[:, None] == labels).to(features.dtype)
    mates = mates / mates.sum(dim=1, keepdim=True)
    variance = mates @ (features - mates @ features).square()
    return (variance + 1e-4).sqrt().mean(dim=1, keepdim=True)
