"""Imbalance protocols: how many training images of each class are kept, the same for every dataset.

``longtail:R``, ``counts:A/B/…``, ``minority:CLASS=N/…``, ``bagan:P`` or ``bagan:P/CLASS``, ``bagan-gp``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from datasets.errors import DatasetError

SYNTAX = "training images kept: longtail:R, counts:A/B/…, minority:CLASS=N, bagan:P, bagan-gp; none for all"

PUBLISHED: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "fashion-mnist": (4166, 73, 139, 210, 287, 370, 422, 487, 545, 651),
        "cifar10": (3490, 71, 130, 221, 269, 349, 435, 485, 572, 628),
    }
)
"""Training images per class of BAGAN-GP (Huang and Jafari, "Enhanced balancing GAN", 2021)."""


def checked(protocol: str | None) -> str | None:
    """A protocol whose syntax is right.

    Raises:
        ValueError: It is not; the message lists the protocols.
    """
    if protocol is None:
        return None
    name, _, rest = protocol.partition(":")
    try:
        match name:
            case "longtail":
                _at_least(float(rest), 1)
            case "counts":
                _at_least(min(int(n) for n in rest.split("/")), 1)
            case "minority":
                for _, n in _named_counts(rest):
                    _at_least(n, 1)
            case "bagan":
                _at_least(_share(rest)[0], 0)
                _at_least(100 - _share(rest)[0], 1e-9)
            case "bagan-gp" if not rest:
                pass
            case _:
                raise ValueError
    except ValueError:
        raise ValueError(
            f"imbalance={protocol!r} is no protocol; write longtail:100, counts:4000/50/120, minority:ring=40, "
            "bagan:97.5 (percent dropped of the rarest class) or bagan:97.5/CLASS, or bagan-gp"
        ) from None
    return protocol


def kept_counts(
    protocol: str,
    counts: NDArray[np.int64],
    *,
    classes: Sequence[str],
    dataset: str,
    every: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """How many training images of each class a protocol keeps.

    Args:
        protocol: One that `checked` let through.
        counts: (K,) int64: training images per class.
        classes: K class names.
        dataset: Name of the dataset in the registry.
        every: (K,) int64: images per class in all parts, which say what class is the rarest, the same one for each
            seed; ``counts`` where they are not known.

    Returns:
        (K,) int64, at least 1.

    Raises:
        DatasetError: The protocol does not fit the classes or the dataset.
    """
    name, _, rest = protocol.partition(":")
    keep = counts.copy()
    match name:
        case "longtail":
            return long_tail(counts, float(rest))
        case "counts":
            given = [int(n) for n in rest.split("/")]
            if len(given) != len(classes):
                raise DatasetError(
                    f"imbalance={protocol} has {len(given)} counts for {len(classes)} classes; give one for each of "
                    f"{', '.join(classes)}."
                )
            return np.array(given, dtype=np.int64)
        case "minority":
            for minority, n in _named_counts(rest):
                keep[_index(minority, classes, protocol)] = n
        case "bagan":
            share, minority = _share(rest)
            rarest = len(counts) - 1 - int(np.argmin((counts if every is None else every)[::-1]))
            chosen = _index(minority, classes, protocol) if minority else rarest
            keep[chosen] = max(1, round(counts[chosen] * (1 - share / 100)))
        case _:
            if dataset not in PUBLISHED:
                raise DatasetError(
                    f"imbalance={protocol} is published for {' and '.join(PUBLISHED)}, not for {dataset}; "
                    "write imbalance=counts:… instead."
                )
            return np.array(PUBLISHED[dataset], dtype=np.int64)
    return keep


def long_tail(counts: NDArray[np.int64], ratio: float) -> NDArray[np.int64]:
    """Exponentially falling class counts n_k · μ^k (Cui et al., CVPR 2019, arXiv 1901.05555, §5).

    Args:
        counts: (K,) int64: n_k, images that each class has.
        ratio: Largest over smallest count where the classes are equally large, ≥ 1; μ = ratio^(−1/(K−1)).

    Returns:
        (K,) int64, rounded, at least 1; the first class is kept whole.
    """
    steps = np.arange(len(counts)) / max(1, len(counts) - 1)
    return np.maximum(1, np.rint(counts * ratio**-steps)).astype(np.int64)


def _at_least(number: float, least: float) -> None:
    if not number >= least:
        raise ValueError


def _named_counts(text: str) -> list[tuple[str, int]]:
    """``ring=40/schizont=10`` → names and numbers."""
    pairs = [item.rpartition("=") for item in text.split("/")]
    if not all(name for name, _, _ in pairs):
        raise ValueError
    return [(name.strip(), int(n)) for name, _, n in pairs]


def _share(text: str) -> tuple[float, str]:
    """``97.5/ring`` → percent dropped and the class, if one is named."""
    share, _, name = text.partition("/")
    return float(share), name.strip()


def _index(name: str, classes: Sequence[str], protocol: str) -> int:
    if name not in classes:
        raise DatasetError(f"imbalance={protocol} names class {name!r}; the classes are {', '.join(classes)}.")
    return list(classes).index(name)
