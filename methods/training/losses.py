"""Classification losses: (B, K) float32 logits and targets → their mean over the batch.

Targets are (B,) int64 labels or (B, K) float32 class probabilities (mixed images, soft labels). Plain cross-entropy is
torch's ``CrossEntropyLoss``; modules, so that what they hold goes to the device once.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

LEAST_ROOM = 1e-12
"""Under the power of the focal loss: where p_y rounds to 1, the slope of 0^γ is endless for γ < 1."""


class WeightedLoss(nn.Module):
    """w_y × cross-entropy over the number of images: the mean over batches is the weighted loss of the whole set.

    ``CrossEntropyLoss(weight=…)`` divides by the weights of each batch, so that a class counts less where it is rare
    in batches: batches without it give the others full weight.

    Args:
        weight: (K,) float32.
    """

    weight: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The mean over the batch, 0-d."""
        return nn.functional.cross_entropy(logits, targets, weight=self.weight, reduction="sum") / len(logits)


class FocalLoss(nn.Module):
    """−(1 − p_y)^γ log p_y [Lin et al. 1708.02002, eq. 4]; for soft targets its expectation over the classes.

    Args:
        gamma: Focusing, γ ≥ 0; 0 is cross-entropy.
    """

    def __init__(self, gamma: float) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The mean over the batch, 0-d."""
        log_p = nn.functional.log_softmax(logits, dim=1)
        per_class = -((1.0 - log_p.exp()).clamp(min=LEAST_ROOM) ** self.gamma) * log_p
        if targets.is_floating_point():
            return (targets * per_class).sum(dim=1).mean()
        return per_class.gather(1, targets[:, None]).mean()


class PriorAdjustedLoss(nn.Module):
    """Cross-entropy of f_y + τ log π_y [Menon 2007.07314, eq. 10]; τ = 1 is balanced softmax [Ren 2007.10740, eq. 4].

    Args:
        offset: (K,) float32, τ log π.
    """

    offset: Tensor

    def __init__(self, offset: Tensor) -> None:
        super().__init__()
        self.register_buffer("offset", offset)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The mean over the batch, 0-d."""
        return nn.functional.cross_entropy(logits + self.offset, targets)


def log_prior(counts: NDArray[np.int64]) -> Tensor:
    """(K,) counts → (K,) float32 log shares. A class without images counts as half an image, to stay finite."""
    shares = torch.as_tensor(counts, dtype=torch.float32).clamp(min=0.5)
    return torch.log(shares / shares.sum())


def inverse_frequency(counts: NDArray[np.int64]) -> Tensor:
    """(K,) counts → (K,) float32 weights N / (K n_k) over the K classes that have images; 0 for the others.

    The same as scikit-learn's ``class_weight="balanced"``.
    """
    present = counts > 0
    weights = counts.sum() / (present.sum() * np.maximum(counts, 1))
    return torch.as_tensor(np.where(present, weights, 0.0), dtype=torch.float32)
