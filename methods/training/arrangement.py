"""One generator for all classes, or one for each: what each training is fed with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from datasets import LabelledImages
from methods.base import Context
from methods.state import Stateful
from methods.training.draws import Balanced, Draws, Permutations
from methods.training.images import ImagePool


@dataclass(frozen=True, eq=False)
class Feed(Stateful):
    """What one training of a generator is given.

    Attributes:
        pool: Training images.
        draws: Which of them come next.
        steps: Discriminator updates that it will get.
        random: For noise and whatever else is drawn; on the CPU.
        context: What the engine offers.
        turned: Whether real and generated images come in any of the square's symmetries.
        rate: Factor on the method's own learning rates of what it trains.
    """

    changing = ("draws", "random")

    pool: ImagePool
    draws: Draws
    steps: int
    random: torch.Generator
    context: Context
    turned: bool = False
    rate: float = 1.0


def pooled(train: LabelledImages, context: Context, *, turned: bool = False, rate: float = 1.0) -> Feed:
    """One training for all; real images are drawn class-balanced, else D would tell rare fakes by their label alone."""
    return Feed(
        ImagePool.of(train, context.device),
        Balanced(train.labels, context.rng("generator-batches")),
        context.budget.generator_steps,
        context.rng("generator-noise"),
        context,
        turned,
        rate,
    )


def one_each(train: LabelledImages, context: Context, *, turned: bool = False, rate: float = 1.0) -> dict[int, Feed]:
    """One for each class that has images, by label; a class smaller than a batch fills it by repetition."""
    pool = ImagePool.of(train, context.device)
    present = [int(label) for label in np.flatnonzero(train.counts)]

    def of_class(label: int) -> Feed:
        items = torch.as_tensor(np.flatnonzero(train.labels == label))
        return Feed(
            pool,
            Permutations(items, context.rng(f"generator-batches-{label}")),
            context.budget.generator_steps // len(present),
            context.rng(f"generator-noise-{label}"),
            context,
            turned,
            rate,
        )

    return {label: of_class(label) for label in present}
