import pytest

from bench.clock import Clock, CpuMeter


class FakeDevice:
    """A device whose queue runs behind: work takes time only once it is waited for."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.time = 0.0
        self.energy = 100.0

    def synchronise(self) -> None:
        self.calls.append("synchronise")

    def mark(self) -> float:
        self.calls.append("mark")
        return self.time

    def seconds(self, start: float, end: float) -> float:
        return end - start

    def reset_peak(self) -> None:
        self.calls.append("reset")

    def peak_bytes(self) -> int:
        return 123

    def joules(self) -> float:
        self.energy += 5
        return self.energy


def test_the_device_is_waited_for_before_each_reading() -> None:
    device = FakeDevice()
    clock = Clock(device)
    with clock.phase("generator"):
        device.time += 2.5
    assert device.calls == ["synchronise", "mark", "mark", "synchronise"]


def test_phases_add_up_and_device_time_is_the_span_of_marks() -> None:
    device = FakeDevice()
    clock = Clock(device)
    with clock.run() as total:
        for seconds in (2.5, 1.5):
            with clock.phase("generator"):
                device.time += seconds
        device.time += 10
        with clock.phase("classifier"):
            device.time += 0.5
    timing = clock.timing(total, contended="none")
    assert timing.phases["generator"].gpu_s == 4.0
    assert timing.phases["classifier"].gpu_s == 0.5
    assert timing.energy_j == 5.0
    assert timing.peak_gpu_bytes == 123


def test_phases_do_not_nest() -> None:
    clock = Clock(CpuMeter())
    with (
        pytest.raises(RuntimeError, match="'score' was entered inside phase 'joint'"),
        clock.phase("joint"),
        clock.phase("score"),
    ):
        pass


def test_a_fault_leaves_the_name_of_its_phase() -> None:
    clock = Clock(CpuMeter())
    with pytest.raises(ZeroDivisionError), clock.phase("synthesis"):
        raise ZeroDivisionError
    assert clock.current == "synthesis"


def test_warm_up_is_kept_apart_and_cpu_time_is_this_process_alone() -> None:
    clock = Clock(CpuMeter())
    with clock.run() as total:
        with clock.warmup():
            sum(range(2_000_000))
        with clock.phase("classifier"):
            sum(range(2_000_000))
    timing = clock.timing(total, contended="neighbours")
    assert timing.warmup_s > 0
    assert timing.phases["classifier"].cpu_s > 0
    assert timing.phases["classifier"].gpu_s is None
    assert timing.wall_s == pytest.approx(total.wall_s - timing.warmup_s)
    assert timing.contended == "neighbours"
    assert timing.peak_rss_bytes is not None
    assert timing.peak_rss_bytes > 10_000_000
