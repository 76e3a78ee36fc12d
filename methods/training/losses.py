"""Classification losses: (B, K) float32 logits and targets → their mean over the batch.

Targets are (B,) int64 labels or (B, K) float32 class probabilities (mixed images, soft labels).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

ClassLoss: TypeAlias = Callable[[Tensor, Tensor], Tensor]


def cross_entropy(logits: Tensor, targets: Tensor, *, weight: Tensor | None = None) -> Tensor:
    """Cross-entropy; with class weights the mean is the weighted one, as torch has it for labels.

    Args:
        logits: (B, K) float32.
        targets: (B,) int64 or (B, K) float32.
        weight: (K,) float32 class weights.
    """
    return F.cross_entropy(logits, targets, weight=weight)


def focal(logits: Tensor, targets: Tensor, *, gamma: float) -> Tensor:
    """Focal loss −(1 − p_y)^γ log p_y [Lin et al. 1708.02002, eq. 4]; γ = 0 is cross-entropy.

    For soft targets the expectation over the target's classes.
    """
    log_p = F.log_softmax(logits, dim=1)
    per_class = -((1.0 - log_p.exp()) ** gamma) * log_p
    if targets.is_floating_point():
        return (targets * per_class).sum(dim=1).mean()
    return per_class.gather(1, targets[:, None]).mean()


def logit_adjusted(logits: Tensor, targets: Tensor, *, offset: Tensor) -> Tensor:
    """Cross-entropy of f_y + τ log π_y [Menon 2007.07314, eq. 10]; at τ = 1 balanced softmax [Ren 2007.10740, eq. 4].

    Args:
        logits: (B, K) float32.
        targets: (B,) int64 or (B, K) float32.
        offset: (K,) float32, τ log π.
    """
    return F.cross_entropy(logits + offset, targets)


def log_prior(counts: Tensor) -> Tensor:
    """(K,) counts → (K,) float32 log shares. A class without images counts as half an image, to stay finite."""
    counts = counts.float().clamp(min=0.5)
    return torch.log(counts / counts.sum())


def inverse_frequency(counts: Tensor) -> Tensor:
    """(K,) counts → (K,) float32 weights N / (K n_k), as scikit-learn's ``balanced``; 0 for a class without images."""
    present = counts > 0
    weights = counts.sum() / (present.sum() * counts.clamp(min=1).float())
    return torch.where(present, weights, torch.zeros_like(weights))
