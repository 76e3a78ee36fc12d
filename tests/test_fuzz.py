"""Ten thousand mutated records, study files and command lines: one sentence, nothing outside, no wrong aggregate.

A few hundred of them run with every test; the others are marked slow. Mutations follow from a number alone.
"""

from __future__ import annotations

import copy
import functools
import json
import random
import string
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import report
from bench.commands.app import Verb, app
from results import (
    ClassCounts,
    Environment,
    Metrics,
    NotComparable,
    PhaseTime,
    Record,
    SplitRecord,
    Store,
    Study,
    Timing,
)

RIGHT_CODES = {0, 1, 2, 3}
LOOKING = ("status", "compare", "check", "baseline", "merge", "rerun", "list", "show", "sample", "predict", "score")
"""Verbs that need no training; `report` and `doctor` take seconds, and `inspect` and `verify` draw images."""
NASTY: tuple[Any, ...] = (
    None, True, -1, 0, 2**70, 1e308, float("nan"), float("-inf"), 0.5, "", "\x00", "../../outside", "/etc/passwd", "~",
    "a" * 5000, "<script>alert(1)</script>", "ä\u202e\ud800", "[", "]", "{}", "none", "cells", [], {}, [[]], {"": None},
    {"name": "none", "classifier": "mlp"}, "none[classifier=", "folder:/nowhere", "2026-13-45", "ok", "diverged",
)  # fmt: skip
WORDS = (
    "--json", "--methods", "--datasets", "--seeds", "--preset", "--budget", "--out", "--config", "--jobs",
    "--device", "--precision", "--threads", "--shard", "--retries", "--timeout", "--backend", "--reference", "--metric",
    "--baseline", "--labels", "--help", "--checkpoint-every", "--no-reference", "none", "dcgan", "all", "classifier",
    "none,none", "dcgan[policy=fixed:3]", "bagan[loss=l2,classifier=resnet18]", "cells", "cells[train=40]", "smoke",
    "size=16", "size=", "batch=-1", "1/2", "0/0", "3,7", "1", "-1", "study", "nowhere", "none-cells-s0-0123456789",
    "methods", "cpu", "cuda:9", "float32", "dask", "balanced_accuracy", "study/study.toml", "0.5", "nan",
)  # fmt: skip


def numbers(count: int) -> Callable[[Callable[[int], None]], Callable[[], None]]:
    """Proves something for many numbers, the same ones every time."""
    quietly = settings(
        max_examples=count, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    return lambda prove: quietly(given(number=st.integers(0, 2**40))(prove))


def mutated_bytes(data: bytes, rng: random.Random) -> bytes:
    """Some bytes changed, taken out, put in or cut off."""
    content = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(content) + 1)
        match rng.randrange(4):
            case 0:
                content[place : place + 1] = bytes([rng.randrange(256)])
            case 1:
                del content[place : place + rng.randint(1, 40)]
            case 2:
                content[place:place] = rng.choice([b'"', b"}", b"\x00", b"\xff", b"NaN", b"1e999", b"[" * 2000])
            case _:
                del content[place:]
    return bytes(content)


def mutated_tree(tree: Any, rng: random.Random) -> Any:
    """One or two entries, anywhere in it, replaced, removed or added."""
    tree = copy.deepcopy(tree)
    for _ in range(rng.randint(1, 2)):
        at = tree
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(at[key], dict | list) and at[key] and rng.random() < 0.6:
                at = at[key]
                continue
            match rng.randrange(4):
                case 0 if isinstance(at, dict):
                    del at[key]
                case 1 if isinstance(at, dict):
                    at[rng.choice(["extra", "../x", "", "seed"])] = rng.choice(NASTY)
                case _:
                    at[key] = rng.choice(NASTY)
            break
    return tree


