"""What networks compute in."""

from __future__ import annotations

import torch

from methods.base import Precision


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """The context in which a network's forward pass runs: bfloat16 where asked for, else as it is."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16")
