"""What two-stage methods have in common: generator, then synthesis, then classifier."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from datasets import LabelledImages
from methods.base import Context, Fitted, Method
from methods.training.classifier import Recipe, require_two_classes, train_classifier
from methods.training.fitted import FittedGenerator, FittedPair
from methods.training.images import ImagePool
from methods.training.judge import Judge, judge_steps, train_judge
from methods.training.policy import Policy, extra_labels
from methods.training.selection import CONFIDENCE, QUANTILE, Selection, Selector
from methods.training.transforms import classic
from methods.two_stage.synthesis import draw_selected


class TwoStage(Method):
    """A method that trains a generator on the training images, then a classifier on real and generated ones."""

    policy: Policy = Field("balance", description="balance, fixed:N per minority class, or ratio:R of the largest")
    classic: bool = Field(
        True,
        description="the transforms of `classic` on what the classifier sees, and the square's eight symmetries of "
        "what the generator learns from (a GAN draws its images in them too); false takes away both",
    )
    generator_rate: float = Field(
        1.0, gt=0, description="factor on the learning rates of generator and discriminator, not of an autoencoder"
    )
    labels: Literal["hard", "soft"] = Field(
        "hard", description="of generated images: the class asked for, or what a classifier trained on real ones says"
    )
    selection: Selection = Field(
        "none", description="which generated images are kept: full (confident and near), confidence, or none (all)"
    )
    confidence: float = Field(CONFIDENCE, ge=0, le=1, description="that selection asks for")
    quantile: float = Field(QUANTILE, ge=0, le=1, description="of a class's own real distances, for selection=full")

    @abstractmethod
    def fit_generator(self, train: LabelledImages, context: Context) -> FittedGenerator:
        """Trains the generator, in the phase ``generator`` (and ``pretrain`` where it has one).

        Args:
            train: All it may learn from.
            context: What the engine offers.

        Raises:
            Diverged: Training left the finite numbers.
            NotApplicable: It cannot be run on these images.
        """

    def fit(self, train: LabelledImages, valid: LabelledImages, context: Context) -> Fitted:
        """See `Method.fit`."""
        require_two_classes(train)
        generator = self.fit_generator(train, context)
        transform = classic if self.classic else None
        steps = context.budget.classifier_steps
        judge = None
        if self.needs_judge(train):
            judge = train_judge(self.classifier, train=train, valid=valid, context=context, transform=transform)
            steps -= judge_steps(steps)
        with context.phase("synthesis"):
            synthetic = self.synthesise(generator, train, context, judge)
        classifier = train_classifier(
            self.classifier,
            train=train,
            valid=valid,
            context=context,
            recipe=Recipe(transform=transform),
            synthetic=synthetic,
            start=self.start(generator),
            steps=steps,
        )
        return FittedPair(classifier, generator)

    def start(self, generator: FittedGenerator) -> Mapping[str, Tensor] | None:
        """Weights that the judged classifier starts from, head excepted; None to start as every other method's."""
        del generator
        return None

    def needs_judge(self, train: LabelledImages) -> bool:
        """Whether generated images are asked for and to be looked at, for their labels or for selection."""
        looked_at = self.labels == "soft" or self.selection != "none"
        return looked_at and bool(len(extra_labels(self.policy, train.counts)))

    def synthesise(
        self, generator: FittedGenerator, train: LabelledImages, context: Context, judge: Judge | None = None
    ) -> ImagePool | None:
        """The images that the policy asks for, with their labels; None where it asks for none.

        Args:
            generator: As trained.
            train: Whose counts the policy fills up.
            context: What the engine offers.
            judge: Looks at the images, where `needs_judge`.
        """
        labels = extra_labels(self.policy, train.counts)
        return self.drawn(labels, generator, train=train, context=context, judge=judge) if len(labels) else None

    def drawn(
        self,
        labels: NDArray[np.int64],
        generator: FittedGenerator,
        *,
        train: LabelledImages,
        context: Context,
        judge: Judge | None,
    ) -> ImagePool:
        """A generated image for each label, and what it is to be classified as.

        Args:
            labels: (M,) int64, M ≥ 1.
            generator: As trained.
            train: The real images.
            context: What the engine offers.
            judge: Looks at the images, where `needs_judge`.
        """
        rng = context.rng("sampling")
        if judge is None:
            images = generator.sample(labels, rng)
            return ImagePool.of(LabelledImages(images, labels, train.classes), context.device)
        images = draw_selected(
            lambda some: generator.sample(some, rng),
            labels,
            judge=judge,
            selector=self.selector(judge, train),
            classes=train.classes,
            context=context,
        )
        pool = ImagePool.of(LabelledImages(images, labels, train.classes), context.device)
        if self.labels == "hard":
            return pool
        return pool.labelled(judge.examine(images)[0].to(context.device))

    def selector(self, judge: Judge, train: LabelledImages) -> Selector:
        """The rule of selection, fitted to the real training images."""
        return Selector.fit(
            judge.examine(train.images)[1],
            torch.as_tensor(train.labels),
            classes=len(train.classes),
            selection=self.selection,
            confidence=self.confidence,
            quantile=self.quantile,
        )
