from pathlib import Path

import numpy as np
import pytest
import torch

from datasets import LabelledImages
from methods.training import images as module
from methods.training.images import ImagePool, stays

CPU = torch.device("cpu")


def test_a_large_mapped_set_is_read_where_it_lies_and_gives_the_same_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).integers(0, 256, size=(50, 3, 4, 4), dtype=np.uint8))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    data = LabelledImages(mapped, np.arange(50) % 2, ("a", "b"))
    copied = ImagePool.of(data, CPU)
    monkeypatch.setattr(module, "IN_MEMORY_BYTES", 100)
    read = ImagePool.of(data, CPU)
    assert read.blocks[0].data_ptr() == mapped.ctypes.data, "no copy was made"
    assert copied.blocks[0].data_ptr() != mapped.ctypes.data
    indices = torch.tensor([7, 7, 49, 0])
    (a, labels), (b, same) = copied.take(indices), read.take(indices)
    assert torch.equal(a, b)
    assert torch.equal(labels, same)
    assert a.is_contiguous(memory_format=torch.channels_last)
    assert b.is_contiguous(memory_format=torch.channels_last)


def test_images_behind_a_mapped_set_leave_it_where_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    sets = [
        LabelledImages(rng.integers(0, 256, size=(n, 3, 4, 4), dtype=np.uint8), np.arange(n) % 2, ("a", "b"))
        for n in (5, 4, 3)
    ]
    one, two, three = (ImagePool.of(some, CPU) for some in sets)
    together = one + two + three
    monkeypatch.setattr(module, "IN_MEMORY_BYTES", 100)
    apart = one + two + three
    assert [len(block) for block in together.blocks] == [12]
    assert [block.data_ptr() for block in apart.blocks] == [some.blocks[0].data_ptr() for some in (one, two, three)]
    indices = torch.tensor([11, 0, 5, 4, 8, 9, 0])
    (a, labels), (b, same) = together.take(indices), apart.take(indices)
    assert torch.equal(a, b)
    assert torch.equal(labels, same)
    assert b.is_contiguous(memory_format=torch.channels_last)


def test_a_set_lives_on_the_gpu_when_half_of_its_free_memory_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (2000, 9000))
    gpu = torch.device("cuda", 0)
    assert not stays(np.zeros(1000, dtype=np.uint8), gpu)
    assert stays(np.zeros(1001, dtype=np.uint8), gpu)
