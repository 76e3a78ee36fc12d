"""One generator for all classes, or one for each: how a kind of training is laid out over the classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch

from datasets import LabelledImages
from methods.base import Context
from methods.training.draws import Balanced, Draws, Permutations
from methods.training.generator import GeneratorTraining
from methods.training.images import ImagePool
from methods.training.per_class import PerClassTraining

Make: TypeAlias = Callable[[ImagePool, Draws, int, torch.Generator], GeneratorTraining]
"""Training images, which come next, updates that it will get, a CPU generator for noise → a training."""


def pooled(train: LabelledImages, context: Context, make: Make) -> GeneratorTraining:
    """One training for all; real images are drawn class-balanced, else D would tell rare fakes by their label alone."""
    return make(
        ImagePool.of(train, context.device),
        Balanced(train.labels, context.rng("generator-batches")),
        context.budget.generator_steps,
        context.rng("generator-noise"),
    )


def one_each(train: LabelledImages, context: Context, make: Make) -> GeneratorTraining:
    """One training for each class that has images; a class smaller than a batch fills it by repetition."""
    pool = ImagePool.of(train, context.device)
    present = [int(label) for label in np.flatnonzero(train.counts)]

    def of_class(label: int) -> GeneratorTraining:
        items = torch.as_tensor(np.flatnonzero(train.labels == label))
        draws = Permutations(items, context.rng(f"generator-batches-{label}"))
        steps = context.budget.generator_steps // len(present)
        return make(pool, draws, steps, context.rng(f"generator-noise-{label}"))

    return PerClassTraining({label: of_class(label) for label in present})
