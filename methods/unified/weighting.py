"""How the classification losses on real and on generated images are weighed against each other.

Only these two: they are non-negative, which both rules need; an adversarial loss is not.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

Weighting: TypeAlias = Literal["uncertainty", "dwa", "fixed"]

CLAMP = (-1.0, 3.0)
"""Range of s, for weights exp(−s) from 0.05 to 2.7 (our choice): a loss near zero would get an endless one."""
TEMPERATURE = 2.0
"""T of dynamic weight average, as published."""
WINDOW = 50
"""Updates over which dynamic weight average takes its means (the paper's are epochs)."""


class LossWeighting(nn.Module, ABC):
    """Puts losses together, and says how much each counts."""

    @abstractmethod
    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """What is to be made small.

        Args:
            losses: (T,) float32, ≥ 0; any finite number where a loss is absent this time.
            present: (T,) float32, how much each is there: 0 where it is absent, 1 where it is there in full.

        Returns:
            0-d.
        """

    @abstractmethod
    def weights(self) -> Tensor:
        """(T,) what the losses are multiplied by now, without gradient."""


class Fixed(LossWeighting):
    """All losses count alike.

    Args:
        tasks: T, how many losses there are.
    """

    ones: Tensor

    def __init__(self, tasks: int) -> None:
        super().__init__()
        self.register_buffer("ones", torch.ones(tasks))

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Σ L_i."""
        return (present * losses).sum()

    def weights(self) -> Tensor:
        """Ones."""
        return self.ones


class Uncertainty(LossWeighting):
    """Homoscedastic uncertainty: Σ exp(−s_i) L_i + s_i / 2, s_i = log σ_i² [Kendall et al. 1705.07115, section 3.2].

    s is learnt with the network and put back into `CLAMP` before each use, so that it never has a long way to come
    back. For fixed losses the optimum is s_i = log 2 L_i.

    Args:
        tasks: T, how many losses there are.
    """

    def __init__(self, tasks: int) -> None:
        super().__init__()
        self.log_variance = nn.Parameter(torch.zeros(tasks))

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """The sum over the losses that are there; the s of one that is absent gets no gradient."""
        with torch.no_grad():
            self.log_variance.clamp_(*CLAMP)
        s = self.log_variance
        return (present * (torch.exp(-s) * losses + 0.5 * s)).sum()

    @torch.no_grad()
    def weights(self) -> Tensor:
        """exp(−s)."""
        return torch.exp(-self.log_variance.clamp(*CLAMP))


class DynamicWeightAverage(LossWeighting):
    """w_i = N softmax(r_i / T), r_i = L_i(t−1) / L_i(t−2) [Liu, Johns & Davison 1803.10704, eq. 7].

    A loss that falls more slowly counts more. t counts windows of updates over which a loss is averaged; a loss that
    was absent in one of the two windows has r = 1.

    Args:
        tasks: T, how many losses there are.
    """

    sums: Tensor
    counts: Tensor
    means: Tensor
    factors: Tensor

    def __init__(self, tasks: int) -> None:
        super().__init__()
        self.register_buffer("sums", torch.zeros(tasks))
        self.register_buffer("counts", torch.zeros(tasks))
        self.register_buffer("means", torch.full((tasks,), torch.nan))
        self.register_buffer("factors", torch.ones(tasks))
        self._seen = 0

    def get_extra_state(self) -> int:
        """Updates seen, for checkpoints."""
        return self._seen

    def set_extra_state(self, state: int) -> None:
        """Takes them back."""
        self._seen = state

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Σ w_i L_i, with the w that earlier windows gave."""
        total = (self.factors * present * losses).sum()
        self._note(losses.detach(), present)
        return total

    def weights(self) -> Tensor:
        """The w of eq. 7."""
        return self.factors

    def _note(self, losses: Tensor, present: Tensor) -> None:
        self.sums = self.sums + present * losses
        self.counts = self.counts + present
        self._seen += 1
        if self._seen % WINDOW == 0:
            means = self.sums / self.counts  # not a number where a loss was absent throughout
            ratios = (means / self.means).nan_to_num(nan=1.0, posinf=1.0)
            self.factors = len(losses) * torch.softmax(ratios / TEMPERATURE, dim=0)
            self.means, self.sums, self.counts = means, torch.zeros_like(means), torch.zeros_like(means)


def loss_weighting(name: Weighting, tasks: int) -> LossWeighting:
    """The rule of this name.

    Args:
        name: ``uncertainty``, ``dwa`` or ``fixed``.
        tasks: T, how many losses there are.
    """
    rules = {"uncertainty": Uncertainty, "dwa": DynamicWeightAverage, "fixed": Fixed}
    return rules[name](tasks)