def means(records) -> dict[tuple[str, str], float]:
    """Mean balanced accuracy of each dataset and method, worked out here."""
    found: dict[tuple[str, str], list[float]] = {}
    for record in records:
        if record.status == "ok" and record.metrics and record.metrics.balanced_accuracy is not None:
            found.setdefault((record.dataset, record.method), []).append(record.metrics.balanced_accuracy)
    return {key: sum(values) / len(values) for key, values in found.items()}


@pytest.fixture
def intact() -> list[Record]:
    """Four records: two methods, two seeds."""
    return [intact_record(method, seed) for method in ("none", "classic-balanced") for seed in (0, 1)]


def intact_record(method: str, seed: int) -> Record:
    counts = {"a": 10, "b": 10}
    scores = dict.fromkeys((name for name in Metrics.model_fields if name != "recall"), 0.5 + 0.1 * seed)
    return Record(
        run_id=f"{method}-cells-s{seed}-0123456789",
        protocol="0123456789ab",
        method=method,
        version=1,
        parameters={"classifier": "cnn"},
        tier="control",
        dataset="cells",
        dataset_fingerprint="f" * 32,
        seed=seed,
        preset="smoke",
        budget={"size": 16},
        split=SplitRecord(
            rule="resampled",
            n_train=20,
            n_valid=20,
            n_test=20,
            class_counts=ClassCounts(train=counts, valid=counts, test=counts),
        ),
        status="ok",
        metrics=Metrics(**scores, recall={"a": 0.5, "b": 1.0}),
        timing=Timing(wall_s=3.0, phases={"classifier": PhaseTime(wall_s=2.0, cpu_s=1.9)}),
        device="cpu",
        environment=Environment(versions={"torch": "2.11.0"}, threads=1, precision="float32"),
        started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        finished_at=datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC),
    )


