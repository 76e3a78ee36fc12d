"""A small conditional U-Net for denoising diffusion [Ho et al. 2006.11239, appendix B], cut to what one core affords.

Residual blocks with group normalisation that time and class scale and shift [Nichol & Dhariwal 2102.09672, section 2;
Dhariwal & Nichol 2105.05233, section 4], attention at the coarsest grid only, last layers that start from zero.
Ours: the image enters and leaves at half its size, since full-size convolutions would cost most and add least; each
grid but the first has one block down and one up; skips are added, not concatenated.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from methods.networks.shape import Shape

COARSEST = 4
"""Side of the smallest grid in cells."""
HEAD = 32
"""Channels of an attention head, or more where these do not come out even."""
GROUPS = 8
"""Of group normalisation."""


class UNet(nn.Module):
    """Noisy image, time and class → an image-shaped prediction, which is zero before training.

    Args:
        shape: A power of two from 16 on in size. Its width, a multiple of 8, is that of the grid of half the size, and
            doubles with every halving. Of K classes, label K stands for any (the null token of 2207.12598).
        inputs: Channels that come in, those of the image and of whatever lies beside it.
    """

    def __init__(self, shape: Shape, *, inputs: int) -> None:
        super().__init__()
        width = shape.width
        widths = [width << k for k in range(int(math.log2(shape.size // COARSEST)))]  # of grids size/2, size/4, …, 4
        context = 4 * width
        self.time = nn.Sequential(nn.Linear(2 * width, context), nn.SiLU(), nn.Linear(context, context))
        self.label = nn.Embedding(shape.classes + 1, context)
        self.frequencies = 2 * width
        self.stem = nn.Conv2d(inputs, width, kernel_size=4, stride=2, padding=1)
        self.downs = nn.ModuleList(_down(a, b) for a, b in pairwise(widths))
        self.before = nn.ModuleList(ResidualBlock(inner, context=context) for inner in widths[1:-1])
        self.middle = ResidualBlock(widths[-1], context=context)
        self.attention = Attention(widths[-1])
        self.ups = nn.ModuleList(_up(b, a) for a, b in pairwise(widths))
        self.after = nn.ModuleList(ResidualBlock(inner, context=context) for inner in widths[1:-1])
        self.norm = AdaptiveNorm(width, context=context)
        self.head = zeroed(nn.ConvTranspose2d(width, shape.channels, kernel_size=4, stride=2, padding=1))

    def forward(self, images: Tensor, time: Tensor, labels: Tensor) -> Tensor:
        """(N, inputs, H, W), (N,) time in [0, 1] and (N,) int64 labels 0…K → (N, C, H, W)."""
        context = nn.functional.silu(self.time(sinusoids(time, self.frequencies)) + self.label(labels))
        features = self.stem(images)
        skips = [features]
        for k, down in enumerate(self.downs):
            features = down(features)
            if k < len(self.before):
                features = self.before[k](features, context)
                skips.append(features)
        features = self.attention(self.middle(features, context))
        for k in reversed(range(len(self.ups))):
            features = self.ups[k](features) + skips[k]
            if k > 0:
                features = self.after[k - 1](features, context)
        return self.head(nn.functional.silu(self.norm(features, context)))


class GroupNorm(nn.GroupNorm):
    """In float32 whatever the features come in: more exact, and on a CPU four times as fast as in bfloat16."""

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) → the same shape in float32."""
        return super().forward(input.float())


class AdaptiveNorm(nn.Module):
    """Group normalisation, then scaled by 1 + s and shifted by t, both linear in the context [2102.09672, section 2].

    Args:
        channels: Of the features.
        context: Length of the context vector.
    """

    def __init__(self, channels: int, *, context: int) -> None:
        super().__init__()
        self.norm = GroupNorm(GROUPS, channels, affine=False)
        self.modulate = zeroed(nn.Linear(context, 2 * channels))

    def forward(self, features: Tensor, context: Tensor) -> Tensor:
        """(N, channels, H, W) and (N, context) → the same shape as the features."""
        scale, shift = self.modulate(context)[:, :, None, None].chunk(2, dim=1)
        return self.norm(features) * (1.0 + scale) + shift


class ResidualBlock(nn.Module):
    """x + conv(silu(norm(conv(silu(norm(x)))))), the second norm given the context [2102.09672, section 2].

    Args:
        channels: In and out.
        context: Length of the context vector.
    """

    def __init__(self, channels: int, *, context: int) -> None:
        super().__init__()
        self.norm1 = GroupNorm(GROUPS, channels)
        self.conv1 = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.norm2 = AdaptiveNorm(channels, context=context)
        self.conv2 = zeroed(nn.Conv2d(channels, channels, kernel_size=3, padding=1))

    def forward(self, features: Tensor, context: Tensor) -> Tensor:
        """(N, channels, H, W) and (N, context) → the same shape as the features."""
        hidden = self.conv1(nn.functional.silu(self.norm1(features)))
        return features + self.conv2(nn.functional.silu(self.norm2(hidden, context)))


class Attention(nn.Module):
    """x + self-attention over places [2006.11239, appendix B].

    Args:
        channels: Of the features, a multiple of 8.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.heads = math.gcd(channels, max(1, channels // HEAD))
        self.norm = GroupNorm(GROUPS, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, kernel_size=1)
        self.project = zeroed(nn.Conv2d(channels, channels, kernel_size=1))

    def forward(self, features: Tensor) -> Tensor:
        """(N, channels, H, W) → the same shape."""
        q, k, v = self.qkv(self.norm(features)).flatten(2).unflatten(1, (3, self.heads, -1)).mT.unbind(1)
        weights = torch.softmax(q @ k.mT / math.sqrt(q.shape[-1]), dim=-1)  # 16 places: too few for a fused kernel
        attended = (weights @ v).mT.flatten(1, 2).unflatten(2, features.shape[2:])
        return features + self.project(attended)


def sinusoids(time: Tensor, length: int) -> Tensor:
    """(N,) times in [0, 1] → (N, length): sines and cosines of 1,000 t at geometric frequencies [1706.03762, 3.5]."""
    rates = torch.exp(-math.log(10_000.0) * torch.arange(length // 2, device=time.device) / (length // 2))
    angles = 1000.0 * time[:, None].float() * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def zeroed(layer: nn.Conv2d | nn.ConvTranspose2d | nn.Linear) -> nn.Module:
    """The layer with weights and biases of zero."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _down(inputs: int, outputs: int) -> nn.Module:
    return nn.Conv2d(inputs, outputs, kernel_size=4, stride=2, padding=1)


def _up(inputs: int, outputs: int) -> nn.Module:
    return nn.ConvTranspose2d(inputs, outputs, kernel_size=4, stride=2, padding=1)
