import pytest
import torch

from bench.calibration import Calibration
from bench.clock import Clock
from bench.meters import CpuMeter
from methods import Precision


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


def test_a_resumed_run_counts_what_came_before_its_checkpoint_and_what_is_not_in_it_twice() -> None:
    device = FakeDevice()
    first = Clock(device)
    with first.run(), first.phase("generator"):
        device.time += 2.0
        with first.apart():
            device.time += 50.0  # writing checkpoints, say
        saved = first.state_dict()
        device.time += 7.0  # lost: not in the checkpoint
    second = Clock(device)
    with second.run() as total:
        with second.phase("generator"):
            device.time += 100.0  # done again until the checkpoint is read, and counted before
            second.load_state_dict(saved)
            device.time += 1.0
        with second.phase("classifier"):
            device.time += 0.5
    timing = second.timing(total, contended="none")
    assert {name: phase.gpu_s for name, phase in timing.phases.items()} == {"generator": 3.0, "classifier": 0.5}
    assert timing.resumed == 1
    assert timing.energy_j == 10.0  # five between the readings of each process
    assert saved["wall_s"] <= timing.wall_s <= total.wall_s


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


def test_calibration_is_timed_between_the_steps_and_kept_out_of_the_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.clock.CALIBRATION_EVERY_S", (0.0, 0.0))
    device = FakeDevice()

    def work() -> None:
        device.time += 0.25

    clock = Clock(device, work)
    with clock.run() as total, clock.phase("generator"):
        for _ in range(4):
            device.time += 1.0
            clock.calibrate()
    timing = clock.timing(total, contended="none")
    assert timing.phases["generator"].gpu_s == 4.0
    assert timing.calibration_s == 0.25


def test_calibration_waits_until_it_is_due() -> None:
    calls: list[int] = []
    clock = Clock(FakeDevice(), lambda: calls.append(1))
    for _ in range(100):
        clock.calibrate()
    assert len(calls) == 1
    with Clock(FakeDevice()).run() as total:
        pass
    assert Clock(FakeDevice()).timing(total, contended="none").calibration_s is None


def test_a_cold_start_does_not_count_as_the_speed_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.clock.CALIBRATION_EVERY_S", (0.0, 0.0))
    device, spans = FakeDevice(), iter([2.5, 1.25, 1.0, 0.25, 0.25, 0.25, 0.5])

    def work() -> None:
        device.time += next(spans)

    clock = Clock(device, work)
    with clock.run() as total:
        for _ in range(7):
            clock.calibrate()
    assert clock.timing(total, contended="none").calibration_s == pytest.approx(1 / 3)  # of 0.25, 0.25 and 0.5


def test_a_short_run_is_calibrated_as_well_as_a_long_one(monkeypatch: pytest.MonkeyPatch) -> None:
    now, calls = 0.0, list[float]()
    monkeypatch.setattr("bench.clock.time.perf_counter", lambda: now)
    clock = Clock(FakeDevice(), lambda: calls.append(now))
    for step in range(3000):
        now = 0.02 * step  # a minute
        clock.calibrate()
    assert sum(at < 4 for at in calls) >= 9
    assert sum(at >= 20 for at in calls) == pytest.approx(40 / 2, abs=1)
    assert len(calls) < 60  # of some ten milliseconds: under a percent


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_calibration_work_draws_nothing_and_leaves_nothing(precision: Precision) -> None:
    before = torch.get_rng_state()
    work = Calibration(torch.device("cpu"), precision)
    work()
    assert torch.equal(torch.get_rng_state(), before)
    assert all(weight.grad is None for weight in work._weights)
