"""Torch's global generator, borrowed for a while: for layers and libraries that take no generator of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int, device: torch.device | None = None) -> Iterator[None]:
    """Seeds the global generators of the CPU and the device, and puts their states back at the end.

    Args:
        seed: 0…2^63−1.
        device: A device whose generator is used too; initialisation leaves it out and so is the same everywhere.
    """
    cuda = [device] if device is not None and device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        torch.default_generator.manual_seed(seed)
        if cuda:
            with torch.cuda.device(cuda[0]):
                torch.cuda.manual_seed(seed)
        yield
