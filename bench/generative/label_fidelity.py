"""Do generated images show the class that was asked for?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def label_fidelity(logits: NDArray[np.float64], label: int) -> float:
    """Share of images that a classifier trained on real training images gives the asked class.

    Args:
        logits: (N, K) of images of one class.
        label: The asked class.
    """
    return float(np.mean(logits.argmax(axis=1) == label))
