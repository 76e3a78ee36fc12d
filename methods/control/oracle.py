"""``oracle``: fresh real images in the place of synthetic ones, the upper bound of any generator."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from datasets import LabelledImages
from methods.base import Context, Fitted, Method, MethodInfo
from methods.catalogue import register
from methods.training.classifier import Recipe, require_two_classes, train_classifier
from methods.training.images import ImagePool
from methods.training.policy import Policy, extra_labels
from methods.training.transforms import classic


@register
class Oracle(Method):
    """A two-stage method whose generator is the world itself: the same policy, counts and classifier."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="oracle",
        version=1,
        tier="control",
        summary="upper bound: fresh real images in the place of synthetic ones",
        reference="the bound that a perfect generator would reach",
    )
    policy: Policy = Field("balance", description="balance, fixed:N per minority class, or ratio:R of the largest")
    classic: bool = Field(True, description="the transforms of `classic` on all images")

    def fit(self, train: LabelledImages, valid: LabelledImages, context: Context) -> Fitted:
        """See `Method.fit`; NotApplicable where the dataset has no further images."""
        require_two_classes(train)
        with context.phase("synthesis"):
            labels = extra_labels(self.policy, train.counts)
            fresh = LabelledImages(context.fresh(labels), labels, train.classes)
        return train_classifier(
            self.classifier,
            train=train,
            valid=valid,
            context=context,
            recipe=Recipe(transform=classic if self.classic else None),
            synthetic=ImagePool.of(fresh, context.device),
        )
