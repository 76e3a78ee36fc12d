import pytest
import torch
from torch import nn

from methods.training.ema import Ema, decay_for
from methods.training.optimiser import adamw, factor


def test_average_of_a_jump_follows_the_warm_up_by_hand():
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, 0.0)
    ema = Ema(network, decay=0.9)
    nn.init.constant_(network.weight, 1.0)
    ema.update()
    assert ema.network.weight.item() == pytest.approx(9 / 11)  # decay (1 + 1) / (10 + 1)
    ema.update()
    assert ema.network.weight.item() == pytest.approx(1 - 2 / 11 * 3 / 12)


def test_average_settles_at_its_decay():
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, 0.0)
    ema = Ema(network, decay=0.5)
    for _ in range(20):
        ema.update()
    nn.init.constant_(network.weight, 1.0)
    ema.update()
    assert ema.network.weight.item() == pytest.approx(0.5)


def test_batch_statistics_are_averaged_and_counters_copied():
    network = nn.BatchNorm1d(1, momentum=1.0)
    ema = Ema(network, decay=0.0)
    network(torch.tensor([[1.0], [3.0]]))
    ema.update()
    assert ema.network.running_mean.item() == pytest.approx(2.0)
    assert ema.network.num_batches_tracked.item() == 1
    assert not ema.network.training


def test_memory_is_a_fiftieth_of_the_training():
    assert decay_for(5000) == pytest.approx(0.99)
    assert decay_for(10) == 0.0
    assert decay_for(10**6) == pytest.approx(0.999)


def test_cosine_with_warm_up_by_hand():
    factors = [factor(step, steps=100) for step in range(100)]
    assert factors[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert factors[5] == 1.0
    assert factors[5 + 95 // 2] == pytest.approx(0.5, abs=0.01)  # half-way down
    assert factors[99] < 1e-3


def test_a_constant_schedule_stays_at_its_peak_and_a_warm_up_may_be_left_out():
    factors = [factor(step, steps=10, shape="constant", warm_up=0.2) for step in range(10)]
    assert factors == [0.5, *[1.0] * 9]
    assert factor(0, steps=10, warm_up=0.0) == 1.0


def test_vectors_do_not_decay():
    decays = {
        parameter.ndim: group["weight_decay"]
        for group in adamw(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), learning_rate=0.1).param_groups
        for parameter in group["params"]
    }
    assert decays == {2: 0.02, 1: 0.0}
