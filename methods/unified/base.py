"""What the unified tier has in common: two budgets spent in one training, on the trunk that is judged."""

from __future__ import annotations

from abc import abstractmethod

from pydantic import Field

from datasets import LabelledImages
from methods.base import Context, Fitted, Method, NotApplicable
from methods.classifiers import CLASSIFIERS
from methods.training.classifier import require_two_classes
from methods.training.fitted import FittedPair
from methods.training.randomness import seeded
from methods.unified.joint import JointTraining, train_jointly


class Joint(Method):
    """A method that generates and classifies in one training."""

    classic: bool = Field(
        True,
        description="the transforms of `classic` on all images, DiffAugment and the square's symmetries",
    )
    generator_rate: float = Field(1.0, gt=0, description="factor on the learning rates of generator and discriminator")

    @abstractmethod
    def training(self, train: LabelledImages, context: Context) -> JointTraining:
        """Networks, losses and learning rates.

        Args:
            train: All it may learn from.
            context: What the engine offers.

        Raises:
            NotApplicable: It cannot be run on these images.
        """

    def source_updates(self, context: Context) -> int:
        """How many updates of the source loss it gets."""
        return context.budget.generator_steps

    def fit(self, train: LabelledImages, valid: LabelledImages, context: Context) -> Fitted:
        """See `Method.fit`."""
        require_two_classes(train)
        if CLASSIFIERS.build(self.classifier).mixup:
            raise NotApplicable(
                f"classifier {self.classifier!r} mixes images, and a mixture is neither real nor of one class."
            )
        with seeded(context.seed("generator")):
            training = self.training(train, context)
        updates = self.source_updates(context)
        classifier, generator = train_jointly(training, source_updates=updates, valid=valid, context=context)
        return FittedPair(classifier, generator) if updates else classifier
