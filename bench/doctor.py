"""What can be said of this machine before a study is trusted to it."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import torch

from bench.cores import available_cores, can_pin
from bench.devices import choose_precision
from bench.environment import processor, version_of, versions
from bench.generative.pretrained import DINOV2, INCEPTION, Weights, place_of
from datasets import DATASETS, Places, cache
from methods import METHODS

LIBRARIES = (
    "pandas",
    "scipy",
    "matplotlib",
    "seaborn",
    "pydantic",
    "typer",
    "rich",
    "joblib",
    "safetensors",
    "pyarrow",
    "jinja2",
    "typst",
)

FEATURES = {
    "energy figures of a GPU": "pynvml",
    "pretrained and timm classifiers": "timm",
    "dataset pcam": "h5py",
    "fetching of medmnist:FLAG": "medmnist",
    "a Dask cluster (--backend dask)": "distributed",
    "a Ray cluster (--backend ray)": "ray",
    "the test suite": "pytest",
}
"""Feature → the module that it needs."""


def examine(places: Places) -> dict[str, dict[str, Any]]:
    """Looks at versions, devices, clock, folders and features.

    Args:
        places: Whose folders to look at.

    Returns:
        Findings by title; JSON values.
    """
    return {
        "versions": {**versions(), **{name: version_of(name) for name in LIBRARIES}},
        "devices": _devices(),
        "clock": clock_noise(),
        "folders": {
            "data": str(places.data) if places.data else "none given (--data-dir, BENCH_DATA)",
            "cache": str(places.cache),
            "cache size": f"{folder_bytes(places.cache) / 1e6:.1f} MB",
            "free space": f"{_free_bytes(places.cache) / 1e9:.1f} GB",
        },
        "caches": {entry.key: f"{entry.size / 1e6:.1f} MB" for entry in cache.entries(places.cache)}
        or {"none": "nothing is kept yet"},
        "features": {
            **{
                name: "ready" if importlib.util.find_spec(module) else f"pip install {module}"
                for name, module in FEATURES.items()
            },
            "bench score --extractor inception": _weights(INCEPTION)
            if importlib.util.find_spec("torch_fidelity")
            else "pip install torch-fidelity",
            "bench score --extractor dinov2": _weights(DINOV2),
            **{f"method {name}": why for name, why in METHODS.unavailable().items()},
            **{f"dataset {name}": why for name, why in DATASETS.unavailable().items()},
        },
    }


def _weights(weights: Weights) -> str:
    path = place_of(weights)
    ready = path is not None and path.is_file()
    return "ready" if ready else f"get {weights.url} and name its folder in BENCH_WEIGHTS"


def _devices() -> dict[str, Any]:
    cpu = torch.device("cpu")
    found: dict[str, Any] = {
        "processor": processor(),
        "system": f"{platform.system()} {platform.release()}",
        "cores": len(available_cores()),
        "runs kept on cores of their own": "yes" if can_pin() else "no: times of runs side by side count as shared",
        "precision on the CPU": choose_precision("auto", cpu),
    }
    for index in range(torch.cuda.device_count()):
        device = torch.device("cuda", index)
        memory = torch.cuda.get_device_properties(device).total_memory / 2**30
        found[str(device)] = (
            f"{torch.cuda.get_device_name(device)}, {memory:.0f} GiB, precision {choose_precision('auto', device)}"
        )
    if not torch.cuda.device_count():
        found["cuda"] = None
    return found


def clock_noise(repeats: int = 30) -> dict[str, Any]:
    """Times the same small work again and again: how far this machine's clock can be trusted.

    Args:
        repeats: How often.

    Returns:
        Median in milliseconds, spread (interquartile range over median) in percent, resolution in nanoseconds.
    """
    a = torch.ones(256, 256)
    spans: list[float] = []
    for _ in range(repeats + 3):
        start = time.perf_counter()
        for _ in range(20):
            torch.mm(a, a)
        spans.append(time.perf_counter() - start)
    lower, median, upper = statistics.quantiles(spans[3:], n=4)
    return {
        "the same work takes": f"{1e3 * median:.2f} ms (median of {repeats})",
        "spread": f"{100 * (upper - lower) / median:.1f} % (interquartile)",
        "resolution": f"{1e9 * time.get_clock_info('perf_counter').resolution:.0f} ns",
    }


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below a folder; 0 where it is missing."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _free_bytes(folder: Path) -> int:
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
