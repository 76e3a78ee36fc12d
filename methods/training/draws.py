"""Which image comes next: endless streams of indices, each fed by a CPU generator of its own.

The order in which real images are drawn depends on the seed alone, never on what else a method trains on: `Mixed`
decides by a stream of its own which places of a batch are real, and fills those from the very stream that the plain
classifier uses.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from methods.state import HasState, Stateful


class Draws(HasState, Protocol):
    """An endless stream of indices."""

    def take(self, n: int) -> Tensor:
        """The next n indices, (n,) int64 on the CPU."""
        ...


class Permutations(Stateful):
    """Epochs: every item once in random order, then all of them again in another.

    Args:
        items: (M,) int64, M ≥ 1.
        generator: On the CPU.
    """

    changing = ("_generator", "_left")

    def __init__(self, items: Tensor, generator: torch.Generator) -> None:
        self._items = items
        self._generator = generator
        self._left = items[:0]

    def take(self, n: int) -> Tensor:
        """The next n items."""
        parts = [self._left]
        while sum(map(len, parts)) < n:
            parts.append(self._items[torch.randperm(len(self._items), generator=self._generator)])
        drawn = torch.cat(parts)
        self._left = drawn[n:]
        return drawn[:n]


class Balanced(Stateful):
    """Every class equally often: classes in shuffled rounds, within a class its images in epochs.

    Args:
        labels: (N,) int64 of the images; classes without images are left out.
        generator: On the CPU.
    """

    changing = ("_classes", "_within")

    def __init__(self, labels: NDArray[np.int64], generator: torch.Generator) -> None:
        present = np.unique(labels)
        self._classes = Permutations(torch.as_tensor(present), generator)
        self._within = {int(k): Permutations(torch.as_tensor(np.flatnonzero(labels == k)), generator) for k in present}

    def take(self, n: int) -> Tensor:
        """The next n indices."""
        classes = self._classes.take(n)
        drawn = torch.empty(n, dtype=torch.int64)
        for label, draws in self._within.items():
            places = classes == label
            drawn[places] = draws.take(int(places.sum()))
        return drawn


class Mixed(Stateful):
    """Epochs over real and synthetic images together, without touching the order of the real ones.

    Args:
        real: Stream of indices 0…n_real−1.
        synthetic: Stream of indices n_real…n_real+n_synthetic−1.
        n_real: Real images in an epoch.
        n_synthetic: Synthetic images in an epoch.
        generator: Decides which places are real; on the CPU.
    """

    changing = ("_real", "_synthetic", "_is_real")

    def __init__(
        self, real: Draws, synthetic: Draws, *, n_real: int, n_synthetic: int, generator: torch.Generator
    ) -> None:
        self._real = real
        self._synthetic = synthetic
        self._is_real = Permutations((torch.arange(n_real + n_synthetic) < n_real).long(), generator)

    def take(self, n: int) -> Tensor:
        """The next n indices."""
        is_real = self._is_real.take(n).bool()
        drawn = torch.empty(n, dtype=torch.int64)
        drawn[is_real] = self._real.take(int(is_real.sum()))
        drawn[~is_real] = self._synthetic.take(int((~is_real).sum()))
        return drawn
