"""``duplicate``, ``noise`` and ``shuffled``: placebos, to tell what synthetic images teach from their mere number.

Each adds as many images of each class as a two-stage method with the same policy, in the same places of the batches.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import model_validator

from datasets import LabelledImages
from methods.base import Context, MethodInfo
from methods.catalogue import register
from methods.control.substitute import Substitute
from methods.training.fitted import FittedGenerator
from methods.training.images import ImagePool
from methods.training.judge import Judge
from methods.two_stage.cgan_diffaug import CganDiffAugment


@register
class Duplicate(Substitute):
    """Copies of real training images of the class: re-balancing and nothing else."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="duplicate",
        version=1,
        tier="control",
        summary="placebo: copies of real images in the place of synthetic ones",
        reference="random oversampling, in the survey of Buda, Maki & Mazurowski, arXiv 1710.05381",
        family="placebo",
    )

    def images(self, labels: NDArray[np.int64], train: LabelledImages, context: Context) -> NDArray[np.uint8]:
        """See `Substitute.images`: each class's images in epochs, so that none is copied much more often."""
        rng, chosen = context.rng("sampling"), np.empty(len(labels), dtype=np.int64)
        for label in np.unique(labels):
            places, own = np.flatnonzero(labels == label), np.flatnonzero(train.labels == label)
            order = own[torch.randperm(len(own), generator=rng).numpy()]
            chosen[places] = np.resize(order, len(places))
        return train.images[chosen]


@register
class Noise(Substitute):
    """Independent uniform noise in every pixel, under the labels that synthetic images would bear."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="noise",
        version=1,
        tier="control",
        summary="placebo: noise images in the place of synthetic ones",
        reference="a generator that has learnt nothing",
        family="placebo",
    )

    def images(self, labels: NDArray[np.int64], train: LabelledImages, context: Context) -> NDArray[np.uint8]:
        """See `Substitute.images`."""
        shape = (len(labels), *train.images.shape[1:])
        return torch.randint(0, 256, shape, generator=context.rng("sampling"), dtype=torch.uint8).numpy()


@register
class Shuffled(CganDiffAugment):
    """``cgan-diffaug`` asked for classes at random, whatever labels its images will bear.

    Labels dealt out anew among the images would not do: the policy asks for no image of the largest class, so that
    with two classes all of them bear the same label, and keep it.
    """

    info: ClassVar[MethodInfo] = MethodInfo(
        name="shuffled",
        version=4,
        tier="control",
        summary="placebo: images of cgan-diffaug of any class at random, under the labels that the policy asks for",
        reference="a generator that does not heed its label",
        can_sample=True,
        family="placebo",
    )

    @model_validator(mode="after")
    def _labels_say_nothing(self) -> Self:
        if self.labels == "soft":
            raise ValueError("labels=soft would say what an image shows, and is no placebo; leave labels out")
        return self

    def drawn(
        self,
        labels: NDArray[np.int64],
        generator: FittedGenerator,
        *,
        train: LabelledImages,
        context: Context,
        judge: Judge | None,
    ) -> ImagePool:
        """See `TwoStage.drawn`: asked are all classes that have training images, equally likely."""
        present = np.flatnonzero(train.counts)
        which = torch.randint(len(present), (len(labels),), generator=context.rng("shuffled-labels"))
        made = super().drawn(present[which.numpy()], generator, train=train, context=context, judge=judge)
        return made.labelled(torch.as_tensor(labels, device=context.device))
