"""The optimiser of classifiers and its schedule, the same for every method."""

from __future__ import annotations

import math

import torch
from torch import nn

WEIGHT_DECAY = 0.02
WARM_UP = 0.05
"""Share of the steps over which the learning rate rises."""


def adamw(network: nn.Module, *, learning_rate: float) -> torch.optim.Optimizer:
    """AdamW [Loshchilov & Hutter 1711.05101], fused; biases and normalisation (vectors) do not decay."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": WEIGHT_DECAY},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, fused=True)


def cosine(optimiser: torch.optim.Optimizer, *, steps: int) -> torch.optim.lr_scheduler.LambdaLR:
    """Linear warm-up over a twentieth of the steps, then a half cosine to zero [1608.03983, eq. 5, one cycle]."""
    return torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: cosine_factor(step, steps=steps))


def cosine_factor(step: int, *, steps: int) -> float:
    """The share of the peak learning rate at a step 0…steps−1."""
    warm_up = max(1, round(WARM_UP * steps))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1.0 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))
