"""What the clock reads: a device's queue, memory and energy, and this process's memory.

The device stands behind `DeviceMeter`, so that the clock's logic is the same, and tested, without a GPU.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Protocol

import psutil
import torch

from bench.memory import give_back


class DeviceMeter(Protocol):
    """What the clock asks of a device."""

    def synchronise(self) -> None:
        """Waits until the device has done all it was given."""

    def mark(self) -> Any:
        """Puts a time mark into the device's queue; None where the device keeps no time of its own."""

    def seconds(self, start: Any, end: Any) -> float | None:
        """Seconds between two marks that have passed."""

    def reset_peak(self) -> None:
        """Starts to watch peak memory."""

    def peak_bytes(self) -> int | None:
        """Peak memory of this process on the device since the reset."""

    def joules(self) -> float | None:
        """The device's energy counter."""


class CpuMeter:
    """The CPU has no queue: nothing to wait for, no time or memory of its own."""

    def synchronise(self) -> None:
        """Nothing to wait for."""

    def mark(self) -> None:
        """No marks."""

    def seconds(self, start: Any, end: Any) -> None:
        """No device time."""

    def reset_peak(self) -> None:
        """Nothing to reset."""

    def peak_bytes(self) -> None:
        """No memory of its own."""

    def joules(self) -> None:
        """No counter."""


class CudaMeter:
    """A CUDA device: events on its current stream, the caching allocator's peak, NVML's energy counter.

    Args:
        device: With an index.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._nvml = _nvml_handle(device)

    def synchronise(self) -> None:
        """Waits for all streams of the device."""
        torch.cuda.synchronize(self._device)

    def mark(self) -> torch.cuda.Event:
        """Records a timing event."""
        event = torch.cuda.Event(enable_timing=True)
        event.record(torch.cuda.current_stream(self._device))
        return event

    def seconds(self, start: torch.cuda.Event, end: torch.cuda.Event) -> float:
        """Seconds between two events."""
        return start.elapsed_time(end) / 1e3

    def reset_peak(self) -> None:
        """Resets the allocator's peak."""
        torch.cuda.reset_peak_memory_stats(self._device)

    def peak_bytes(self) -> int:
        """The allocator's peak."""
        return torch.cuda.max_memory_allocated(self._device)

    def joules(self) -> float | None:
        """NVML's counter since the driver was loaded; None where the GPU has none."""
        if self._nvml is None:
            return None
        import pynvml

        try:
            return pynvml.nvmlDeviceGetTotalEnergyConsumption(self._nvml) / 1e3
        except pynvml.NVMLError:
            return None


def _nvml_handle(device: torch.device) -> Any:
    try:
        import pynvml

        pynvml.nvmlInit()
        return pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(device).uuid}")
    except Exception:  # NVML is a courtesy of the driver: whatever it raises, there is no counter
        return None


def meter_for(device: torch.device) -> DeviceMeter:
    """The meter of a device."""
    return CudaMeter(device) if device.type == "cuda" else CpuMeter()


class PeakMemory:
    """Peak resident memory of this process from now on, where the system lets the mark be reset (Linux)."""

    def __init__(self) -> None:
        give_back()
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")

    def peak_bytes(self) -> int | None:
        """The largest it has been."""
        try:
            status = Path("/proc/self/status").read_text()
        except OSError:
            info = psutil.Process().memory_info()
            return getattr(info, "peak_wset", info.rss)
        return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), None)
