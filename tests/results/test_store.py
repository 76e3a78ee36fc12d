import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from results import Store, Study, UnreadableFile
from results.store import LEFTOVER_AGE_S


def test_what_is_written_is_read_again(tmp_path, make_record):
    store = Store(tmp_path / "studies" / "new")
    assert store.records() == [] and store.run_ids() == [] and store.statuses() == {} and store.progress() == []
    later, first = make_record("b-s1", seed=1), make_record("a-s0", status="skipped")
    store.write(later)
    store.write(first)
    assert store.records() == [first, later]
    assert store.read("b-s1") == later and store.read("c") is None
    assert store.run_ids() == ["a-s0", "b-s1"]
    assert store.statuses() == {"a-s0": "skipped", "b-s1": "failed"}
    assert json.loads((store.folder / "records" / "a-s0.json").read_text())["schema"] == 1
    assert store.damaged == []


def test_a_second_record_replaces_the_first(tmp_path, make_record):
    store = Store(tmp_path)
    store.write(make_record("a", status="failed"))
    store.write(make_record("a", status="timeout"))
    assert store.statuses() == {"a": "timeout"}
    assert [path.name for path in (tmp_path / "records").iterdir()] == ["a.json"]


def test_the_study_file_lies_beside_the_records(tmp_path):
    store = Store(tmp_path)
    store.write_study(Study(name="a study", seeds=[3, 7]))
    assert store.read_study().seeds == [3, 7]
    assert (tmp_path / "study.toml").is_file()


def test_every_shorter_beginning_of_a_record_is_set_aside(tmp_path, make_record):
    record = make_record("a")
    whole = record.to_json().encode()
    file = tmp_path / "records" / "a.json"
    file.parent.mkdir()
    for length in range(len(whole) - 1):  # the last byte is the line's end, without which the record is whole
        file.write_bytes(whole[:length])
        store = Store(tmp_path)
        assert store.read("a") is None
        (damaged,) = store.damaged
        assert damaged.run_id == "a" and damaged.path.read_bytes() == whole[:length]
        assert not file.exists()
        damaged.path.unlink()
    file.write_bytes(whole[:-1])
    assert Store(tmp_path).read("a") == record


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "EOF"),
        (b"\xff\xfe\x00", "expected value"),
        (b"[" * 100_000, "recursion"),
        (b'{"run_id": "\\ud800"}', "hex escape"),
        (b"null", "an object"),
        (b"{}", "Field required"),
    ],
)
def test_nonsense_is_set_aside_with_the_reason(tmp_path, content, reason):
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "a.json").write_bytes(content)
    store = Store(tmp_path)
    assert store.records() == []
    assert reason.lower() in store.damaged[0].reason.lower()
    assert "a.json.damaged" in str(store.damaged[0])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema": 0}, "schema: Input should be 1"),
        ({"status": "fine"}, "status"),
        ({"surprise": 1}, "surprise: Extra inputs"),
        ({"run_id": "b"}, "it holds the run 'b'"),
        ({"run_id": "../../etc/passwd"}, "it holds the run '../../etc/passwd'"),
    ],
)
def test_a_record_of_another_shape_is_set_aside(tmp_path, make_record, change, reason):
    (tmp_path / "records").mkdir()
    values = json.loads(make_record("a").to_json()) | change
    (tmp_path / "records" / "a.json").write_text(json.dumps(values))
    store = Store(tmp_path)
    assert store.read("a") is None
    assert reason in store.damaged[0].reason


def test_a_former_damaged_record_is_kept(tmp_path, make_record):
    for content in ("first", "second", "third"):
        (tmp_path / "records").mkdir(exist_ok=True)
        (tmp_path / "records" / "a.json").write_text(content)
        Store(tmp_path).statuses()
    kept = {path.name: path.read_text() for path in (tmp_path / "records").iterdir()}
    assert kept == {"a.json.damaged": "first", "a.json.damaged-2": "second", "a.json.damaged-3": "third"}
    Store(tmp_path).write(make_record("a"))
    assert Store(tmp_path).run_ids() == ["a"]


def test_a_folder_in_the_place_of_a_record_is_set_aside(tmp_path):
    (tmp_path / "records" / "a.json").mkdir(parents=True)
    store = Store(tmp_path)
    assert store.records() == [] and store.damaged[0].reason == "it is a folder"


