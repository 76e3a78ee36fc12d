"""Two-stage methods whose generator is an adversarial training from random weights: all but the networks and losses."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from datasets import LabelledImages
from methods.base import Context
from methods.networks.shape import Shape, require_power_of_two, require_width
from methods.training.arrangement import Feed, one_each, pooled
from methods.training.fitted import FittedGenerator
from methods.training.generator import GeneratorTraining, train_generator
from methods.training.per_class import PerClassTraining
from methods.training.randomness import seeded
from methods.two_stage.base import TwoStage


class Conditional(TwoStage):
    """One generator for all classes, trained on class-balanced real batches.

    Attributes:
        any_size: Whether images of all sizes will do; else powers of two from 16 on.
        multiple: What the width of the networks has to be a multiple of.
    """

    any_size: ClassVar[bool] = False
    multiple: ClassVar[int] = 1

    @abstractmethod
    def training(self, shape: Shape, feed: Feed) -> GeneratorTraining:
        """Networks, losses and learning rates.

        Args:
            shape: Of the networks.
            feed: Images, updates and random numbers.
        """

    def fit_generator(self, train: LabelledImages, context: Context) -> FittedGenerator:
        """See `TwoStage.fit_generator`."""
        if not self.any_size:
            require_power_of_two(self.info.name, train.images.shape[2])
        require_width(self.info.name, context.budget.generator_width, self.multiple)
        with seeded(context.seed("generator"), context.device):
            training = self.arrange(train, context)
        return train_generator(training, steps=context.budget.generator_steps, context=context)

    def arrange(self, train: LabelledImages, context: Context) -> GeneratorTraining:
        """The training, or several as one."""
        return self.training(
            Shape.of(train, context), pooled(train, context, turned=self.classic, rate=self.generator_rate)
        )


class PerClassOrPooled(Conditional):
    """One unconditional generator for each class, or one for all."""

    per_class: bool = Field(True, description="one generator for every class, which share the budget; else one for all")

    def arrange(self, train: LabelledImages, context: Context) -> GeneratorTraining:
        """See `Conditional.arrange`."""
        if not self.per_class:
            return super().arrange(train, context)
        shape = replace(Shape.of(train, context), classes=0)
        feeds = one_each(train, context, turned=self.classic, rate=self.generator_rate)
        return PerClassTraining({label: self.training(shape, feed) for label, feed in feeds.items()}, train.classes)
