"""``oracle``: fresh real images in the place of synthetic ones, the upper bound of any generator."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from datasets import LabelledImages
from methods.base import Context, MethodInfo
from methods.catalogue import register
from methods.control.substitute import Substitute


@register
class Oracle(Substitute):
    """A two-stage method whose generator is the world itself."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="oracle",
        version=1,
        tier="control",
        summary="upper bound: fresh real images in the place of synthetic ones",
        reference="the bound that a perfect generator would reach",
    )

    def images(self, labels: NDArray[np.int64], train: LabelledImages, context: Context) -> NDArray[np.uint8]:
        """See `Substitute.images`; NotApplicable where the dataset has no further images."""
        del train
        return context.fresh(labels)
