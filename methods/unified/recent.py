"""Selection inside a training: what recent real batches looked like to the network as it is now.

To confidence and distance, which the class head and its trunk judge, ``full`` adds the source head: an image that it
finds less real than three quarters of recent real images is off the manifold. Without it the class head learns to
name the first poor images by their textures, and forgets the real ones (docs/unified.md).
"""

from __future__ import annotations

from collections import deque
from typing import Any

import torch
from torch import Tensor

from methods.networks.discriminator import Answer
from methods.state import Stateful
from methods.training.selection import CONFIDENCE, Selection, Selector

KEPT, REFIT = 32, 16
"""Batches of real features that are remembered, and updates between two fits of the selector."""
LEAST_REAL = 0.25
"""Share of recent real images that the source head has to find less real than a generated one that is let in."""
MEMORY = 0.98
"""Of the running shares of accepted images."""


class RunningSelection(Stateful):
    """Holds generated images against the real ones of the last batches, and remembers how many of each class passed.

    Args:
        selection: ``full``, ``confidence`` or ``none``.
        classes: K.
        device: Where the networks compute.

    Attributes:
        accepted: (K,) running share of accepted images, 0 for a class that was never asked for.
    """

    changing = ("_real", "_least_source", "_updates", "_asked", "_passed")

    def __init__(self, selection: Selection, classes: int, device: torch.device) -> None:
        self._selection: Selection = selection
        self._classes = classes
        self._real: deque[tuple[Tensor, Tensor, Tensor]] = deque(maxlen=KEPT)
        self._least_source = torch.full((), -torch.inf, device=device)
        self._selector: Selector | None = None
        self._updates = 0
        self._asked = torch.zeros(classes, device=device)
        self._passed = torch.zeros(classes, device=device)

    def state_dict(self) -> dict[str, Any]:
        """See `Stateful.state_dict`; with what the selector was fitted to."""
        fitted = None if self._selector is None else (self._selector.centroids, self._selector.radii)
        return {**super().state_dict(), "fitted": fitted}

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """See `Stateful.load_state_dict`."""
        super().load_state_dict(state)
        if state["fitted"] is not None:
            self._selector = Selector(self._selection, *state["fitted"], confidence=CONFIDENCE)

    @property
    def accepted(self) -> Tensor:
        """(K,) running share of accepted images of each class; 0 for a class that was never asked for."""
        return self._passed / self._asked.clamp(min=1e-6)

    def note_real(self, answer: Answer, labels: Tensor) -> None:
        """Remembers a real batch, and fits the selector anew now and then."""
        self._real.append((answer.features.detach(), labels, answer.source.detach()))
        if self._updates % REFIT == 0:
            features, owners, scores = (torch.cat(parts) for parts in zip(*self._real, strict=True))
            self._least_source = scores.quantile(LEAST_REAL)
            self._selector = Selector.fit(features, owners, classes=self._classes, selection=self._selection)
        self._updates += 1

    @torch.no_grad()
    def accept(self, answer: Answer, labels: Tensor) -> Tensor:
        """Which generated images may be learnt from, (N,) bool; none before the first real batch was noted."""
        assert answer.logits is not None
        if self._selector is None:
            return torch.zeros_like(labels, dtype=torch.bool)
        kept = self._selector.accept(torch.softmax(answer.logits, dim=1), answer.features, labels)
        if self._selection == "full":
            kept = kept & (answer.source >= self._least_source)
        one_hot = torch.nn.functional.one_hot(labels, self._classes).float()
        self._asked = MEMORY * self._asked + one_hot.sum(dim=0)
        self._passed = MEMORY * self._passed + (one_hot * kept[:, None]).sum(dim=0)
        return kept
