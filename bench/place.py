"""Where a run is carried out: cores and a device of its own, as far as there are free ones."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from bench.cores import others_at_work, own_cores
from bench.devices import own_device
from results import Contended


@dataclass(frozen=True)
class Place:
    """Held by one run.

    Attributes:
        device: Where it computes.
        own: Whether it has its cores and its device to itself.
        beside: Whether another run was under way when it began, or may be at any time.
    """

    device: torch.device
    own: bool
    beside: bool

    def contended(self) -> Contended:
        """What else has run beside it until now; one that came and went in between is not seen."""
        if not self.own:
            return "shared"
        return "neighbours" if self.beside or others_at_work() else "none"


@contextlib.contextmanager
def own_place(*, threads: int, devices: Sequence[str], beside: bool) -> Iterator[Place]:
    """Claims cores and a device while inside.

    Args:
        threads: How many cores.
        devices: ``cpu``, or those GPUs of which one is taken.
        beside: Whether other runs of the same study are carried out at the same time.
    """
    with own_cores(threads) as cores, own_device(devices) as (device, alone):
        yield Place(torch.device(device), own=cores and alone, beside=beside or others_at_work())
