"""The generator of ViTGAN, conditional [Lee et al. 2107.04589, section 3.4]: z and class modulate every LayerNorm.

Noise never enters as tokens. The tokens start as a learned grid, and each normalisation is scaled and shifted by what
a small network makes of z, and by the class ("conditional class projection": an embedding of the class is projected
into every modulation). Transposed convolutions make the grid of tokens into pixels (in the place of the paper's
Fourier features: our choice, since a CPU core affords it).
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from methods.base import NotApplicable
from methods.networks.shape import Shape
from methods.networks.vit import attention

LATENT = 64
DEPTH, HEADS = 2, 4
SPREAD = 0.15
"""Standard deviation of the gains and shifts that z gives at the start, and of those that the class gives: with small
ones z is drowned by the class, and all images of a class begin alike."""
PATCH = 8
"""Pixels along a side that one token becomes: three doublings."""


def require_whole_patches(name: str, size: int) -> None:
    """Raises NotApplicable where the generator's grid of tokens does not fill the image."""
    if size < 2 * PATCH or size % PATCH:
        raise NotApplicable(
            f"{name} draws images of {PATCH} × {PATCH} patches, so their size has to be a multiple of {PATCH} from "
            f"{2 * PATCH} on, got {size}; write for example --budget size={max(2, round(size / PATCH)) * PATCH}."
        )


class SelfModulatedNorm(nn.Module):
    """γ(w, y) ⊙ LN(h) + β(w, y) [2107.04589, section 3.4; Chen et al. 1810.01365].

    Args:
        dim: Of what is normalised.
        style: Of w.
        classes: Whose embeddings are projected into γ and β; 0 for none.
    """

    def __init__(self, dim: int, *, style: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim, elementwise_affine=False)
        self.modulate = nn.Linear(style, 2 * dim)
        nn.init.normal_(self.modulate.weight, 0.0, SPREAD / style**0.5)
        nn.init.zeros_(self.modulate.bias)
        self.project = nn.Embedding(classes, 2 * dim) if classes else None
        if self.project is not None:
            nn.init.normal_(self.project.weight, 0.0, SPREAD)

    def forward(self, hidden: Tensor, style: Tensor, labels: Tensor) -> Tensor:
        """(N, …, dim), (N, style) and (N,) int64 → the shape of the first."""
        both = self.modulate(style)
        if self.project is not None:
            both = both + self.project(labels)
        gain, shift = both.view(len(both), *[1] * (hidden.ndim - 2), -1).chunk(2, dim=-1)
        return self.norm(hidden) * (1.0 + gain) + shift


class ModulatedBlock(nn.Module):
    """h + attention(SLN(h)), then h + mlp(SLN(h)) [2107.04589, section 3.4].

    Args:
        dim: Of a token.
        heads: Of attention.
        style: Of w.
        classes: See `SelfModulatedNorm`.
    """

    def __init__(self, dim: int, *, heads: int, style: int, classes: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = SelfModulatedNorm(dim, style=style, classes=classes)
        self.norm2 = SelfModulatedNorm(dim, style=style, classes=classes)
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, tokens: Tensor, style: Tensor, labels: Tensor) -> Tensor:
        """(N, T, dim), (N, style) and (N,) int64 → (N, T, dim)."""
        tokens = tokens + self.out(attention(self.qkv(self.norm1(tokens, style, labels)), heads=self.heads))
        return tokens + self.mlp(self.norm2(tokens, style, labels))


class Generator(nn.Module):
    """A learned grid of tokens, modulated blocks, and three doublings by transposed convolutions, tanh.

    Args:
        shape: The size is a multiple of 8, tokens have three times the width.
        projection: Project the class into every modulation; else it enters beside z alone.
    """

    def __init__(self, shape: Shape, *, projection: bool) -> None:
        super().__init__()
        dim, self.grid = 3 * shape.width, shape.size // PATCH
        projected = shape.classes if projection else 0
        self.embedding = nn.Embedding(shape.classes, LATENT)
        self.mapping = nn.Sequential(nn.Linear(2 * LATENT, dim), nn.GELU(), nn.Linear(dim, dim), nn.LayerNorm(dim))
        self.tokens = nn.Parameter(torch.randn(1, self.grid**2, dim))
        self.blocks = nn.ModuleList(
            ModulatedBlock(dim, heads=HEADS, style=dim, classes=projected) for _ in range(DEPTH)
        )
        widths = [dim, dim // 2, dim // 4]
        self.norms = nn.ModuleList(SelfModulatedNorm(width, style=dim, classes=projected) for width in widths)
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(inner, outer, kernel_size=4, stride=2, padding=1)
            for inner, outer in pairwise([*widths, shape.channels])
        )
        for up in self.ups:
            start_smooth(up)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """(N, 64) standard normal and (N,) int64 → (N, C, H, W) in [−1, 1]."""
        style = self.mapping(torch.cat([noise, self.embedding(labels)], dim=1))
        tokens = self.tokens.expand(len(noise), -1, -1)
        for block in self.blocks:
            tokens = block(tokens, style, labels)
        features = tokens.unflatten(1, (self.grid, self.grid))
        for norm, up in zip(self.norms, self.ups, strict=True):
            active = nn.functional.leaky_relu(norm(features, style, labels), 0.2)
            features = up(active.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return torch.tanh(features.permute(0, 3, 1, 2))


@torch.no_grad()
def start_smooth(up: nn.Module) -> None:
    """Lets a 4×4 transposed convolution of stride 2 begin as bilinear doubling behind a random mixture of channels.

    With independent random weights the four pixels that a place becomes have nothing to do with each other, and the
    chequered pattern that this gives is unlearnt slowly.
    """
    assert isinstance(up, nn.ConvTranspose2d)
    along = torch.tensor([0.25, 0.75, 0.75, 0.25])
    mixture = torch.randn(up.in_channels, up.out_channels, 1, 1) / up.in_channels**0.5
    up.weight.copy_(mixture * along[:, None] * along)
    if up.bias is not None:
        up.bias.zero_()
