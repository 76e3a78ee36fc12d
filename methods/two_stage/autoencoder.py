"""The convolutional autoencoder that BAGAN and BAGAN-GP start from [1803.09655; 2011.00189].

Sizes of 2011.00189 for 64 × 64 pixels and width 64: encoder 64-128-128-256 without normalisation, decoder
128-128-64 with batch normalisation. Smaller images have fewer of the middle layers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from methods.base import Context
from methods.training.draws import Draws
from methods.training.images import ImagePool
from methods.training.precision import autocast


def widths_of(size: int, width: int) -> list[int]:
    """Channels from the image down to 4 × 4: w, then 2 w, at last 4 w."""
    return [width, *[2 * width] * (int(math.log2(size)) - 4), 4 * width]


def trunk(*, channels: int, size: int, width: int) -> nn.Sequential:
    """(N, C, H, W) → (N, 64 w): 4×4 convolutions of stride 2, LeakyReLU 0.2, no normalisation, flattened."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise([channels, *widths_of(size, width)]):
        layers += [nn.Conv2d(inputs, outputs, kernel_size=4, stride=2, padding=1), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Flatten())


class Decoder(nn.Module):
    """Latent → 4 × 4 × 4 w → transposed 4×4 convolutions of stride 2 with batch normalisation, tanh.

    Args:
        channels: Of the images.
        size: Height and width in pixels, a power of two.
        width: Channels of the last hidden layer.
        latent: Numbers an image.
    """

    def __init__(self, *, channels: int, size: int, width: int, latent: int) -> None:
        super().__init__()
        widths = widths_of(size, width)[::-1]
        layers: list[nn.Module] = [nn.Linear(latent, 16 * widths[0]), nn.Unflatten(1, (widths[0], 4, 4))]
        for inputs, outputs in pairwise(widths):
            layers += [nn.BatchNorm2d(inputs), nn.LeakyReLU(0.2), _up(inputs, outputs)]
        layers += [nn.BatchNorm2d(widths[-1]), nn.LeakyReLU(0.2), _up(widths[-1], channels), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, latent: Tensor) -> Tensor:
        """(N, latent) → (N, C, H, W) in [−1, 1]."""
        return self.layers(latent)


def train_autoencoder(
    reconstruct: Callable[[Tensor, Tensor], Tensor],
    networks: nn.Module,
    *,
    loss: nn.Module,
    rate: float,
    betas: tuple[float, float],
    pool: ImagePool,
    draws: Draws,
    steps: int,
    context: Context,
) -> None:
    """Trains in the phase ``pretrain``; every update counts as one of the generator's budget.

    Args:
        reconstruct: (B, C, H, W) images and (B,) labels → images again.
        networks: What it is made of, on the device.
        loss: Of (reconstruction, image).
        rate: Of Adam.
        betas: Of Adam.
        pool: Training images.
        draws: Which come next.
        steps: Updates.
        context: What the engine offers.

    Raises:
        Diverged: The loss left the finite numbers.
    """
    optimiser = torch.optim.Adam(networks.parameters(), lr=rate, betas=betas)
    with context.phase("pretrain", steps=steps):
        for step in range(1, steps + 1):
            images, labels = pool.take(draws.take(context.budget.batch))
            with autocast(context.device, context.precision):
                again = reconstruct(images, labels)
            error = loss(again.float(), images)
            optimiser.zero_grad()
            error.backward()
            optimiser.step()
            context.log(step, reconstruction_loss=error.detach())


def _up(inputs: int, outputs: int) -> nn.Module:
    return nn.ConvTranspose2d(inputs, outputs, kernel_size=4, stride=2, padding=1)
