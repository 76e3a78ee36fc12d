"""What ``oracle`` and the placebos have in common: other images in the place of synthetic ones."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from datasets import LabelledImages
from methods.base import Context, Fitted, Method
from methods.training.classifier import Recipe, require_two_classes, train_classifier
from methods.training.images import ImagePool
from methods.training.policy import Policy, extra_labels
from methods.training.transforms import classic


class Substitute(Method):
    """A two-stage method without a generator: the same policy, counts, places in the batches, and classifier."""

    policy: Policy = Field("balance", description="balance, fixed:N per minority class, or ratio:R of the largest")
    classic: bool = Field(True, description="the transforms of `classic` on all images")

    @abstractmethod
    def images(self, labels: NDArray[np.int64], train: LabelledImages, context: Context) -> NDArray[np.uint8]:
        """What is put in the place of synthetic images.

        Args:
            labels: (M,) int64 of classes that have training images.
            train: The real images.
            context: What the engine offers.

        Returns:
            (M, C, H, W) uint8.

        Raises:
            NotApplicable: There are no such images to be had.
        """

    def fit(self, train: LabelledImages, valid: LabelledImages, context: Context) -> Fitted:
        """See `Method.fit`."""
        require_two_classes(train)
        with context.phase("synthesis"):
            labels = extra_labels(self.policy, train.counts)
            images = LabelledImages(self.images(labels, train, context), labels, train.classes)
            synthetic = ImagePool.of(images, context.device)
        return train_classifier(
            self.classifier,
            train=train,
            valid=valid,
            context=context,
            recipe=Recipe(transform=classic if self.classic else None),
            synthetic=synthetic if len(labels) else None,
        )
