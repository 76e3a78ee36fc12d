"""A lean vision transformer for small images [Dosovitskiy et al. 2010.11929], with a convolutional stem.

The stem [Xiao et al. 2106.14881] makes a grid of overlapping patches. Its normalisation is by groups of channels, and
not by batches as published, so that no image depends on the others in its batch: the trunk is a discriminator's too.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

GROUP = 16
"""Channels that the stem normalises together."""


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
        tokens = tokens + self.project(attention(self.qkv(self.norm1(tokens)), heads=self.heads))
        return tokens + self.mlp(self.norm2(tokens))


def attention(qkv: Tensor, *, heads: int) -> Tensor:
    """Scaled dot-product attention [Vaswani et al. 1706.03762, eq. 1], every head by itself.

    On a CPU in float32 whatever surrounds it: there the backward pass in bfloat16 takes seven times as long.

    Args:
        qkv: (N, T, 3 dim), queries, keys and values.
        heads: Divides dim.

    Returns:
        (N, T, dim).
    """
    q, k, v = qkv.unflatten(2, (3, heads, -1)).permute(2, 0, 3, 1, 4)
    if qkv.device.type == "cpu":
        with torch.autocast("cpu", enabled=False):
            attended = nn.functional.scaled_dot_product_attention(q.float(), k.float(), v.float())
    else:
        attended = nn.functional.scaled_dot_product_attention(q, k, v)
    return attended.transpose(1, 2).flatten(2)


class Trunk(nn.Module):
    """Image to tokens: stem, learned positions, blocks, norm.

    Args:
        channels: Of the images.
        size: Height and width in pixels, at least twice the grid; at the end of the stem any rest is averaged away.
        dim: Of a token; a multiple of 4.
        depth: Blocks.
        heads: Of attention.
        grid: Tokens along a side.
    """

    def __init__(self, *, channels: int, size: int, dim: int, depth: int, heads: int, grid: int) -> None:
        super().__init__()
        halvings = max(1, int(math.log2(size / grid)))
        layers: list[nn.Module] = []
        inputs = channels
        for k in reversed(range(halvings)):
            outputs = max(dim >> max(k - 1, 0), GROUP)
            layers += [
                nn.Conv2d(inputs, outputs, kernel_size=3, stride=2, padding=1),
                nn.GroupNorm(math.gcd(outputs, max(1, outputs // GROUP)), outputs),
                nn.GELU(),
            ]
            inputs = outputs
        self.stem = nn.Sequential(*layers, nn.Conv2d(inputs, dim, kernel_size=1), nn.AdaptiveAvgPool2d(grid))
        self.positions = nn.Parameter(torch.zeros(1, grid * grid, dim))
        nn.init.trunc_normal_(self.positions, std=0.02)
        self.blocks = nn.Sequential(*(Block(dim, heads=heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(dim)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) → (N, T, dim)."""
        tokens = self.stem(images).flatten(2).transpose(1, 2) + self.positions
        return self.norm(self.blocks(tokens))


class Mean(nn.Module):
    """Tokens to one feature vector."""

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, T, dim) → (N, dim)."""
        return tokens.mean(dim=1)
