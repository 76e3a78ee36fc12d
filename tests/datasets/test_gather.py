from pathlib import Path

import numpy as np
import pytest

from datasets import LabelledImages, gather


@pytest.fixture
def mapped(tmp_path: Path) -> np.memmap:
    images = np.random.default_rng(0).integers(0, 256, size=(200, 3, 8, 8), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    return np.load(tmp_path / "images.npy", mmap_mode="r")


def test_a_small_pick_is_copied_into_memory(mapped: np.memmap) -> None:
    picked = gather.gather(mapped, np.array([5, 1, 5]))
    assert not isinstance(picked, np.memmap)
    assert np.array_equal(picked, np.asarray(mapped)[[5, 1, 5]])


def test_a_large_pick_is_mapped_again_and_leaves_no_file(
    mapped: np.memmap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "IN_MEMORY_BYTES", 1000)
    monkeypatch.setattr(gather, "BLOCK_BYTES", 7 * 192)
    order = np.random.default_rng(1).permutation(200)[:150]
    data = LabelledImages(mapped, np.arange(200) % 2, ("a", "b")).subset(order)
    assert isinstance(data.images, np.memmap)
    assert np.array_equal(data.images, np.asarray(mapped)[order])
    assert [path.name for path in tmp_path.iterdir()] == ["images.npy"]
    again = data.subset(np.arange(100))
    assert isinstance(again.images, np.memmap), "a pick from a pick is mapped too"
    assert np.array_equal(again.images, np.asarray(mapped)[order[:100]])
