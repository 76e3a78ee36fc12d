"""A classifier trained on the real images, which looks at generated ones: their class, and their features.

Its updates are updates of a class loss, so they are counted inside the classifier's budget, as an autoencoder's are
inside the generator's: the judge gets a fifth of it (our choice), in the phase ``synthesis``, the judged classifier
the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from datasets import LabelledImages
from methods.base import Context
from methods.classifiers.head import head_of
from methods.training.classifier import Recipe, train_classifier
from methods.training.fitted import FittedClassifier
from methods.training.transforms import Transform

SHARE = 0.2
"""Of the classifier's budget, what the judge gets."""


def judge_steps(budget_steps: int) -> int:
    """Updates of the judge, at least one."""
    return max(1, round(SHARE * budget_steps))


@dataclass(frozen=True, eq=False)
class Judge:
    """Gives class probabilities and features of images.

    Attributes:
        fitted: A trained classifier.
    """

    fitted: FittedClassifier

    def examine(self, images: NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
        """Looks at images.

        Args:
            images: (N, C, H, W) uint8, N ≥ 1.

        Returns:
            (N, K) float32 probabilities and (N, D) float32 features, what enters the last linear layer, on the CPU.
        """
        _, head = head_of(self.fitted.network)
        seen: list[Tensor] = []

        def keep(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            seen.append(inputs[0].flatten(1).float().cpu())

        hook = head.register_forward_pre_hook(keep)
        try:
            probabilities = self.fitted.predict_proba(images)
        finally:
            hook.remove()
        return torch.from_numpy(probabilities), torch.cat(seen)


def train_judge(
    classifier: str, *, train: LabelledImages, valid: LabelledImages, context: Context, transform: Transform | None
) -> Judge:
    """Trains the judge, class-balanced, so that it knows rare classes as well as common ones.

    Args:
        classifier: The architecture of the judged classifier, by name.
        train: Real training images.
        valid: For the learning curves.
        context: What the engine offers.
        transform: As the judged classifier has it.

    Raises:
        Diverged: The loss left the finite numbers.
    """
    steps = judge_steps(context.budget.classifier_steps)
    recipe = Recipe(balanced=True, transform=transform)
    return Judge(
        train_classifier(
            classifier, train=train, valid=valid, context=context, recipe=recipe, steps=steps, phase="synthesis"
        )
    )
