"""Which device and which precision a study runs in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch

from bench.cores import claimed
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


def choose_devices(names: str) -> tuple[torch.device, ...]:
    """Resolves ``--device``: one device, several with commas between (``cuda:0,cuda:1``), or ``all`` GPUs.

    Raises:
        UsageError: No such device here, one is named twice, or they are of different types.
    """
    if names == "all":
        if not torch.cuda.device_count():
            raise UsageError("--device all finds no GPU here; write --device cpu.")
        return tuple(torch.device("cuda", index) for index in range(torch.cuda.device_count()))
    devices = tuple(choose_device(name.strip()) for name in names.split(","))
    if len(set(devices)) < len(devices) or len({device.type for device in devices}) > 1:
        raise UsageError(f"--device {names!r} names a device twice or mixes types; write for example cuda:0,cuda:1.")
    return devices


@contextlib.contextmanager
def own_device(devices: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Picks the device that the fewest runs of this user are on, and holds a place on it while inside.

    Args:
        devices: At least one.

    Yields:
        The device, and whether no other run is on it; the CPU, whose cores are claimed apart, counts as one's own.
    """
    if devices[0] == "cpu":
        yield "cpu", True
        return
    places = {f"{_physical(device)}-{place}": (device, place) for place in range(64) for device in devices}
    with claimed(list(places), 1) as found:
        yield (places[found[0]][0], places[found[0]][1] == 0) if found else (devices[0], False)


def _physical(device: str) -> str:
    """A GPU's own name, the same whatever number `CUDA_VISIBLE_DEVICES` gives it in a process."""
    try:
        return f"gpu-{torch.cuda.get_device_properties(device).uuid}"
    except (RuntimeError, AssertionError, AttributeError):  # no such GPU, or a driver that does not say
        return device.replace(":", "-")


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
