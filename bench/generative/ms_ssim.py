"""How alike the images of one class are among each other (MS-SSIM): near 1, the generator draws one image."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

PAIRS = 100
WINDOW = 11
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of the five scales, finest first [Wang, Simoncelli & Bovik 2003, section 3.2]."""


def scales(size: int) -> int:
    """How many halvings the window of 11 pixels still fits into: 1 at 16 pixels, 2 at 32, 3 at 64; 0 if none."""
    fitting = [n for n in range(1, len(WEIGHTS) + 1) if size >> (n - 1) >= WINDOW]
    # torchmetrics asks for more room from the fourth scale on
    return max((n for n in fitting if size // max(1, n - 1) ** 2 >= WINDOW), default=0)


def ms_ssim(images: NDArray[np.uint8], *, rng: np.random.Generator) -> float:
    """Mean multi-scale structural similarity of random pairs of images [Odena et al. 1610.09585, section 4.2].

    Pairs are of different images. As many scales as the size allows, the weights of the finest ones renormalised to
    a sum of one, negative contrasts cut off at 0.

    Args:
        images: (N, C, H, W), N ≥ 2, of at least 11 pixels either way.
        rng: Draws the pairs: 100, or all where there are fewer.

    Returns:
        0…1.
    """
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

    n = scales(min(images.shape[2:]))
    first, second = _pairs(len(images), rng)
    value = multiscale_structural_similarity_index_measure(
        torch.from_numpy(images[first]).float() / 255,
        torch.from_numpy(images[second]).float() / 255,
        kernel_size=WINDOW,
        betas=tuple(weight / sum(WEIGHTS[:n]) for weight in WEIGHTS[:n]),
        data_range=1.0,
        normalize="relu",
    )
    assert isinstance(value, torch.Tensor)
    return value.item()


def _pairs(n: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Up to 100 different pairs i < j of n images."""
    every = n * (n - 1) // 2
    numbers = rng.choice(every, size=min(PAIRS, every), replace=False)
    second = np.floor((1 + np.sqrt(1 + 8 * numbers)) / 2).astype(np.int64)  # pairs numbered (0,1), (0,2), (1,2), …
    first = numbers - second * (second - 1) // 2
    return first, second
