"""The command as a user meets it: what it prints, where, and how it exits."""

import errno
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

import results.store
from bench.__main__ import shadowed
from bench.commands.app import app
from results import Store, Study

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Said:
    code: int
    out: str
    err: str


@pytest.fixture
def bench(plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs the command in this process, with the plug-ins loaded and a cache of its own."""
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("BENCH_DATA", raising=False)
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str) -> Said:
        result = CliRunner().invoke(app, list(arguments), prog_name="bench")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, " ".join(result.stderr.split()))

    return invoke


TINY = ("--datasets", "stripes", "--preset", "smoke", "--device", "cpu", "--jobs", "1", "--out", "study")


def test_a_study_from_start_to_report(bench, tmp_path: Path) -> None:
    said = bench("run", "--methods", "nearest-mean", "--seeds", "2", *TINY)
    assert said.code == 0, said.err
    store = Store(tmp_path / "study")
    assert len(store.records()) == 6, "two seeds of the method and of its two reference arms"
    assert "nearest-mean" in said.out
    assert "classic-balanced" in said.out
    assert "6 runs, 0 done, 6 to do" in said.err
    assert (tmp_path / "study/report.md").is_file()
    assert "report.md" in said.err


def test_running_again_does_only_what_is_missing(bench, tmp_path: Path) -> None:
    bench("run", "--methods", "nearest-mean", "--seeds", "2", "--no-reference", *TINY)
    store = Store(tmp_path / "study")
    before = {run_id: store.record_file(run_id).read_bytes() for run_id in store.run_ids()}
    said = bench("run", "--methods", "nearest-mean", "--seeds", "3", "--no-reference", *TINY)
    assert "3 runs, 2 done, 1 to do" in said.err
    assert {run_id: store.record_file(run_id).read_bytes() for run_id in before} == before
    assert len(store.run_ids()) == 3
    always = bench("run", "--methods", "nearest-mean", "--no-reference", "--overwrite", "always", *TINY)
    assert "3 to do" in always.err


def test_running_with_all_done_leaves_the_report_and_tells_of_failures(bench, tmp_path: Path, monkeypatch) -> None:
    words = ("run", "--methods", "nearest-mean,fails", "--seeds", "1", "--no-reference", *TINY)
    assert bench(*words).code == 1
    report = tmp_path / "study/report.md"
    before = report.stat().st_mtime_ns
    again = bench(*words)
    assert again.code == 1
    assert "nothing was missing" in again.err
    assert "nearest-mean" in again.out
    assert report.stat().st_mtime_ns == before
    with monkeypatch.context() as patch:
        patch.setattr("bench.commands.run.MOST_SHOWN", 1)
        large = bench(*words)
    assert large.code == 1
    assert "1 of 2 runs failed" in large.err
    assert large.out == ""
    report.unlink()
    assert bench(*words).code == 1
    assert report.exists()


def test_status_counts_datasets_that_are_not_known_here_and_loads_no_plugin(bench, tmp_path: Path) -> None:
    plugin = tmp_path / "plugin.py"
    plugin.write_text(f"open({str(tmp_path / 'was-run')!r}, 'w')")
    study = Study(methods=["none"], datasets=["elsewhere", "cells", "cells[part=report]"], plugins=[str(plugin)])
    Store(tmp_path / "study").write_study(study)
    said = bench("status", str(tmp_path / "study"), "--json")
    assert json.loads(said.out)["planned"] == 6
    assert not (tmp_path / "was-run").exists()


def test_a_dry_run_prints_the_plan_and_writes_nothing(bench, tmp_path: Path) -> None:
    said = bench("run", "--methods", "nearest-mean", "--seeds", "2", "--dry-run", *TINY)
    assert said.code == 0
    lines = [line.split("\t") for line in said.out.splitlines()]
    assert [(line[1], line[2], line[3], line[4]) for line in lines][:3] == [
        ("none", "stripes", "0", "to do"),
        ("classic-balanced", "stripes", "0", "to do"),
        ("nearest-mean", "stripes", "0", "to do"),
    ]
    assert len(lines) == 6
    assert not (tmp_path / "study").exists()


def test_failed_runs_exit_with_one_and_are_tried_again_when_asked(bench) -> None:
    first = bench("run", "--methods", "fails,nearest-mean,diverges", "--seeds", "1", "--no-reference", *TINY)
    assert first.code == 1
    assert "1 of 3 runs failed or timed out" in first.err
    assert "no such layer" in first.err
    again = bench("run", "--methods", "fails", "--seeds", "1", "--no-reference", "--overwrite", "failed", *TINY)
    assert "1 to do" in again.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--methods", "dcgn"), ["no method 'dcgn'", "dcgan"]),
        (("--methods", "dcgan[per_clas=true]"), ["no parameter 'per_clas'", "per_class (bool)"]),
        (("--methods", "dcgan[per_class=perhaps]"), ["per_class should be a valid boolean", "'perhaps'"]),
        (("--methods", "none[classifier=resnet81]"), ["resnet81", "resnet18"]),
        (("--methods", "none[classifier=cnn"), ["leaves a bracket open"]),
        (("--methods", "none,,dcgan"), ["empty name"]),
        (("--methods", ""), ["empty name"]),
        (("--methods", "none", "--datasets", "cels"), ["no dataset 'cels'", "cells"]),
        (("--methods", "none", "--preset", "quik"), ["no preset 'quik'", "quick"]),
        (("--methods", "none", "--seeds", "x"), ["--seeds 'x' is no seed list"]),
        (("--methods", "none", "--budget", "size"), ["no name=number"]),
        (("--methods", "none", "--device", "tpu9"), ["--device 'tpu9'"]),
        (("--methods", "none", "--precision", "int8"), ["--precision 'int8'"]),
        (("--methods", "none", "--jobs", "many"), ["--jobs 'many'"]),
        (("--methods", "none", "--plugin", "absent.py"), ["no plug-in file"]),
        (("--methods", "none", "--config", "absent.toml"), ["no study file"]),
        ((), ["no method is named"]),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_two(bench, tmp_path: Path, arguments, words) -> None:
    said = bench("run", *arguments, "--out", "study", *(() if "--datasets" in arguments else ("--datasets", "stripes")))
    assert said.code == 2, said.err
    for word in words:
        assert word in said.err
    assert said.err.startswith("bench: ")
    assert "Traceback" not in said.err
    assert said.out == ""
    assert not (tmp_path / "study").exists()


def test_a_run_may_take_a_year_at_most(bench) -> None:
    said = bench("run", "--methods", "none", "--timeout", "inf", "--out", "study")
    assert said.code == 2
    assert "'--timeout': Input should be less than or equal to 31536000" in said.err


def test_a_seed_that_a_study_file_names_twice_is_named(bench, tmp_path: Path) -> None:
    (tmp_path / "twice.toml").write_text('methods = ["none"]\ndatasets = ["stripes"]\nseeds = [0, 0]\n')
    said = bench("run", "--config", "twice.toml", "--out", "study")
    assert said.code == 2
    assert "seeds: value error, a seed is named twice; keep one" in said.err


def test_missing_and_empty_data_folders_are_named(bench, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for options in ((), ("--data-dir", "absent"), ("--data-dir", "empty")):
        said = bench("run", "--methods", "none", "--datasets", "chula-rbc-4", "--out", "study", *options)
        assert said.code == 2, said.err
        assert "Dataset" in said.err, "says which folder is wanted"
        assert not (tmp_path / "study").exists()


def test_a_folder_that_cannot_be_written_is_named(bench, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = bench("run", "--methods", "nearest-mean", "--seeds", "1", *TINY[:-1], "file/study")
    assert said.code == 2
    assert "file/study cannot be written" in said.err


def test_a_damaged_record_is_set_aside_named_and_its_run_done_again(bench, tmp_path: Path) -> None:
    run = ("run", "--methods", "nearest-mean", "--seeds", "2", "--no-reference", *TINY)
    bench(*run)
    store = Store(tmp_path / "study")
    run_id = store.run_ids()[0]
    whole = store.record_file(run_id).read_bytes()
    store.record_file(run_id).write_bytes(whole[: len(whole) // 2])
    said = bench(*run)
    assert said.code == 0
    assert f"the record of {run_id} is damaged" in said.err
    assert "1 to do" in said.err
    assert len(Store(tmp_path / "study").records()) == 2
    assert (tmp_path / f"study/records/{run_id}.json.damaged").is_file()


def test_a_damaged_study_file_is_set_aside_and_its_records_are_kept(bench, tmp_path: Path) -> None:
    run = ("run", "--methods", "nearest-mean", "--seeds", "2", "--no-reference", *TINY)
    bench(*run)
    (tmp_path / "study/study.toml").write_text("methods = [")
    said = bench(*run)
    assert said.code == 0
    assert "study.toml cannot be read as TOML" in said.err
    assert "2 done, 0 to do" in said.err
    assert (tmp_path / "study/study.toml.damaged").read_text() == "methods = ["


def test_another_protocol_exits_with_three(bench) -> None:
    bench("run", "--methods", "nearest-mean", "--seeds", "1", *TINY)
    said = bench("run", "--methods", "nearest-mean", "--datasets", "stripes", "--preset", "quick", "--out", "study")
    assert said.code == 3
    assert "preset 'smoke' and is asked for 'quick'" in said.err


def test_a_full_disk_is_one_sentence_and_keeps_what_is_done(bench, tmp_path: Path, monkeypatch) -> None:
    run = ("run", "--methods", "nearest-mean", "--no-reference", *TINY)
    bench(*run, "--seeds", "1")
    real = results.store.write_whole

    def full(path: Path, content: str | bytes) -> None:
        if path.parent.name == "records":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(path, content)

    monkeypatch.setattr(results.store, "write_whole", full)
    said = bench(*run, "--seeds", "3")
    assert said.code == 1
    assert "disk of" in said.err
    assert "is full; make space and run the same command again" in said.err
    monkeypatch.undo()
    assert len(Store(tmp_path / "study").records()) == 1


def test_status_counts(bench) -> None:
    bench("run", "--methods", "nearest-mean,fails,diverges", "--seeds", "2", "--no-reference", *TINY)
    said = bench("status", "study", "--json")
    counts = json.loads(said.out)
    assert (counts["ok"], counts["failed"], counts["diverged"], counts["missing"]) == (2, 2, 2, 0)
    assert "2 ok" in bench("status", "study").out
    assert bench("status", "absent").code == 2


def test_status_counts_what_the_study_asks_for_not_whatever_lies_there(bench, tmp_path: Path) -> None:
    bench("run", "--methods", "nearest-mean,none", "--seeds", "2", "--no-reference", *TINY)
    store = Store(tmp_path / "study")
    of_old_version = next(record for record in store.records() if record.method == "none")
    store.write(of_old_version.model_copy(update={"version": of_old_version.version - 1}))
    store.write_study(store.read_study().model_copy(update={"methods": ["oversample", "none"]}))
    counts = json.loads(bench("status", "study", "--json").out)
    assert (counts["ok"], counts["missing"], counts["planned"], counts["other"]) == (1, 3, 4, 3)
    assert "3 of other arms, seeds or versions" in bench("status", "study").out


def test_rerun_gives_the_same_to_the_bit(bench, tmp_path: Path) -> None:
    bench("run", "--methods", "none", "--seeds", "1", "--no-reference", *TINY)
    run_id = Store(tmp_path / "study").run_ids()[0]
    said = bench("rerun", "study", run_id)
    assert said.code == 0, said.err
    assert "predictions are the same to the bit" in said.out
    assert json.loads(bench("rerun", "study", run_id, "--json").out)["same_predictions"] is True
    assert bench("rerun", "study", "none-stripes-s9-0").code == 2


def test_rerun_tells_when_a_run_comes_out_differently(bench, tmp_path: Path) -> None:
    bench("run", "--methods", "nearest-mean", "--seeds", "1", "--no-reference", *TINY)
    store = Store(tmp_path / "study")
    record = store.records()[0]
    assert record.metrics is not None
    store.write(record.model_copy(update={"metrics": record.metrics.model_copy(update={"accuracy": 0.123})}))
    said = bench("rerun", "study", record.run_id)
    assert said.code == 1
    assert "came out differently" in said.err


def test_lists_and_entries(bench) -> None:
    methods = json.loads(bench("list", "methods", "--json").out)
    assert {"none", "dcgan", "oracle"} <= {entry["name"] for entry in methods}
    assert {"cells", "digits", "chula-rbc-4"} <= {
        e["name"] for e in json.loads(bench("list", "datasets", "--json").out)
    }
    assert {"cnn", "mlp"} <= {e["name"] for e in json.loads(bench("list", "classifiers", "--json").out)}
    assert "balanced_accuracy" in bench("list", "metrics").out
    shown = bench("show", "dcgan").out
    assert "Radford" in shown
    assert "per_class" in shown
    assert bench("show", "dcgn").code == 2
    assert "label_smoothing" in bench("show", "resnet18").out
    assert json.loads(bench("show", "cells", "--json").out)["name"] == "cells"
    assert "precision-recall" in bench("show", "macro_ap").out
    assert json.loads(bench("show", "kid", "--json").out)["name"] == "kid"


def test_verify_and_doctor(bench, plugins) -> None:
    assert bench("verify", "nearest-mean").code == 0
    failed = bench("verify", "not-finite")
    assert failed.code == 1
    assert "FAILED" in failed.out
    assert bench("verify", "nothing-of-the-kind").code == 2
    findings = json.loads(bench("doctor", "--json").out)
    assert findings["versions"]["torch"]
    assert findings["devices"]["cores"] >= 1
    assert findings["versions"]["typst"]
    assert "BENCH_WEIGHTS" in findings["features"]["bench score --extractor inception"]


def test_report_is_written_again(bench, tmp_path: Path) -> None:
    bench("run", "--methods", "nearest-mean", "--seeds", "2", *TINY)
    report = tmp_path / "study/report.md"
    first = report.read_text()
    report.unlink()
    assert bench("report", "study").code == 0
    assert report.read_text() == first


def test_times_of_runs_that_shared_cores_are_shown_if_asked_for(bench, tmp_path: Path) -> None:
    bench("run", "--methods", "nearest-mean", "--seeds", "1", "--no-reference", *TINY)
    store = Store(tmp_path / "study")
    (record,) = store.records()
    store.write(record.model_copy(update={"timing": record.timing.model_copy(update={"contended": "shared"})}))
    shown = {}
    for options in ((), ("--shared",)):
        assert bench("report", "study", *options).code == 0
        shown[options] = "Seconds a run" in (tmp_path / "study/report.md").read_text()
    assert shown == {(): False, ("--shared",): True}
    assert bench("report", "study", "--format", "docx").code == 2


def test_a_foreign_package_that_hides_ours_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shadowed() is None
    foreign = tmp_path / "datasets"
    foreign.mkdir()
    (foreign / "__init__.py").write_text("")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    found = subprocess.run(
        [sys.executable, "-P", "-m", "bench", "list", "methods"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 2
    assert "another package called 'datasets' hides augbench's own" in found.stderr


@pytest.mark.slow
def test_the_command_runs_from_a_bare_checkout_and_stops_cleanly_on_ctrl_c(plugins, tmp_path: Path) -> None:
    import signal
    import time

    command = [sys.executable, "-m", "bench", "run", "--methods", "sleeps", "--no-reference", "--seeds", "1", *TINY]
    for path in plugins:
        command += ["--plugin", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BENCH_CACHE": str(tmp_path / "cache")}
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 — a shell's background job ignores it
    )
    store = Store(tmp_path / "study")
    deadline = time.monotonic() + 60
    try:
        while not store.progress() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert (
        "stopped; 0 of 1 runs are done and kept. Go on with: bench run --jobs 1 --device cpu --config" in err
    )  # as it was asked
    assert "Traceback" not in err
    assert store.progress() == []
