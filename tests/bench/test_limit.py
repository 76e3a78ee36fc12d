import threading
import time

import pytest

from bench.limit import RunTimeout, time_limit


def stuck() -> None:
    with time_limit(0.2):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                time.sleep(0.01)
            except Exception:
                continue


def test_a_stuck_run_ends_in_the_main_thread() -> None:
    with pytest.raises(RunTimeout, match=r"longer than 0\.2 s"):
        stuck()


def test_a_stuck_run_ends_in_another_thread_as_a_cluster_has_it() -> None:
    caught: list[BaseException] = []

    def work() -> None:
        try:
            stuck()
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(timeout=10)
    assert [str(error) for error in caught] == ["the run took longer than 0.2 s."]


def test_what_ends_in_time_is_left_alone() -> None:
    def quick() -> None:
        with time_limit(0.05):
            pass
        time.sleep(0.15)
        done.append(True)

    done: list[bool] = []
    for run in (quick, lambda: None):
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    quick()
    assert done == [True, True]
