"""A made-up study with known figures, and single records to build others of."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import report
from results import (
    CurveWriter,
    Environment,
    Metrics,
    PhaseTime,
    Plane,
    Predictions,
    Record,
    SplitRecord,
    Store,
    Study,
    Timing,
    save_plane,
    save_predictions,
)

MakeRecord = Callable[..., Record]

CLASSES = {"cells": ("red blood cell", "ring", "schizont", "trophozoite"), "digits": ("zero", "one|two", "<three>")}
COUNTS = {"cells": (5600, 292, 106, 887), "digits": (120, 40, 12)}
METHODS = {  # name → tier, classifier, scores, seconds by phase
    "none": ("control", "cnn", 0.80, {"classifier": 11.0}),
    "classic-balanced": ("control", "cnn", 0.91, {"classifier": 12.0}),
    "classic-balanced[classifier=resnet18]": ("control", "resnet18", 0.93, {"classifier": 30.0}),
    "dcgan[classifier=resnet18,per_class=false]": (
        "two-stage",
        "resnet18",
        0.925,
        {"generator": 78.0, "synthesis": 2.0, "classifier": 31.0},
    ),
    "unified": ("unified", "cnn", 0.915, {"joint": 55.0}),
}


@pytest.fixture
def make_record() -> MakeRecord:
    """An ok run of ``none`` on two classes; keywords replace entries, ``score`` sets all metrics."""
    return record


@pytest.fixture
def study_records() -> list[Record]:
    """Five methods on two datasets, three seeds; one run diverged and one failed."""
    return fake_records()


@pytest.fixture(scope="session")
def written_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a folder, with pictures and curves, and its report."""
    folder = fake_study(tmp_path_factory.mktemp("study") / "fake study")
    report.write(folder)
    return folder


def record(**values: Any) -> Record:
    score = values.pop("score", 0.5)
    method, seed = values.get("method", "none"), values.get("seed", 0)
    entries: dict[str, Any] = {
        "run_id": re.sub("[^a-z0-9]+", "-", f"{method}-{values.get('dataset', 'cells')}-s{seed}".lower()),
        "protocol": "0123456789ab",
        "method": method,
        "version": 1,
        "parameters": {"classifier": "cnn"},
        "tier": "control",
        "dataset": "cells",
        "dataset_fingerprint": "f" * 32,
        "seed": seed,
        "preset": "quick",
        "budget": {"size": 32, "batch": 64, "classifier_steps": 1000},
        "split": split(("a", "b"), (90, 10)),
        "status": "ok",
        "metrics": metrics(score, {"a": score, "b": score}),
        "timing": timing({"classifier": 10.0}),
        "device": "cpu",
        "environment": Environment(
            versions={"augbench": "0.1.0", "torch": "2.15.0"}, threads=1, precision="float32", processor="Xeon 8480"
        ),
        "started_at": datetime(2026, 1, 2, tzinfo=UTC),
        "finished_at": datetime(2026, 1, 2, 0, 1, tzinfo=UTC),
    }
    if values.get("status", "ok") != "ok":
        entries["metrics"] = None
    return Record(**(entries | values))


def metrics(score: float | None, recall: dict[str, float | None], **others: float | None) -> Metrics:
    same = dict.fromkeys((name for name in Metrics.model_fields if name != "recall"), score)
    return Metrics(**(same | others), recall=recall)


def timing(phases: dict[str, float], *, contended: str = "none", gpu: bool = False, factor: float = 1.0) -> Timing:
    spent = {
        name: PhaseTime(wall_s=factor * s * 1.05, cpu_s=factor * s, gpu_s=factor * s / 2 if gpu else None)
        for name, s in {**phases, "score": 0.5}.items()
    }
    wall = sum(time.wall_s for time in spent.values())
    return Timing(wall_s=wall, phases=spent, contended=contended, peak_rss_bytes=2**30)


def split(classes: tuple[str, ...], train: tuple[int, ...]) -> SplitRecord:
    def counts(share: float) -> dict[str, int]:
        return {name: int(n * share) for name, n in zip(classes, train, strict=True)}

    parts = {"train": counts(1), "valid": counts(1 / 7), "test": counts(2 / 7)}
    sizes = {f"n_{part}": sum(of.values()) for part, of in parts.items()}
    return SplitRecord(rule="fresh", **sizes, class_counts=parts)


