"""What a report and a comparison of a large study cost: 20 methods, 50 seeds and 10 datasets are 10,000 runs.

`make benchmark` times a small study. For the full one, each in a process of its own so that its times can be read:

    python tests/benchmarks/test_report.py make FOLDER 20 50 10       # methods, seeds, datasets
    python tests/benchmarks/test_report.py compare FOLDER             # as `bench compare` does
    python tests/benchmarks/test_report.py report FOLDER md,html,pdf  # as `bench report` does
"""

from __future__ import annotations

import hashlib
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from results import CurveWriter, Environment, Metrics, PhaseTime, Predictions, Record, SplitRecord, Store, Study, Timing
from results import save_predictions as save

CLASSES = [f"class {k}" for k in range(11)]
CURVES_OF = 10
"""Seeds that leave curves and pictures: more are never read."""

ARMS = (
    ("none", "control", {}),
    ("classic-balanced", "control", {}),
    ("oversample", "control", {}),
    ("duplicate", "control", {}),
    ("classic-balanced[classifier=vit]", "control", {"classifier": "vit"}),
    ("dcgan", "two-stage", {}),
    ("wgan-gp", "two-stage", {}),
    ("cgan-diffaug", "two-stage", {}),
    ("vitgan[classifier=vit]", "two-stage", {"classifier": "vit"}),
    ("unified", "unified", {"classifier": "vit"}),
    ("unified[projection=false]", "unified", {"classifier": "vit"}),
    ("unified[selection=none]", "unified", {"classifier": "vit"}),
    *((f"bagan[policy=fixed:{k}000]", "two-stage", {}) for k in range(1, 40)),
)
DEFAULTS = {
    "unified": {"projection": "true", "selection": "full"},
    "bagan": {"policy": "balance"},
}
PHASES: dict[str, dict[str, float]] = {
    "control": {"classifier": 12.0},
    "two-stage": {"pretrain": 20.0, "generator": 80.0, "synthesis": 3.0, "classifier": 14.0},
    "unified": {"joint": 70.0},
}


def make(folder: Path, *, methods: int, seeds: int, datasets: int, rule: str = "resampled", n_test: int = 200) -> Path:
    """Writes a study: records, predictions, curves and pictures; the arms differ by up to four points."""
    store = Store(folder)
    arms = ARMS[:methods]
    names = [f"set-{d}" for d in range(datasets)]
    store.write_study(
        Study(name="synthetic", methods=[arm[0] for arm in arms], datasets=list(names), seeds=list(range(seeds)))
    )
    store.records_folder.mkdir(parents=True)
    for d, dataset in enumerate(names):
        classes = CLASSES[: 2 + d % 10]
        labels = np.arange(n_test) % len(classes)
        for m, (method, tier, parameters) in enumerate(arms):
            for seed in range(seeds):
                rng = np.random.default_rng([d, seed, m])
                probabilities = _predict(rng, labels, len(classes), skill=1.5 + 0.3 * d + 0.04 * (m % 7))
                record = _record(
                    method, tier, dataset, seed, classes, labels, probabilities, rng, rule=rule, parameters=parameters
                )
                store.record_file(record.run_id).write_text(record.to_json())
                run_folder = store.run_folder(record.run_id)
                run_folder.mkdir(parents=True)
                groups = labels // 2 if d % 2 else None
                save(
                    Predictions(labels=labels, probabilities=probabilities.astype(np.float32), groups=groups),
                    run_folder,
                )
                if seed < CURVES_OF:
                    _curves(run_folder, record, rng)
                if seed == 0 and tier != "control":
                    _pictures(run_folder, len(classes), rng)
    return folder


def _predict(rng: np.random.Generator, labels: np.ndarray, k: int, *, skill: float) -> np.ndarray:
    logits = rng.normal(0, 1, (len(labels), k))
    logits[np.arange(len(labels)), labels] += skill
    shares = np.exp(logits)
    return shares / shares.sum(axis=1, keepdims=True)


