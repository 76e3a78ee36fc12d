"""The convolutional autoencoder that BAGAN and BAGAN-GP start from [1803.09655; 2011.00189].

Sizes of 2011.00189 for 64 × 64 pixels and width 64: encoder 64-128-128-256 without normalisation, decoder
128-128-64 with batch normalisation. Smaller images have fewer of the middle layers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor, nn

from methods.networks.convolutions import strided
from methods.networks.shape import Shape
from methods.state import Parts
from methods.training.arrangement import Feed
from methods.training.precision import autocast

SHARE = 0.2
"""Of the budget, for the autoencoder (our choice); 2011.00189 has 30 epochs of it before 100 to 200 of the GAN."""


def widths_of(shape: Shape) -> list[int]:
    """Channels from the image down to 4 × 4: w, then 2 w, at last 4 w."""
    return [shape.width, *[2 * shape.width] * (int(math.log2(shape.size)) - 4), 4 * shape.width]


def trunk(shape: Shape) -> nn.Sequential:
    """(N, C, H, W) → (N, 64 w): strided convolutions, flattened; labels are not looked at."""
    return strided([shape.channels, *widths_of(shape)])


class Decoder(nn.Module):
    """Latent → 4 × 4 × 4 w → transposed 4×4 convolutions of stride 2 with batch normalisation, tanh.

    Args:
        shape: The width is that of the last hidden layer; classes are not looked at.
        latent: Numbers an image.
    """

    def __init__(self, shape: Shape, *, latent: int) -> None:
        super().__init__()
        widths = widths_of(shape)[::-1]
        layers: list[nn.Module] = [nn.Linear(latent, 16 * widths[0]), nn.Unflatten(1, (widths[0], 4, 4))]
        for inputs, outputs in pairwise(widths):
            layers += [nn.BatchNorm2d(inputs), nn.LeakyReLU(0.2), _up(inputs, outputs)]
        layers += [nn.BatchNorm2d(widths[-1]), nn.LeakyReLU(0.2), _up(widths[-1], shape.channels), nn.Tanh()]
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
    feed: Feed,
) -> Feed:
    """Trains for `SHARE` of the updates, in the phase ``pretrain``.

    Args:
        reconstruct: (B, C, H, W) images and (B,) labels → images again.
        networks: What it is made of; brought to the device.
        loss: Of (reconstruction, image).
        rate: Of Adam.
        betas: Of Adam.
        feed: Images and updates.

    Returns:
        What is left of the feed for the GAN.

    Raises:
        Diverged: The loss left the finite numbers.
    """
    context, steps = feed.context, round(SHARE * feed.steps)
    optimiser = torch.optim.Adam(networks.to(context.device).parameters(), lr=rate, betas=betas, fused=True)
    with context.phase("pretrain", steps=steps):
        for step in context.steps(steps, Parts(networks=networks, optimiser=optimiser, feed=feed)):
            images, labels = feed.pool.take(feed.draws.take(context.budget.batch))
            with autocast(context.device, context.precision):
                again = reconstruct(images, labels)
            error = loss(again.float(), images)
            optimiser.zero_grad()
            error.backward()
            optimiser.step()
            context.log(step, reconstruction_loss=error.detach())
    return replace(feed, steps=feed.steps - steps)


def _up(inputs: int, outputs: int) -> nn.Module:
    return nn.ConvTranspose2d(inputs, outputs, kernel_size=4, stride=2, padding=1)