def fake_records() -> list[Record]:
    rng = np.random.default_rng(0)
    start = datetime(2026, 1, 2, 8, tzinfo=UTC)
    records: list[Record] = []
    for dataset, classes in CLASSES.items():
        for seed in range(3):
            for method, (tier, classifier, level, phases) in METHODS.items():
                hardness = np.linspace(0.05, -0.08, len(classes))
                recall = np.clip(level + hardness + rng.normal(0, 0.02, len(classes)), 0, 1)
                values: dict[str, Any] = {
                    "run_id": f"{method.partition('[')[0]}-{dataset}-s{seed}-{len(records):010d}",
                    "method": method,
                    "parameters": {"classifier": classifier},
                    "tier": tier,
                    "dataset": dataset,
                    "seed": seed,
                    "split": split(classes, COUNTS[dataset]),
                    "metrics": metrics(
                        float(recall.mean()),
                        dict(zip(classes, recall.tolist(), strict=True)),
                        macro_ap=level - 0.02 + rng.normal(0, 0.01),
                        macro_f1=level - 0.06 + rng.normal(0, 0.01),
                        minority_recall=float(recall[2]),
                        ece=0.04,
                        brier=0.07,
                    ),
                    "timing": timing(phases, factor=rng.normal(1, 0.03)),
                    "started_at": start + timedelta(minutes=len(records)),
                    "finished_at": start + timedelta(minutes=len(records) + 1),
                }
                if (method, dataset, seed) == ("unified", "cells", 1):
                    error = {"type": "Diverged", "message": "loss_d is not finite at step 31.", "phase": "joint"}
                    values |= {"status": "diverged", "metrics": None, "error": error}
                if (method, dataset, seed) == ("none", "digits", 2):
                    error = {"type": "OSError", "message": "cannot read a|b*c*.png\nor <img> `x`", "phase": None}
                    values |= {"status": "failed", "metrics": None, "timing": None, "error": error}
                records.append(record(**values))
    return records


def fake_study(folder: Path) -> Path:
    store = Store(folder)
    store.write_study(
        Study(name="fake study", methods=list(METHODS), datasets=list(CLASSES), seeds=[0, 1, 2], preset="quick")
    )
    for run in fake_records():
        store.write(run)
        if run.status == "failed":
            continue
        write_curves(store.run_folder(run.run_id), run)
        if run.status == "ok":
            write_predictions(store.run_folder(run.run_id), run)
        if run.tier != "control" and run.status == "ok":
            write_samples(store.run_folder(run.run_id) / "samples.png", n_classes=len(CLASSES[run.dataset]))
    return folder


def write_curves(folder: Path, run: Record) -> None:
    rng = np.random.default_rng(run.seed)
    with CurveWriter(folder) as writer:
        for phase in run.timing.phases if run.timing else ():
            if phase in ("synthesis", "score"):
                continue
            names = ("loss", "valid_balanced_accuracy") if phase == "classifier" else ("loss_d", "loss_g", "kid")
            for step in range(10, 1001, 10):
                falling = np.exp(-step / 250)
                values = {
                    name: 0.9 - 0.6 * falling + rng.normal(0, 0.01)
                    if "accuracy" in name
                    else falling + rng.gamma(2, 0.03)
                    for name in names
                }
                if phase != "classifier" and step % 200 == 0:
                    values["quality"] = 0.02 * falling + 0.01
                writer.add(phase, step, values, step / 100)


def write_predictions(folder: Path, run: Record) -> None:
    """Ninety test images, whose predictions are as good as the run's score; methods that generate leave a plane too."""
    rng = np.random.default_rng(run.seed)
    k = len(CLASSES[run.dataset])
    labels = np.arange(90) % k
    probabilities = rng.dirichlet(np.ones(k), 90)
    sure = rng.uniform(size=90) < (run.metrics.balanced_accuracy if run.metrics else 0)
    probabilities[sure] = np.eye(k)[labels[sure]]
    save_predictions(Predictions(labels, probabilities.astype(np.float32)), folder)
    if run.tier != "control":
        real = rng.normal(labels[:, None], 0.3, (90, 2))
        save_plane(Plane(real, labels, real + rng.normal(0.2, 0.2, (90, 2)), labels, 0.6), folder)


def write_samples(path: Path, *, n_classes: int, per_class: int = 10, side: int = 48) -> None:
    """Discs on a pale ground, a colour a class; generated ones are rougher."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:side, :side] / side - 0.5
    rows = []
    for k in range(n_classes):
        for roughness in (4, 18):
            cells = []
            for _ in range(per_class):
                radius = rng.uniform(0.25, 0.36)
                disc = (x**2 + y**2 < radius**2)[..., None]
                colour = np.array([205, 120 + 25 * k, 140 - 20 * k])
                image = np.where(disc, colour, 238) + rng.normal(0, roughness, (side, side, 3))
                cells.append(np.pad(np.clip(image, 0, 255), ((2, 2), (2, 2), (0, 0)), constant_values=255))
            rows.append(np.concatenate(cells, axis=1))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(rows).astype(np.uint8)).save(path)
