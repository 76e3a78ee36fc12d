"""Which device and which precision a study runs in."""

from __future__ import annotations

import torch

from bench.errors import UsageError
from methods import Precision


def choose_device(name: str) -> torch.device:
    """Resolves ``auto`` (the first GPU, else the CPU), ``cpu``, ``cuda``, ``cuda:1``.

    Raises:
        UsageError: No such device here.
    """
    if name == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UsageError(f"--device {name!r} is no device; write auto, cpu, cuda or cuda:1.") from None
    if device.type not in ("cpu", "cuda"):
        raise UsageError(f"--device {name!r} is not supported; write auto, cpu, cuda or cuda:1.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UsageError(f"--device {name!r} is not here ({torch.cuda.device_count()} GPUs found); write --device cpu.")
    return torch.device("cuda", device.index or 0) if device.type == "cuda" else device


def choose_precision(name: str, device: torch.device) -> Precision:
    """Resolves ``auto``: bfloat16 where the processor computes in it natively, else float32.

    Raises:
        UsageError: Unknown precision.
    """
    if name == "float32":
        return "float32"
    if name == "bfloat16":
        return "bfloat16"
    if name != "auto":
        raise UsageError(f"--precision {name!r} is unknown; write auto, float32 or bfloat16.")
    return "bfloat16" if computes_bfloat16(device) else "float32"


def computes_bfloat16(device: torch.device) -> bool:
    """Whether the device has bfloat16 arithmetic of its own, so that it is faster and not emulated."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def device_name(device: torch.device) -> str:
    """What stands in a record: ``cpu`` or the GPU's name."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
