import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from methods.training.draws import Balanced, Mixed, Permutations


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_permutations_show_every_item_once_an_epoch():
    drawn = Permutations(torch.tensor([3, 5, 9]), rng()).take(12).reshape(4, 3)
    assert drawn.sort(dim=1).values.tolist() == [[3, 5, 9]] * 4
    assert len({tuple(epoch) for epoch in drawn.tolist()}) > 1


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(1, 7))
def test_how_a_stream_is_cut_into_batches_does_not_change_it(sizes, items):
    whole = Permutations(torch.arange(items), rng()).take(sum(sizes))
    stream = Permutations(torch.arange(items), rng())
    cut = [stream.take(size) for size in sizes]
    assert torch.equal(torch.cat([*cut, whole[:0]]), whole)


def test_balanced_draws_every_class_equally_and_every_image_of_it_in_turn():
    labels = np.array([0] * 7 + [2] * 2)
    drawn = Balanced(labels, rng()).take(28)
    assert np.bincount(labels[drawn]).tolist() == [14, 0, 14]
    assert drawn.bincount().tolist() == [2] * 7 + [7] * 2


def test_mixed_keeps_the_order_of_the_real_images():
    real = Permutations(torch.arange(10), rng(1))
    mixed = Mixed(
        real,
        Permutations(torch.arange(10, 40), rng(2)),
        n_real=10,
        n_synthetic=30,
        generator=rng(3),
    )
    drawn = torch.cat([mixed.take(8) for _ in range(10)])
    plain = Permutations(torch.arange(10), rng(1)).take(20)
    assert torch.equal(drawn[drawn < 10], plain)
    assert drawn.bincount().tolist() == [2] * 40  # two epochs of the forty
