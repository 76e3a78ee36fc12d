"""What a person sees while a study runs, on stderr: bars and a growing table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bench.plan import Run
from bench.scoreboard import Scoreboard
from bench.words import duration
from results import Record, Store

POLL_S = 0.5
PLAIN_LINE_S = 30.0


class Watcher(Protocol):
    """Is told of each run that ends."""

    def finished(self, record: Record) -> None:
        """A run is over."""


@contextmanager
def watch(
    store: Store, runs: list[Run], *, earlier: Sequence[Record], jobs: int, console: Console
) -> Iterator[Watcher]:
    """Shows progress while inside.

    Args:
        store: Where the runs' signs of life appear.
        runs: Runs to do.
        earlier: Records of the study's runs that were done before.
        jobs: How many run at once.
        console: On stderr.
    """
    estimate = Estimate(total=len(runs), jobs=jobs)
    make = _Bars if console.is_terminal else _Lines
    watcher = make(store, {run.run_id: run for run in runs}, earlier=earlier, estimate=estimate, console=console)
    stop = threading.Event()

    def poll() -> None:
        while not stop.wait(POLL_S):
            watcher.poll()

    thread = threading.Thread(target=poll, daemon=True, name="progress")
    with watcher:
        thread.start()
        try:
            yield watcher
        finally:
            stop.set()
            thread.join()


class Estimate:
    """Time left, from the mean time of the runs that are over."""

    def __init__(self, *, total: int, jobs: int) -> None:
        self._total, self._jobs = total, jobs
        self._walls: list[float] = []
        self._started = time.monotonic()

    def add(self, record: Record) -> None:
        """A run is over."""
        self._walls.append(record.timing.wall_s if record.timing else 0.0)

    @property
    def finished(self) -> int:
        """Runs that are over."""
        return len(self._walls)

    def left_s(self) -> float | None:
        """Seconds; None before the first run is over."""
        if not self._walls:
            return None
        elapsed = time.monotonic() - self._started
        mean = max(sum(self._walls) / len(self._walls) / self._jobs, elapsed / len(self._walls) * 0.5)
        return mean * (self._total - len(self._walls))


def finished_line(record: Record, *, position: int, total: int, left_s: float | None, mean: str = "") -> str:
    """One run as one line: how far, what came out, the mean so far, how long it took and what is left."""
    value = record.metrics.balanced_accuracy if record.metrics else None
    outcome = f"balanced accuracy {value:.3f}" if value is not None else record.status
    outcome += f" ({mean})" if mean else ""
    seconds = duration(record.timing.wall_s if record.timing else None)
    width = len(str(total))
    line = (
        f"[{position:>{width}}/{total}] {record.method} · {record.dataset} · seed {record.seed}: {outcome}, {seconds}"
    )
    if record.error is not None:
        line += f" ({record.error.message})"
    return f"{line}; {duration(left_s)} left" if left_s and position < total else line


class _Lines:
    """Plain lines: one for each run that ends, and one in half a minute for those that go on."""

    def __init__(
        self, store: Store, runs: dict[str, Run], *, earlier: Sequence[Record], estimate: Estimate, console: Console
    ) -> None:
        self._store, self._runs, self._estimate, self._console = store, runs, estimate, console
        self._total = len(earlier) + len(runs)
        self._done = len(earlier)
        self._scores = Scoreboard(earlier)
        self._next = time.monotonic() + PLAIN_LINE_S

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None

    def finished(self, record: Record) -> None:
        self._estimate.add(record)
        self._scores.add(record)
        position = self._done + self._estimate.finished
        line = finished_line(
            record,
            position=position,
            total=self._total,
            left_s=self._estimate.left_s(),
            mean=self._scores.mean_so_far(record),
        )
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
        self._next = time.monotonic() + PLAIN_LINE_S

    def poll(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PLAIN_LINE_S
        for progress in self._store.progress():
            if run := self._runs.get(progress.run_id):
                steps = f"{progress.step}/{progress.steps}" if progress.steps else f"{progress.step}"
                rate = f", {progress.steps_per_s:.1f} steps/s" if progress.steps_per_s else ""
                self._console.print(
                    f"… {run.method} · {run.dataset} · seed {run.seed}: {progress.phase} {steps}{rate}",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )


class _Bars(_Lines):
    """A bar for the study and one for each run that goes on, the scores so far below; runs that ended scroll above."""

    def __init__(
        self, store: Store, runs: dict[str, Run], *, earlier: Sequence[Record], estimate: Estimate, console: Console
    ) -> None:
        super().__init__(store, runs, earlier=earlier, estimate=estimate, console=console)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}", markup=False),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}", markup=False),
            console=console,
        )
        self._study = self._progress.add_task("study", total=self._total, completed=self._done, pace="", left="")
        self._tasks: dict[str, TaskID] = {}
        self._over = False
        self._live = Live(get_renderable=self._picture, console=console, refresh_per_second=4)

    def _picture(self) -> Group:
        """The table goes when the study is over, for then it is printed with its intervals."""
        return Group(self._progress, *([self._scores.table()] if len(self._scores) and not self._over else []))

    def __enter__(self) -> None:
        self._live.start()

    def __exit__(self, *_: object) -> None:
        for task in self._tasks.values():
            self._progress.remove_task(task)
        self._over = True
        self._live.stop()

    def finished(self, record: Record) -> None:
        super().finished(record)
        left = self._estimate.left_s()
        self._progress.update(self._study, advance=1, left=f"{duration(left)} left" if left else "")

    def poll(self) -> None:
        under_way = {p.run_id: p for p in self._store.progress() if p.run_id in self._runs}
        for run_id in [run_id for run_id in self._tasks if run_id not in under_way]:
            self._progress.remove_task(self._tasks.pop(run_id))
        for run_id, progress in under_way.items():
            run = self._runs[run_id]
            if run_id not in self._tasks:
                self._tasks[run_id] = self._progress.add_task("", total=None, pace="", left="")
            self._progress.update(
                self._tasks[run_id],
                description=f"{run.method} · {run.dataset} · seed {run.seed} · {progress.phase}",
                completed=progress.step,
                total=progress.steps,
                pace=f"{progress.steps_per_s:.1f} steps/s" if progress.steps_per_s else "",
                left=f"{duration(progress.left_s)} left" if progress.left_s is not None else "",
            )
