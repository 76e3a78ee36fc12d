"""How many synthetic images of which class: the synthesis policies."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator


def extra_counts(policy: str, counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Synthetic images for each class.

    - ``balance``: every class up to the largest.
    - ``fixed:N``: N for every minority class, that is for each that is smaller than the largest.
    - ``ratio:R``: every class up to R times the largest, so that ``ratio:1`` is ``balance``.

    Args:
        policy: As above.
        counts: (K,) real training images; a class without any gets none.

    Returns:
        (K,) int64.

    Raises:
        ValueError: The policy cannot be read.
    """
    name, _, number = policy.partition(":")
    largest = counts.max()
    try:
        if name == "balance" and not number:
            wanted = largest - counts
        elif name == "fixed" and int(number) >= 0:
            wanted = np.where(counts < largest, int(number), 0)
        elif name == "ratio" and 0 < float(number) < np.inf:
            wanted = np.maximum(np.rint(float(number) * largest).astype(np.int64) - counts, 0)
        else:
            raise ValueError(number)
    except ValueError:
        raise ValueError(f"{policy!r} is no policy; write balance, fixed:N (N = 0, 1, …) or ratio:R (R > 0)") from None
    return np.where(counts > 0, wanted, 0)


def extra_labels(policy: str, counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The labels of all synthetic images, class by class: (M,) int64."""
    return np.repeat(np.arange(len(counts)), extra_counts(policy, counts))


def _check(policy: str) -> str:
    extra_counts(policy, np.array([1, 2]))
    return policy


Policy: TypeAlias = Annotated[str, AfterValidator(_check)]
"""A synthesis policy as a method's parameter, checked when the method is configured."""
