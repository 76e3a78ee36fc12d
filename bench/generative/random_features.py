"""The ``random`` extractor: a fixed random network, which has seen no image and needs no file."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from bench.generative.extractor import Embedding, Extractor, in_batches, tensors_hash

FEATURES = 256


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


class RandomExtractor(Extractor):
    """See `RandomFeatures`.

    Args:
        channels: C of the images.
        device: Where to compute.
    """

    name = "random"
    resize = "none"
    width = FEATURES

    def __init__(self, channels: int, *, device: torch.device) -> None:
        self._network = RandomFeatures(channels).to(device)
        self._device = device
        self.hash = tensors_hash(self._network.state_dict())

    def embed(self, images: NDArray[np.uint8]) -> Embedding:
        """See `Extractor.embed`; without logits."""
        return Embedding(in_batches(lambda batch: self._network(batch.to(self._device)), images))
