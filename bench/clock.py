"""The clock: wall, process and device time by phase, peak memory, energy.

The device's side stands behind `DeviceMeter`, so that the logic is the same, and tested, without a GPU.
"""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import psutil
import torch

from results import PhaseTime, Timing
from results.record import Contended


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


CALIBRATION_EVERY_S = 2.0
"""Often enough to see the same load as the run, seldom enough to cost about half a percent."""


class Clock:
    """Adds up the time of each phase of one run.

    Args:
        meter: The device's side.
        calibration: A fixed piece of work that is timed in the same process, between the run's own steps; none if
            times are not to be compared with those of other machines.
    """

    def __init__(self, meter: DeviceMeter, calibration: Callable[[], None] | None = None) -> None:
        self._meter = meter
        self._phases: dict[str, PhaseTime] = {}
        self._warmup_s = 0.0
        self._calibration = calibration
        self._calibrated: list[PhaseTime] = []
        self._of_phase: list[PhaseTime] = []
        self._next_calibration = 0.0
        self.current: str | None = None

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Times what runs inside under this name; entering a phase again adds to it.

        Raises:
            RuntimeError: Another phase is running: phases do not nest.
        """
        if self.current is not None:
            raise RuntimeError(f"phase {name!r} was entered inside phase {self.current!r}; phases do not nest.")
        self.current = name
        self._of_phase.clear()
        start = self._start()
        failed = True
        try:
            yield
            failed = False
        finally:
            spent = self._since(start)
            for calibration in self._of_phase:
                spent = _add(spent, calibration, sign=-1)
            self._phases[name] = _add(self._phases[name], spent) if name in self._phases else spent
            if not failed:  # after a failure the name stays, so that the record can say where it happened
                self.current = None

    def calibrate(self) -> None:
        """Does the calibration work if the last time is long enough ago; its time does not count as the phase's."""
        if self._calibration is None or time.perf_counter() < self._next_calibration:
            return
        start = self._start()
        self._calibration()
        spent = self._since(start)
        self._calibrated.append(spent)
        if self.current is not None:
            self._of_phase.append(spent)
        self._next_calibration = time.perf_counter() + CALIBRATION_EVERY_S

    def _start(self) -> tuple[Any, float, float]:
        self._meter.synchronise()
        return self._meter.mark(), time.perf_counter(), time.process_time()

    def _since(self, start: tuple[Any, float, float]) -> PhaseTime:
        mark, wall, cpu = start
        end = self._meter.mark()
        self._meter.synchronise()
        return PhaseTime(
            wall_s=time.perf_counter() - wall,
            cpu_s=time.process_time() - cpu,
            gpu_s=self._meter.seconds(mark, end),
        )

    def _calibration_s(self) -> float | None:
        """Mean over the run, on the clock that costs are counted on: the device's where it keeps one."""
        if not self._calibrated:
            return None
        return statistics.fmean(one.cpu_s if one.gpu_s is None else one.gpu_s for one in self._calibrated)

    @contextlib.contextmanager
    def warmup(self) -> Iterator[None]:
        """Times what must not count: the device's start, compilation."""
        wall = time.perf_counter()
        try:
            yield
        finally:
            self._meter.synchronise()
            self._warmup_s += time.perf_counter() - wall

    @contextlib.contextmanager
    def run(self) -> Iterator[_Total]:
        """Times a whole run; the figures are in ``_Total`` afterwards."""
        total = _Total()
        self._meter.reset_peak()
        memory = _PeakMemory()
        joules, wall = self._meter.joules(), time.perf_counter()
        try:
            yield total
        finally:
            self._meter.synchronise()
            total.wall_s = time.perf_counter() - wall
            after = self._meter.joules()
            total.energy_j = None if joules is None or after is None else after - joules
            total.peak_rss_bytes = memory.peak_bytes()

    def timing(self, total: _Total, *, contended: Contended) -> Timing:
        """What stands in the record."""
        return Timing(
            wall_s=total.wall_s - self._warmup_s - sum(one.wall_s for one in self._calibrated),
            phases=dict(self._phases),
            warmup_s=self._warmup_s,
            calibration_s=self._calibration_s(),
            contended=contended,
            peak_gpu_bytes=self._meter.peak_bytes(),
            peak_rss_bytes=total.peak_rss_bytes,
            energy_j=total.energy_j,
        )


class _Total:
    """Figures of a whole run, filled in when it ends."""

    wall_s: float = 0.0
    energy_j: float | None = None
    peak_rss_bytes: int | None = None


class _PeakMemory:
    """Peak resident memory of this process from now on, where the system lets the mark be reset (Linux)."""

    def __init__(self) -> None:
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")

    def peak_bytes(self) -> int | None:
        try:
            status = Path("/proc/self/status").read_text()
        except OSError:
            info = psutil.Process().memory_info()
            return getattr(info, "peak_wset", info.rss)
        return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), None)


def _add(a: PhaseTime, b: PhaseTime, sign: int = 1) -> PhaseTime:
    gpu = None if a.gpu_s is None or b.gpu_s is None else a.gpu_s + sign * b.gpu_s
    return PhaseTime(wall_s=a.wall_s + sign * b.wall_s, cpu_s=a.cpu_s + sign * b.cpu_s, gpu_s=gpu)
