"""What controls have in common: each is a recipe for the one classifier loop."""

from __future__ import annotations

from abc import abstractmethod

from datasets import LabelledImages
from methods.base import Context, Fitted, Method
from methods.training.classifier import Recipe, train_classifier


class Control(Method):
    """A method that trains on the real images alone, in its own way."""

    @abstractmethod
    def recipe(self, train: LabelledImages) -> Recipe:
        """How the classifier is trained.

        Args:
            train: Whose class counts a recipe may depend on.
        """

    def fit(self, train: LabelledImages, valid: LabelledImages, context: Context) -> Fitted:
        """See `Method.fit`."""
        return train_classifier(self.classifier, train=train, valid=valid, context=context, recipe=self.recipe(train))
