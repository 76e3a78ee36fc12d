"""The eight symmetries of the square, for images without an up and a left: flips and quarter turns.

Real images are drawn in a random one of them, and so are generated ones, when training and when sampling alike: the
discriminator has eight times the images, and what it holds against the real ones is what is sampled.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from methods.training.images import send

SYMMETRIES = 8


def turned(images: Tensor, which: Tensor) -> Tensor:
    """Images in another of their eight symmetries; exact, and with gradient.

    Args:
        images: (B, C, S, S).
        which: (B,) int64, 0…7: bits for a flip across, a flip down, and a flip at the diagonal; 0 is none.
    """
    bits = which[:, None, None, None]
    images = torch.where((bits & 1).bool(), images.flip(3), images)
    images = torch.where((bits & 2).bool(), images.flip(2), images)
    return torch.where((bits & 4).bool(), images.transpose(2, 3), images)


def turned_at_random(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image in one of its eight symmetries, all equally likely.

    Args:
        images: (B, C, S, S).
        generator: On the CPU.
    """
    which = torch.randint(0, SYMMETRIES, (len(images),), generator=generator)
    return turned(images, send(which, images.device))


class Turned(nn.Module):
    """A generator whose images come in all symmetries alike: one more number of noise says in which.

    Args:
        network: (N, latent) noise and (N,) labels → (N, C, S, S).
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """(N, latent + 1) standard normal and (N,) int64 → (N, C, S, S)."""
        share = torch.special.ndtr(noise[:, -1])  # of a standard normal number: U(0, 1)
        which = (share * SYMMETRIES).long().clamp_(max=SYMMETRIES - 1)
        return turned(self.network(noise[:, :-1], labels), which)