@pytest.fixture
def case(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    """Gives new folders to work in; nothing above them may be written. Verbs are put together once."""
    monkeypatch.setattr("bench.commands.app.Verb.load", functools.cache(Verb.load))
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.delenv("BENCH_DATA", raising=False)
    above = tmp_path_factory.mktemp("fuzz")
    inner = above / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    numbers = iter(range(10**9))

    def make() -> Path:
        assert sorted(path.name for path in above.iterdir()) == ["inner"], "something was written outside"
        return inner / f"study-{next(numbers)}"

    return make


def said(*words: str) -> tuple[int, str]:
    """Exit code and messages of `bench`; a traceback is an error."""
    result = CliRunner().invoke(app, list(words), prog_name="bench")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise AssertionError(f"bench {words} raised") from result.exception
    assert result.exit_code in RIGHT_CODES, (words, result.exit_code, result.stderr)
    assert "bench: unexpected" not in result.stderr, (words, result.stderr)
    assert "Traceback" not in result.stderr, (words, result.stderr)
    return result.exit_code, result.stderr


def without_doubles(records):
    """The last that finished of each dataset, method and seed."""
    found = {}
    for record in sorted(records, key=lambda record: record.finished_at):
        found[record.dataset, record.method, record.seed] = record
    return found.values()


@pytest.mark.parametrize("count", [200, pytest.param(6000, marks=pytest.mark.slow)])
def test_mutated_records(intact, case, count: int) -> None:
    """Read, or set aside by name; what is read enters the means as it is, and nothing else does."""
    whole, first = json.loads(intact[0].to_json()), intact[0].run_id
    by_id = {record.run_id: record for record in intact}
    study = Study(methods=["none", "classic-balanced"], datasets=["cells"], seeds=[0, 1])
    accepted = tried = 0

    @numbers(count)
    def prove(number: int) -> None:
        nonlocal accepted, tried
        rng = random.Random(number)
        store = Store(case())
        store.records_folder.mkdir(parents=True)
        for record in intact:
            store.record_file(record.run_id).write_text(record.to_json())
        path = store.record_file(first)
        if rng.random() < 0.4:
            path.write_bytes(mutated_bytes(path.read_bytes(), rng))
        else:
            path.write_text(json.dumps(mutated_tree(whole, rng)))
        records = store.records()
        read = {record.run_id: record for record in records}
        assert set(read) | {damaged.run_id for damaged in store.damaged} == set(by_id)
        assert all(read[run_id] == by_id[run_id] for run_id in read if run_id != first)
        accepted, tried = accepted + (first in read), tried + 1
        try:
            results = report.Results.of(records, study=study)
        except NotComparable:
            return
        current = [
            record
            for record in records
            if record.version == max(r.version for r in records if r.method == record.method)
        ]
        assert means(results.records) == means(without_doubles(current))
        assert all(0 <= value <= 1 for value in means(results.records).values())
        if tried % 100 == 0:
            store.write_study(study)
            report.summary(records, study=study)
            said("status", str(store.folder))
            said("compare", str(store.folder), "--json")

    prove()
    assert 0 < accepted < tried


@pytest.mark.parametrize("count", [60, pytest.param(2000, marks=pytest.mark.slow)])
def test_mutated_study_files(case, count: int) -> None:
    """Whatever a study file says, it is planned or refused, and nothing is written."""
    whole = Study(
        name="a study",
        methods=["none", {"name": "dcgan", "policy": "fixed:3"}],
        datasets=["cells[train=400]"],
        seeds=[0, 1],
        preset="smoke",
        budget={"size": 16},
        device="cpu",
        reference="none",
        families={"main": ["none"]},
        plugins=[],
    ).model_dump(exclude_none=True)
    codes: set[int] = set()

    @numbers(count)
    def prove(number: int) -> None:
        rng = random.Random(number)
        folder = case()
        folder.mkdir()
        path = folder / "study.toml"
        if rng.random() < 0.3:
            path.write_bytes(mutated_bytes(tomli_w.dumps(whole).encode(), rng))
        else:
            path.write_bytes(as_toml(mutated_tree(whole, rng)))
        codes.add(said("run", "--config", str(path), "--out", "study", "--dry-run")[0])
        codes.add(said("status", str(folder))[0])
        assert not Path("study").exists()
        assert list(folder.iterdir()) == [path]

    prove()
    assert codes == {0, 2}


@pytest.mark.parametrize("count", [100, pytest.param(2000, marks=pytest.mark.slow)])
def test_mutated_command_lines(intact, case, count: int) -> None:
    """Any words behind any verb end in a result or in one message."""

    @numbers(count)
    def prove(number: int) -> None:
        rng = random.Random(number)
        case()
        store = Store(Path("study"))
        if not store.study_file.exists():
            store.write_study(Study(methods=["none", "classic-balanced"], datasets=["cells"], seeds=[0, 1]))
            for record in intact:
                store.write(record)
        verb = rng.choice([*LOOKING, "run", "run", "".join(rng.choices(string.ascii_letters, k=4))])
        words = [mutated_word(rng.choice(WORDS), rng) for _ in range(rng.randint(0, 6))]
        said(verb, *words, *(["--dry-run"] if verb == "run" else []))

    prove()


def mutated_word(word: str, rng: random.Random) -> str:
    """As it is most of the time; else a letter is lost, doubled or strange, or the word is another one altogether."""
    place = rng.randrange(len(word))
    match rng.randrange(10):
        case 0:
            return word[:place] + word[place + 1 :]
        case 1:
            return word[:place] + word[place] + word[place:]
        case 2:
            return word[:place] + rng.choice("[]=,:'\"/\\\x00é🙂%") + word[place:]
        case 3:
            return str(rng.choice(NASTY)).encode("utf-8", "replace").decode()
    return word


def as_toml(tree: Any) -> bytes:
    """As TOML, where it can be written so."""
    try:
        return tomli_w.dumps(tree).encode()
    except (TypeError, ValueError, AttributeError):
        return repr(tree).encode("utf-8", "replace")
