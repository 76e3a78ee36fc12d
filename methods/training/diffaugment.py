"""DiffAugment [Zhao et al. 2006.10738]: the same kind of transforms on real and generated images, with gradient.

Policy "colour, translation", translation at the published strength and colours at a fifth of it: at the full one, few
updates went into learning colours, by which some classes differ. Cutout is left out: it can leak into what is
generated.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from methods.training.images import send

TRANSLATION = 0.125
"""Largest shift as a share of the image's side, either way."""
BRIGHTNESS, SATURATION, CONTRAST = 0.1, 0.2, 0.1
"""Largest change either way: added; and relative, twice."""


def diffaugment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Brightness, saturation and contrast, then a shift with zeros (mid-grey) at the border; drawn for each image.

    Args:
        images: (B, C, H, W) in [−1, 1].
        generator: On the CPU.

    Returns:
        The same shape; colours may leave the range a little.
    """
    u = send(2.0 * torch.rand(3, len(images), 1, 1, 1, generator=generator) - 1.0, images.device)
    images = images + BRIGHTNESS * u[0]
    grey = images.mean(dim=1, keepdim=True)
    images = grey + (images - grey) * (1.0 + SATURATION * u[1])
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = mean + (images - mean) * (1.0 + CONTRAST * u[2])
    return _translate(images, generator)


def _translate(images: Tensor, generator: torch.Generator) -> Tensor:
    """Whole pixels, by indexing: exact, and cheap on any device."""
    n, _, height, width = images.shape
    most = round(TRANSLATION * height)
    moves = send(torch.randint(0, 2 * most + 1, (2, n, 1, 1), generator=generator), images.device)
    padded = nn.functional.pad(images, [most] * 4).permute(0, 2, 3, 1)
    rows = moves[0] + torch.arange(height, device=images.device)[:, None]
    columns = moves[1] + torch.arange(width, device=images.device)
    batch = torch.arange(n, device=images.device)[:, None, None]
    return padded[batch, rows, columns].permute(0, 3, 1, 2)
