"""Named seed streams: what makes the runs of one seed a pair."""

from __future__ import annotations

import hashlib

import numpy as np
import torch


def stream_seed(fingerprint: str, seed: int, stream: str) -> int:
    """The seed of one stream: a hash of (dataset fingerprint, seed, stream) and of nothing else.

    The method does not enter, so within a seed all methods share the split, and those of one classifier its initial
    weights; two that draw images by the same rule draw the same ones. No path enters, so that holds on every machine.

    Args:
        fingerprint: Of the dataset.
        seed: The repetition, 0, 1, ….
        stream: ``split``, ``init``, ``batches``, ``generator``, ``sampling``, ….

    Returns:
        0…2^63−1.
    """
    digest = hashlib.blake2b(f"{fingerprint}\x1f{seed}\x1f{stream}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def torch_generator(seed: int) -> torch.Generator:
    """A CPU generator with this seed."""
    return torch.Generator().manual_seed(seed)


def numpy_generator(seed: int) -> np.random.Generator:
    """A NumPy generator with this seed."""
    return np.random.default_rng(seed)
