import numpy as np
import pytest
import torch
from torch import nn

from methods import Diverged
from methods.training.generator import GeneratorTraining, train_generator
from methods.training.per_class import PerClass, PerClassTraining


class Counting(GeneratorTraining):
    """Its images are as bright as it has had updates."""

    latent = 1

    def __init__(self, loss=0.0):
        self.average = Plain()
        self.loss = loss
        self.updates = 0

    def update(self):
        self.updates += 1
        self.average.level.fill_(self.updates / 127.5 - 1.0)
        return {"loss": torch.tensor(self.loss)}


class Plain(nn.Module):
    def __init__(self, level=-1.0):
        super().__init__()
        self.register_buffer("level", torch.tensor(level))

    def forward(self, noise, labels):
        return self.level.expand(len(noise), 1, 2, 2)


def sampled(fitted, labels):
    return fitted.sample(np.array(labels), torch.Generator().manual_seed(0))


def test_the_best_of_five_checkpoints_is_kept(make_context):
    context = make_context(qualities=[9.0, 5.0, 2.0, 3.0, 2.0])
    fitted = train_generator(Counting(), steps=50, context=context)
    assert sampled(fitted, [0]).max() == 30  # the third of 10, 20, 30, 40, 50; the earlier of equals
    assert context.curve("generator", "quality") == [9.0, 5.0, 2.0, 3.0, 2.0]
    assert context.phases == [("generator", 50)]


def test_the_last_checkpoint_is_kept_where_none_can_be_told_from_another(make_context):
    context = make_context(qualities=[float("nan")] * 5)
    assert sampled(train_generator(Counting(), steps=50, context=context), [0]).max() == 50
    assert context.curve("generator", "quality") == []


def test_fewer_steps_than_checkpoints(make_context):
    fitted = train_generator(Counting(), steps=2, context=make_context(qualities=[1.0, 0.0]))
    assert sampled(fitted, [0]).max() == 2


def test_a_loss_that_is_no_number_ends_the_run(context):
    with pytest.raises(Diverged, match="loss is not finite at step 1"):
        train_generator(Counting(loss=float("nan")), steps=10, context=context)


def test_turns_share_the_budget():
    trainings = {0: Counting(), 2: Counting(), 3: Counting()}
    together = PerClassTraining(trainings, tuple("abcd"))
    for _ in range(7):
        together.update()
    assert [training.updates for training in trainings.values()] == [3, 2, 2]


def test_every_label_goes_to_its_own_generator():
    network = PerClass({0: Plain(-1.0), 2: Plain(1.0)}, tuple("abc"))
    images = network(torch.zeros(5, 1), torch.tensor([2, 0, 2, 2, 0]))
    assert images[:, 0, 0, 0].tolist() == [1.0, -1.0, 1.0, 1.0, -1.0]
