"""The optimiser of classifiers and its schedule, the same for every method with that classifier."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import torch
from torch import nn

Shape: TypeAlias = Literal["cosine", "constant"]

WEIGHT_DECAY = 0.02
WARM_UP = 0.05
"""Share of the steps over which the learning rate rises, by default."""


def adamw(network: nn.Module, *, learning_rate: float) -> torch.optim.Optimizer:
    """AdamW [Loshchilov & Hutter 1711.05101], fused; biases and normalisation (vectors) do not decay."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": WEIGHT_DECAY},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, fused=True)


def scheduled(
    optimiser: torch.optim.Optimizer, *, steps: int, shape: Shape = "cosine", warm_up: float = WARM_UP
) -> torch.optim.lr_scheduler.LambdaLR:
    """Linear warm-up, then a half cosine to zero [1608.03983, eq. 5, one cycle], or the peak to the end.

    Args:
        optimiser: Whose learning rate is the peak.
        steps: In all.
        shape: After the warm-up.
        warm_up: Share of the steps over which the learning rate rises, 0…1.
    """
    return torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: factor(step, steps=steps, shape=shape, warm_up=warm_up)
    )


def factor(step: int, *, steps: int, shape: Shape = "cosine", warm_up: float = WARM_UP) -> float:
    """The share of the peak learning rate at a step 0…steps−1."""
    rising = max(1, round(warm_up * steps))
    if step < rising:
        return (step + 1) / rising
    if shape == "constant":
        return 1.0
    return 0.5 * (1.0 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))
