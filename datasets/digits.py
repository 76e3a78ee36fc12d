"""scikit-learn's handwritten digits, made imbalanced: small, real, and on every machine."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, Field

from datasets.base import Dataset, DatasetInfo, LabelledImages, Places
from datasets.cache import fingerprint
from datasets.catalogue import register
from datasets.images import resize
from datasets.imbalance import SYNTAX, checked
from datasets.sources import Collected, Collection
from datasets.splits import Part, in_part

IMBALANCE = "longtail:10"


@register
class Digits(Dataset):
    """Handwritten digits of which training keeps a long tail: a tenth as many nines as zeros.

    Validation and test images keep their natural, balanced counts. The training images left out are what
    `Split.fresh` hands out.
    """

    info = DatasetInfo(
        name="digits",
        version=1,
        summary="scikit-learn's handwritten digits, training counts falling by 10 : 1 from 0 to 9",
        reference="Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998; CC BY 4.0",
    )

    imbalance: Annotated[str | None, AfterValidator(checked)] = Field(default=IMBALANCE, description=SYNTAX)
    part: Annotated[Part, Field(description="30 % of the images are kept for development")] = "report"

    def open(self, places: Places) -> Collected:
        """See `Dataset.open`."""
        del places
        from sklearn.datasets import load_digits

        bunch: Any = load_digits()
        chosen = np.flatnonzero(in_part(np.arange(len(bunch.target)), self.part))
        grey = np.rint(bunch.images[chosen] * (255 / 16)).astype(np.uint8)
        labels = bunch.target[chosen].astype(np.int64)
        classes = tuple(str(digit) for digit in range(10))
        contents = hashlib.sha256(grey.tobytes() + labels.tobytes()).hexdigest()

        def load(size: int) -> Collection:
            return Collection(LabelledImages(np.stack([resize(image, size) for image in grey]), labels, classes))

        return Collected(
            fingerprint=fingerprint(self.info.name, self.info.version, contents, self.part),
            classes=classes,
            load=load,
        )
