"""A lean vision transformer for small images [Dosovitskiy et al. 2010.11929], with a convolutional stem.

The stem [Xiao et al. 2106.14881] makes an 8 × 8 grid of overlapping patches.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

GRID = 8
"""Tokens along a side."""


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)) [2010.11929, eq. 2 and 3].

    Args:
        dim: Of a token.
        heads: Of attention; divides ``dim``.
        ratio: Width of the hidden layer over ``dim``.
    """

    def __init__(self, dim: int, *, heads: int, ratio: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.project = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.mlp = nn.Sequential(nn.Linear(dim, ratio * dim), nn.GELU(), nn.Linear(ratio * dim, dim))

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, T, dim) → the same shape."""
        tokens = tokens + self._attend(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))

    def _attend(self, tokens: Tensor) -> Tensor:
        q, k, v = self.qkv(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        attended = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.project(attended.transpose(1, 2).flatten(2))


class Trunk(nn.Module):
    """Image to one feature vector: stem, learned positions, blocks, norm, mean over the tokens.

    Args:
        channels: Of the images.
        size: Height and width in pixels, at least 16; at the end of the stem any rest is averaged to 8 × 8.
        dim: Of a token; a multiple of 8.
        depth: Blocks.
        heads: Of attention.
    """

    def __init__(self, *, channels: int, size: int, dim: int, depth: int, heads: int) -> None:
        super().__init__()
        halvings = max(1, int(math.log2(size / GRID)))
        layers: list[nn.Module] = []
        inputs = channels
        for k in reversed(range(halvings)):
            outputs = max(dim >> k, 8)
            layers += [nn.Conv2d(inputs, outputs, kernel_size=3, stride=2, padding=1), nn.GELU()]
            inputs = outputs
        self.stem = nn.Sequential(*layers, nn.Conv2d(inputs, dim, kernel_size=1), nn.AdaptiveAvgPool2d(GRID))
        self.positions = nn.Parameter(torch.zeros(1, GRID * GRID, dim))
        nn.init.trunc_normal_(self.positions, std=0.02)
        self.blocks = nn.Sequential(*(Block(dim, heads=heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(dim)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) → (N, dim)."""
        tokens = self.stem(images).flatten(2).transpose(1, 2) + self.positions
        return self.norm(self.blocks(tokens)).mean(dim=1)
