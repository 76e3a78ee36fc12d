"""What the cache costs over decoding alone: speed against a bare loop, peak memory, and the second use.

`make benchmark` times a small set. For the full one, each in a process of its own so that its memory can be read:

    python tests/benchmarks/test_cache.py make FOLDER 20000     # writes 512 × 512 JPEGs in four classes
    python tests/benchmarks/test_cache.py bare FOLDER           # a thread pool that decodes and resizes, no more
    python tests/benchmarks/test_cache.py ours FOLDER CACHE     # survey, decode, write; again with a warm CACHE
"""

from __future__ import annotations

import io
import os
import resource
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets import DATASETS, Places

SIZE = 64
SIDE = 512
DIFFERENT = 200


def make(folder: Path, n: int) -> None:
    """Writes n JPEGs; bytes behind the end of the image make each file another."""
    rng = np.random.default_rng(0)
    contents = []
    for _ in range(min(n, DIFFERENT)):
        coarse = Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).resize((SIDE, SIDE))
        noisy = np.asarray(coarse).astype(np.int16) + rng.normal(0, 6, (SIDE, SIDE, 1)).astype(np.int16)
        buffer = io.BytesIO()
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=90)
        contents.append(buffer.getvalue())
    for i in range(n):
        place = folder / f"class {i % 4}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{i:06}.jpg").write_bytes(contents[i % len(contents)] + i.to_bytes(4, "big"))


def bare(folder: Path) -> int:
    """Decodes and resizes every file, on as many threads as there are cores, and keeps nothing."""

    def one(path: Path) -> int:
        with Image.open(path) as image:
            resized = image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.LANCZOS)
            return int(np.asarray(resized)[0, 0, 0])

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return sum(1 for _ in pool.map(one, sorted(folder.rglob("*.jpg"))))


def ours(folder: Path, cache: Path) -> int:
    """Opens the folder as a dataset, which decodes it unless the cache has it, and maps the images."""
    source = DATASETS.build(f"folder:'{folder}'").open(Places(cache=cache))
    return len(source.load(SIZE).images)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    make(folder / "set", 400)
    return folder / "set"


def test_decoding_alone(benchmark, images: Path) -> None:
    assert benchmark.pedantic(bare, args=(images,), rounds=5) == 400


def test_decoding_into_the_cache(benchmark, images: Path, tmp_path: Path) -> None:
    def emptied() -> tuple[tuple[Path, Path], dict[str, object]]:
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        return (images, tmp_path / "cache"), {}

    assert benchmark.pedantic(ours, setup=emptied, rounds=5) == 400


def test_the_second_use(benchmark, images: Path, tmp_path: Path) -> None:
    ours(images, tmp_path)
    assert benchmark.pedantic(ours, args=(images, tmp_path), rounds=5) == 400


def main(verb: str, folder: str, *rest: str) -> None:
    """One of the three steps, with its wall seconds, CPU seconds and peak memory."""
    if verb == "make":
        make(Path(folder), int(rest[0]))
        return
    start = time.perf_counter()
    n = bare(Path(folder)) if verb == "bare" else ours(Path(folder), Path(rest[0]))
    wall = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    print(f"{verb}: {n} images, {wall:.2f} s, {n / wall:.0f} images/s, {cpu:.1f} s of CPU, peak {peak:.0f} MiB")


if __name__ == "__main__":
    main(*sys.argv[1:])