@pytest.mark.parametrize(
    "run_id",
    ["", ".", "..", "../a", "a/b", "/etc/passwd", ".hidden", "a\\b", "a b", "a\n", "a\0", "é", "a" * 201],
)
def test_a_run_id_never_leads_outside(tmp_path, make_record, run_id):
    store = Store(tmp_path / "study")
    for use in (store.read, store.run_folder, store.record_file):
        with pytest.raises(UnreadableFile, match="is no run id"):
            use(run_id)
    with pytest.raises(UnreadableFile):
        store.write(make_record(run_id))
    assert list(tmp_path.rglob("*")) == []


def test_leftovers_are_ignored_and_swept_only_when_old(tmp_path, make_record):
    store = Store(tmp_path)
    store.write(make_record("a"))
    old, young = (tmp_path / "records" / f".a.json.{k}.tmp" for k in (1, 2))
    for path in (old, young):
        path.write_text('{"sche')
    now = time.time()
    os.utime(old, (now - LEFTOVER_AGE_S - 1, now - LEFTOVER_AGE_S - 1))
    assert store.run_ids() == ["a"] and len(store.records()) == 1 and store.damaged == []
    assert store.sweep(now=now) == [old]
    assert young.exists() and not old.exists()


def test_the_folder_of_a_run_that_still_writes_is_not_swept(tmp_path):
    store = Store(tmp_path)
    with store.attempt("a") as folder:
        (folder / "curves.csv").write_text("phase,step\n")
        long_ago = time.time() - LEFTOVER_AGE_S - 1
        os.utime(folder, (long_ago, long_ago))
        assert store.sweep() == []
        os.utime(folder / "curves.csv", (long_ago, long_ago))
        assert store.sweep() == [folder]
        folder.mkdir()


def test_a_record_of_a_later_version_is_left_where_it_is(tmp_path, make_record):
    store = Store(tmp_path)
    store.write(make_record("a"))
    file = store.record_file("a")
    file.write_text(file.read_text().replace('"schema": 1', '"schema": 2').replace('"schema":1', '"schema":2'))
    for use in (store.records, store.statuses, lambda: store.read("a")):
        assert not use()
        assert "written by a later version" in store.damaged[-1].reason
    assert file.exists()


def test_a_full_disk_leaves_the_former_record(tmp_path, make_record, monkeypatch):
    store = Store(tmp_path)
    store.write(make_record("a", seed=1))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store.write(make_record("a", seed=2))
    monkeypatch.undo()
    assert [record.seed for record in store.records()] == [1]
    assert [path.name for path in (tmp_path / "records").iterdir()] == ["a.json"]


WRITER = """
import itertools, pathlib, sys
from results import Record, Store
record = Record.model_validate_json(pathlib.Path(sys.argv[1]).read_text())
store = Store(pathlib.Path(sys.argv[2]))
for k in itertools.count():
    if k == 3:
        print("writing", flush=True)
    store.write(record.model_copy(update={"run_id": f"r{k % 5}", "seed": k}))
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is a matter of POSIX")
def test_killed_writers_leave_whole_records(tmp_path, make_record):
    (tmp_path / "template.json").write_text(make_record("r0", parameters={"padding": "x" * 20_000}).to_json())
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", WRITER, str(tmp_path / "template.json"), str(tmp_path / "study")]
    for delay in (0.0, 0.003, 0.007, 0.013):
        writer = subprocess.Popen(
            command, stdout=subprocess.PIPE, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}
        )
        assert writer.stdout is not None and writer.stdout.readline() == b"writing\n"
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        store = Store(tmp_path / "study")
        assert len(store.records()) >= 3 and store.damaged == []


def test_an_attempt_takes_the_place_of_the_former_one_when_it_ends_well(tmp_path):
    store = Store(tmp_path)
    with store.attempt("a") as folder:
        (folder / "old.txt").write_text("old")
        assert not store.run_folder("a").exists()
    with store.attempt("a") as folder:
        (folder / "new.txt").write_text("new")
        assert [path.name for path in store.run_folder("a").iterdir()] == ["old.txt"]
    assert [path.name for path in store.run_folder("a").iterdir()] == ["new.txt"]
    with pytest.raises(KeyboardInterrupt), store.attempt("a") as folder:
        (folder / "cut short.txt").write_text("")
        raise KeyboardInterrupt
    assert [path.name for path in store.runs_folder.rglob("*")] == ["a", "new.txt"]


def test_attempts_at_one_run_do_not_touch_each_other(tmp_path):
    store = Store(tmp_path)
    with store.attempt("a") as first:
        (first / "curves.csv").write_text("first")
        with store.attempt("a") as second:
            (second / "curves.csv").write_text("second")
        assert (first / "curves.csv").read_text() == "first"
    assert (store.run_folder("a") / "curves.csv").read_text() == "first"
