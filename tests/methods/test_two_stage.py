"""A generator whose images are known, so that labels and selection can be held against them."""

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import pytest
import torch

from methods import MethodInfo
from methods.training import judge
from methods.training.images import ImagePool
from methods.two_stage import base
from methods.two_stage.base import TwoStage
from methods.two_stage.synthesis import TRIES

BUDGET = {"classifier_steps": 100}


@dataclass
class Known:
    """Draws images of the class asked for with a probability, else of another; keeps what it was asked."""

    make: object
    right: float = 1.0
    asked: list = field(default_factory=list)

    def sample(self, labels, generator):
        self.asked.append(labels)
        shown = np.where(torch.rand(len(labels), generator=generator).numpy() < self.right, labels, 0)
        pictures = self.make([len(labels)] * 2, seed=100 + len(self.asked)).images
        return pictures[shown * len(labels) + np.arange(len(labels))]

    def state(self):
        return {}


class Stub(TwoStage):
    info: ClassVar = MethodInfo(name="stub", version=1, tier="two-stage", summary="a test", reference="a test")

    def fit_generator(self, train, context):
        return context.generator


@pytest.fixture
def fit(make_images, make_context, smoke, monkeypatch):
    """Fits the stub with options to 40 + 12 images and gives what was added, and the context."""

    def fit(right=1.0, share=0.6, **options):
        context = make_context(budget=replace(smoke, **BUDGET))
        context.generator = Known(make_images, right)
        added, trained = [], []
        train_classifier = base.train_classifier

        def watched(*arguments, synthetic, steps, **others):
            added.append(synthetic)
            trained.append(steps)
            return train_classifier(*arguments, synthetic=synthetic, steps=steps, **others)

        monkeypatch.setattr(base, "train_classifier", watched)
        monkeypatch.setattr(judge, "SHARE", share)
        train = make_images([40, 12])
        Stub(**options).fit(train, make_images([8, 4], seed=5), context)
        context.steps = trained[0]
        return added[0], context

    return fit


def shown_classes(pool: ImagePool) -> np.ndarray:
    """Class 1's disc is twice as bright as class 0's."""
    (images,) = pool.blocks
    middle = images[:, 6:10, 6:10].float().mean(dim=(1, 2, 3))
    return (middle > 120).long().numpy()


def test_without_options_all_that_is_drawn_is_taken_and_no_judge_is_trained(fit):
    pool, context = fit(right=0.5)
    assert len(pool) == 28
    assert pool.targets.tolist() == [1] * 28
    assert 4 < shown_classes(pool).sum() < 24
    assert context.steps == 100
    assert [phase for phase, _ in context.phases] == ["synthesis", "classifier"]


@pytest.mark.parametrize("selection", ["full", "confidence"])
def test_selection_keeps_what_shows_the_class_asked_for(fit, selection):
    pool, context = fit(right=0.5, selection=selection, quantile=1.0)
    assert len(pool) == 28
    assert shown_classes(pool).all()
    assert context.curve("synthesis", "acceptance_b")[-1] == pytest.approx(0.5, abs=0.25)
    assert context.curve("synthesis", "rejected_b")[-1] == 0
    again = [len(asked) for asked in context.generator.asked]
    assert again[0] == 28
    assert again == sorted(again, reverse=True)


def test_what_is_never_kept_is_filled_up_with_the_best_after_ten_tries(fit):
    pool, context = fit(right=0.0, selection="confidence")
    assert len(pool) == 28
    assert [len(asked) for asked in context.generator.asked] == [28] * TRIES
    assert context.curve("synthesis", "acceptance_b")[-1] == 0
    assert context.curve("synthesis", "rejected_b")[-1] == 28


def test_soft_labels_say_what_an_image_shows(fit):
    pool, _ = fit(right=0.5, labels="soft")
    assert pool.targets.shape == (28, 2)
    assert pool.targets.sum(dim=1).numpy() == pytest.approx(1.0)
    assert np.array_equal(pool.targets.argmax(dim=1).numpy(), shown_classes(pool))
    assert 4 < shown_classes(pool).sum() < 24


def test_the_judge_is_paid_out_of_the_classifiers_budget(fit):
    _, context = fit(share=0.2, labels="soft")
    assert judge.judge_steps(100) == 20
    assert context.steps == 80
    assert context.phases == [("synthesis", 20), ("synthesis", None), ("classifier", 80)]
    assert len(context.curve("classifier", "loss")) + len(context.curve("synthesis", "loss")) == 100


def test_no_judge_is_trained_where_no_image_is_asked_for(fit):
    pool, context = fit(labels="soft", selection="full", policy="fixed:0")
    assert pool is None
    assert context.steps == 100


def test_hard_and_soft_targets_join_as_distributions():
    hard = ImagePool((torch.zeros(2, 4, 4, 3, dtype=torch.uint8),), torch.tensor([1, 0]))
    soft = ImagePool((torch.zeros(1, 4, 4, 3, dtype=torch.uint8),), torch.tensor([[0.3, 0.7]]))
    assert (hard + soft).targets.tolist() == [[0, 1], [1, 0], [pytest.approx(0.3), pytest.approx(0.7)]]
    assert (hard + hard).targets.tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize("classifier", ["cnn", "mlp", "resnet18", "vit"])
def test_the_judges_features_are_what_its_last_layer_sees(make_images, context, classifier):
    train = make_images([20, 6])
    eye = judge.train_judge(classifier, train=train, valid=train, context=context, transform=None)
    probabilities, features = eye.examine(train.images)
    head = list(eye.fitted.network.modules())[-1]
    assert isinstance(head, torch.nn.Linear)
    assert torch.allclose(torch.softmax(head(features), 1), probabilities, atol=1e-5)
    assert torch.allclose(eye.examine(train.images[:3])[1], features[:3], atol=1e-4)
