"""One unconditional generator for every class, trained by turns, and sampled as if they were one."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from methods.base import NotApplicable
from methods.training.generator import GeneratorTraining


class PerClass(nn.Module):
    """Sends every label to its own generator.

    Args:
        generators: By label; classes without training images have none.
        classes: Names of all classes, for what is said of one without.
    """

    def __init__(self, generators: Mapping[int, nn.Module], classes: tuple[str, ...]) -> None:
        super().__init__()
        self.classes = classes
        self.generators = nn.ModuleDict({str(label): network for label, network in generators.items()})

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """(N, latent) noise and (N,) int64 labels → (N, C, H, W) in [−1, 1].

        Raises:
            NotApplicable: A label had no training images.
        """
        asked = labels.unique().tolist()
        if missing := [label for label in asked if str(label) not in self.generators]:
            raise NotApplicable(
                f"class {self.classes[missing[0]]!r} has no training images, so there is no generator for it; "
                "ask for other classes, or add training images of it."
            )
        parts, order = [], []
        for label in asked:
            places = (labels == label).nonzero().flatten()
            parts.append(self.generators[str(label)](noise[places], labels[places]))
            order.append(places)
        return torch.cat(parts)[torch.cat(order).argsort()]


class PerClassTraining(GeneratorTraining):
    """Several trainings by turns, one update each, so that they share the budget and the checkpoints evenly.

    Args:
        trainings: By label; all with the same latent.
        classes: See `PerClass`.
    """

    changing = ("_trainings", "_turn")

    def __init__(self, trainings: Mapping[int, GeneratorTraining], classes: tuple[str, ...]) -> None:
        self._trainings = list(trainings.values())
        self._turn = 0
        averages = {label: training.average for label, training in trainings.items()}
        self.average = PerClass(averages, classes).eval()
        self.latent = self._trainings[0].latent

    def update(self) -> dict[str, Tensor]:
        """One update of the training whose turn it is."""
        scalars = self._trainings[self._turn].update()
        self._turn = (self._turn + 1) % len(self._trainings)
        return scalars
