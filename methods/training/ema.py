"""Exponential moving average of a network's weights and buffers."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

from methods.state import Stateful

N = TypeVar("N", bound=nn.Module)


def decay_for(steps: int) -> float:
    """The decay whose memory, 1 / (1 − decay) steps, is a fiftieth of the training, at most 1,000 steps."""
    memory = min(max(steps / 50, 1.0), 1000.0)
    return 1.0 - 1.0 / memory


class Ema(Stateful, Generic[N]):
    """A copy of a network that follows it slowly, in evaluation mode.

    Early on the decay is held down to (1 + t) / (10 + t), so that the copy forgets the initialisation. Floating-point
    weights and buffers (batch statistics) are averaged alike in one call; counters are copied. Unlike
    ``torch.optim.swa_utils.AveragedModel`` it never reads a tensor on the host.

    Args:
        network: The network to follow.
        decay: 0 ≤ decay < 1.

    Attributes:
        network: The average.
    """

    changing = ("network", "_updates")

    def __init__(self, network: N, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay
        self._updates = 0
        pairs = list(zip(self.network.state_dict().values(), network.state_dict().values(), strict=True))
        self._average = [mine for mine, _ in pairs if mine.is_floating_point()]
        self._current = [its for _, its in pairs if its.is_floating_point()]
        self._counters = [pair for pair in pairs if not pair[0].is_floating_point()]

    @torch.no_grad()
    def update(self) -> None:
        """Moves the average towards the network as it is now."""
        self._updates += 1
        decay = min(self._decay, (1 + self._updates) / (10 + self._updates))
        torch._foreach_lerp_(self._average, self._current, 1.0 - decay)  # pyright: ignore[reportPrivateImportUsage]
        for mine, its in self._counters:
            mine.copy_(its)