def _record(method, tier, dataset, seed, classes, labels, probabilities, rng, *, rule, parameters) -> Record:
    called = probabilities.argmax(axis=1)
    recall = {name: float((called[labels == k] == k).mean()) for k, name in enumerate(classes)}
    score = float(np.mean(list(recall.values())))
    same = dict.fromkeys((name for name in Metrics.model_fields if name != "recall"), score)
    counts = {name: int((labels == k).sum()) for k, name in enumerate(classes)}
    train = {name: 4 * n for name, n in counts.items()}
    n = len(labels)
    phases = {
        name: PhaseTime(wall_s=1.1 * s, cpu_s=s)
        for name, base in {**PHASES[tier], "score": 0.5}.items()
        for s in [base * float(rng.normal(1, 0.04))]
    }
    start = datetime(2026, 1, 2, tzinfo=UTC) + timedelta(seconds=seed)
    return Record(
        run_id=f"{method.partition('[')[0]}-{dataset}-s{seed}-{hashlib.sha1(method.encode()).hexdigest()[:10]}",
        protocol="0123456789ab",
        method=method,
        version=1,
        parameters={"classifier": "cnn", **DEFAULTS.get(method.partition("[")[0], {}), **_set_in(method), **parameters},
        tier=tier,
        dataset=dataset,
        dataset_fingerprint=f"{dataset:f<32}",
        seed=seed,
        preset="quick",
        budget={"size": 32, "batch": 64, "classifier_steps": 1000},
        split=SplitRecord(
            rule=rule,
            n_train=4 * n,
            n_valid=n,
            n_test=n,
            class_counts={"train": train, "valid": counts, "test": counts},
        ),
        status="ok",
        metrics=Metrics(**same, recall=recall),
        generative=_generative(rng, classes) if tier != "control" else None,
        timing=Timing(wall_s=sum(t.wall_s for t in phases.values()), phases=phases),
        device="cpu",
        environment=Environment(versions={"augbench": "0.1.0"}, threads=1, precision="float32", processor="Xeon"),
        started_at=start,
        finished_at=start + timedelta(minutes=1),
    )


def _set_in(method: str) -> dict[str, str]:
    """``name[a=1,b=2]`` → ``{a: 1, b: 2}``."""
    inside = method.partition("[")[2].removesuffix("]")
    return dict(pair.split("=") for pair in inside.split(",")) if inside else {}


def _generative(rng: np.random.Generator, classes: list[str]) -> dict[str, Any]:
    def figures() -> dict[str, Any]:
        return {"n": 100, "kid": float(rng.gamma(4, 0.1)), "kid_floor": 0.01, "coverage": float(rng.uniform())}

    extractor = {"name": "domain", "hash": "0" * 16, "resize": "none", "n": 200}
    return {**figures(), "per_class": {name: figures() for name in classes}, "extractor": extractor}


def _curves(folder: Path, record: Record, rng: np.random.Generator) -> None:
    with CurveWriter(folder) as writer:
        for phase in record.timing.phases if record.timing else ():
            if phase in ("synthesis", "score"):
                continue
            for step in range(10, 1001, 10):
                values = {name: float(np.exp(-step / 250) + rng.gamma(2, 0.03)) for name in ("loss_d", "loss_g", "kid")}
                writer.add(phase, step, values, step / 100)


def _pictures(folder: Path, n_classes: int, rng: np.random.Generator) -> None:
    for name in ("samples", "nearest"):
        Image.fromarray(rng.integers(0, 256, (2 * n_classes * 52, 520, 3), dtype=np.uint8)).save(folder / f"{name}.png")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("large") / "study", methods=6, seeds=10, datasets=2)


def test_a_report(benchmark, study: Path) -> None:
    import report

    assert benchmark.pedantic(report.write, args=(study,), rounds=3)


def test_a_comparison(benchmark, study: Path) -> None:
    from report.compare import compare
    from report.study import read_results

    assert benchmark.pedantic(lambda: compare(read_results(study)), rounds=3)


def main(verb: str, folder: str, *rest: str) -> None:
    """One of the three steps, with its wall seconds, and CPU seconds of this process and its children."""
    start = time.perf_counter()
    path = Path(folder)
    if verb == "make":
        methods, seeds, datasets = map(int, rest[:3])
        make(path, methods=methods, seeds=seeds, datasets=datasets, rule=rest[3] if len(rest) > 3 else "resampled")
    else:
        from bench.commands.app import app

        options = ["--format", rest[0]] if rest else []
        with Path(os.devnull).open("w") as sink, redirect_stdout(sink):
            app([verb, folder, *options], standalone_mode=False)
    cpu = sum(sum(used) for used in _used())
    print(f"{verb}: {time.perf_counter() - start:.1f} s, {cpu:.1f} s of CPU")


def _used() -> Iterator[tuple[float, float]]:
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        used = resource.getrusage(who)
        yield used.ru_utime, used.ru_stime


if __name__ == "__main__":
    main(*sys.argv[1:])
