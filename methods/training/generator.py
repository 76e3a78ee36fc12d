"""The one loop that trains every generator.

A method says in `GeneratorTraining` what one discriminator update does; the loop counts the updates, keeps the clock
and the curves, and chooses the checkpoint: **of five evenly spaced averages of the generator, the one whose images
are nearest to the validation images** (``context.quality``, lower is better; the earliest of equals). Where there are
too few validation images to tell, it is the last.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

from torch import Tensor, nn

from methods.base import Context
from methods.state import Parts, Stateful
from methods.training.fitted import FittedGenerator

CHECKPOINTS = 5


class GeneratorTraining(Stateful, ABC):
    """One generator in training; ``changing`` names what changes with it.

    Attributes:
        average: The averaged generator, in evaluation mode: (N, latent) float32 noise and (N,) int64 labels →
            (N, C, H, W) in [−1, 1]. What is sampled, kept and judged.
        latent: Numbers of noise an image.
    """

    average: nn.Module
    latent: int

    @abstractmethod
    def update(self) -> dict[str, Tensor]:
        """One discriminator update, with the generator's where it is due; moves ``average`` along.

        Returns:
            Losses by name, 0-d, left on the device.
        """


class Checkpoints(Stateful):
    """Keeps the best of five evenly spaced averages of a generator.

    Args:
        fitted: The averaged generator, which changes under training.
        steps: Discriminator updates that it will get.
        context: Judges the images.
    """

    changing = ("_updates", "_best", "_kept")

    def __init__(self, fitted: FittedGenerator, *, steps: int, context: Context) -> None:
        self._fitted, self._context = fitted, context
        self._due = {round(steps * part / CHECKPOINTS) for part in range(1, CHECKPOINTS + 1)}
        self._updates = 0
        self._best, self._kept = float("inf"), dict[str, Tensor]()

    def after_update(self) -> dict[str, float]:
        """Counts one discriminator update; where a checkpoint is due, looks at it and gives its ``quality``."""
        self._updates += 1
        if self._updates not in self._due:
            return {}
        quality = self._context.quality(self._fitted.sample)
        if not quality >= self._best:  # better, or not a number: not to be told
            self._best = quality
            self._kept = {name: value.clone() for name, value in self._fitted.network.state_dict().items()}
        return {} if math.isnan(quality) else {"quality": quality}

    def restore_best(self) -> None:
        """Goes back to the best one, where there was any."""
        if self._kept:
            self._fitted.network.load_state_dict(self._kept)


def train_generator(training: GeneratorTraining, *, steps: int, context: Context) -> FittedGenerator:
    """Trains in the phase ``generator`` and goes back to the best checkpoint.

    Args:
        training: The generator in training.
        steps: Discriminator updates.
        context: What the engine offers.

    Raises:
        Diverged: A loss left the finite numbers.
    """
    fitted = FittedGenerator(training.average, training.latent, context.device, context.precision)
    checkpoints = Checkpoints(fitted, steps=steps, context=context)
    with context.phase("generator", steps=steps):
        for step in context.steps(steps, Parts(training=training, checkpoints=checkpoints)):
            scalars: dict[str, float | Tensor] = {**training.update()}
            context.log(step, **scalars, **checkpoints.after_update())
        checkpoints.restore_best()
    return fitted
