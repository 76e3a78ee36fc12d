"""The clock: wall, process and device time by phase, peak memory, energy."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench.meters import DeviceMeter, PeakMemory
from results import PhaseTime, Timing
from results.record import Contended

CALIBRATION_EVERY_S = (0.4, 2.0)
"""At first and later on: often enough for a short run to see the load that it ran under, seldom enough to cost about a
percent. In between it is an eighth of the run so far."""
COLD = 2
"""Calibrations at a run's start that do not count where there are more: no memory is mapped for them yet."""
TRIMMED = 0.2
"""Share of the others left out at either end of their mean."""


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
        self._next_calibration = 0.0
        self._phase_start: tuple[Any, float, float] | None = None
        self._apart_of_phase: list[PhaseTime] = []
        self._apart_s = 0.0
        self._run_start = time.perf_counter()
        self._joules_start = meter.joules()
        self._before = _Total()
        self._memory: PeakMemory | None = None
        self._resumed = 0
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
        self._apart_of_phase.clear()
        self._phase_start = self._start()
        failed = True
        try:
            yield
            failed = False
        finally:
            self._phases = self._phases_so_far()
            self._phase_start = None
            if not failed:  # after a failure the name stays, so that the record can say where it happened
                self.current = None

    def _phases_so_far(self) -> dict[str, PhaseTime]:
        """Finished phases, and what the running one took until now."""
        if self.current is None or self._phase_start is None:
            return dict(self._phases)
        spent = self._since(self._phase_start)
        for apart in self._apart_of_phase:
            spent = _add(spent, apart, sign=-1)
        earlier = self._phases.get(self.current)
        return {**self._phases, self.current: spent if earlier is None else _add(earlier, spent)}

    def calibrate(self) -> None:
        """Does the calibration work if the last time is long enough ago; its time does not count as the phase's."""
        if self._calibration is None or time.perf_counter() < self._next_calibration:
            return
        with self.apart() as spent:
            self._calibration()
        self._calibrated += spent
        now, (first, later) = time.perf_counter(), CALIBRATION_EVERY_S
        self._next_calibration = now + min(max((now - self._run_start) / 8, first), later)

    @contextlib.contextmanager
    def apart(self) -> Iterator[list[PhaseTime]]:
        """Keeps what the suite does on its own account out of the phase and of the run.

        Yields:
            A list that holds the time spent once the block has ended.
        """
        spent: list[PhaseTime] = []
        start = self._start()
        try:
            yield spent
        finally:
            spent.append(self._since(start))
            self._apart_s += spent[0].wall_s
            if self.current is not None:
                self._apart_of_phase += spent

    def state_dict(self) -> dict[str, Any]:
        """Times so far, those of the running phase too, for a checkpoint."""
        so_far = self._total()
        return {
            "phases": {name: spent.model_dump() for name, spent in self._phases_so_far().items()},
            "warmup_s": self._warmup_s,
            "calibrated": [one.model_dump() for one in self._calibrated],
            "wall_s": so_far.wall_s - self._apart_s,
            "energy_j": so_far.energy_j,
            "peak_rss_bytes": so_far.peak_rss_bytes,
            "peak_gpu_bytes": so_far.peak_gpu_bytes,
            "resumed": self._resumed,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on from times of an earlier process.

        What this process did until now was done before as well, and is in them; it does not count twice.
        """
        self._phases = {name: PhaseTime(**spent) for name, spent in state["phases"].items()}
        self._calibrated = [PhaseTime(**one) for one in state["calibrated"]]
        self._warmup_s, self._resumed = state["warmup_s"], state["resumed"] + 1
        self._before.wall_s, self._before.energy_j = state["wall_s"], state["energy_j"]
        self._before.peak_rss_bytes, self._before.peak_gpu_bytes = state["peak_rss_bytes"], state["peak_gpu_bytes"]
        self._apart_s = 0.0
        self._apart_of_phase.clear()
        self._run_start, self._joules_start = time.perf_counter(), self._meter.joules()
        if self.current is not None:
            self._phase_start = self._start()

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
        """Trimmed mean over the run, on the clock that costs are counted on: the device's where it keeps one."""
        seconds = [one.cpu_s if one.gpu_s is None else one.gpu_s for one in self._calibrated]
        seconds = sorted(seconds[COLD:] or seconds)
        apart = int(TRIMMED * len(seconds))
        return statistics.fmean(seconds[apart : len(seconds) - apart]) if seconds else None

    @contextlib.contextmanager
    def warmup(self) -> Iterator[None]:
        """Times what must not count: the device's start, compilation."""
        wall = time.perf_counter()
        try:
            yield
        finally:
            self._meter.synchronise()
            spent = time.perf_counter() - wall
            self._warmup_s += spent
            self._apart_s += spent

    @contextlib.contextmanager
    def run(self) -> Iterator[_Total]:
        """Times a whole run; the figures are in ``_Total`` afterwards."""
        total = _Total()
        self._meter.reset_peak()
        self._memory = PeakMemory()
        self._joules_start, self._run_start = self._meter.joules(), time.perf_counter()
        try:
            yield total
        finally:
            self._meter.synchronise()
            vars(total).update(vars(self._total()))

    def _total(self) -> _Total:
        """Of the run until now, in this process and those before."""
        before, joules = self._before, self._meter.joules()
        energy = None if joules is None or self._joules_start is None else joules - self._joules_start
        return _Total(
            wall_s=before.wall_s + time.perf_counter() - self._run_start,
            energy_j=None if energy is None else energy + (before.energy_j or 0.0),
            peak_rss_bytes=_largest(before.peak_rss_bytes, self._memory.peak_bytes() if self._memory else None),
            peak_gpu_bytes=_largest(before.peak_gpu_bytes, self._meter.peak_bytes()),
        )

    def timing(self, total: _Total, *, contended: Contended) -> Timing:
        """What stands in the record."""
        return Timing(
            wall_s=total.wall_s - self._apart_s,
            phases=dict(self._phases),
            warmup_s=self._warmup_s,
            calibration_s=self._calibration_s(),
            contended=contended,
            peak_gpu_bytes=total.peak_gpu_bytes,
            peak_rss_bytes=total.peak_rss_bytes,
            energy_j=total.energy_j,
            resumed=self._resumed,
        )


@dataclass
class _Total:
    """Figures of a whole run."""

    wall_s: float = 0.0
    energy_j: float | None = None
    peak_rss_bytes: int | None = None
    peak_gpu_bytes: int | None = None


def _add(a: PhaseTime, b: PhaseTime, sign: int = 1) -> PhaseTime:
    gpu = None if a.gpu_s is None or b.gpu_s is None else a.gpu_s + sign * b.gpu_s
    return PhaseTime(wall_s=a.wall_s + sign * b.wall_s, cpu_s=a.cpu_s + sign * b.cpu_s, gpu_s=gpu)


def _largest(*figures: int | None) -> int | None:
    return max((figure for figure in figures if figure is not None), default=None)
