import numpy as np
import pytest
import torch

from methods import METHODS, NotApplicable
from methods.training.losses import log_prior

CONTROLS = [cls.info.name for cls in METHODS.classes() if cls.info.tier == "control"]


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_control_fits_and_predicts(make_images, make_context, name, channels):
    context = make_context(channels=channels)
    train = make_images([12, 5, 3], channels=channels)
    fitted = METHODS.build(name).fit(train, make_images([3, 3, 3], channels=channels, seed=1), context)
    probabilities = fitted.predict_proba(train.images)
    assert probabilities.shape == (20, 3)
    assert probabilities.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert context.phases[-1] == ("classifier", 12)


def test_logit_adjustment_divides_the_plain_probabilities_by_the_prior(make_images, make_context):
    train = make_images([12, 4])
    plain = METHODS.build("none").fit(train, train, make_context()).predict_proba(train.images)
    adjusted = METHODS.build("logit-adjusted[tau=2]").fit(train, train, make_context()).predict_proba(train.images)
    expected = plain / log_prior(train.counts).exp().numpy() ** 2
    assert adjusted == pytest.approx(expected / expected.sum(axis=1, keepdims=True), abs=1e-5)


def test_focal_without_focus_is_none(make_images, make_context):
    train = make_images([12, 4])
    plain, focal = (
        METHODS.build(spec).fit(train, train, make_context()).predict_proba(train.images)
        for spec in ("none", "focal[gamma=0]")
    )
    assert focal == pytest.approx(plain, abs=1e-4)


def test_oracle_asks_for_what_the_policy_says(make_images, context):
    METHODS.build("oracle").fit(make_images([12, 5, 3]), make_images([3, 3, 3]), context)
    assert np.bincount(context.asked_fresh[0]).tolist() == [0, 7, 9]
    assert [name for name, _ in context.phases] == ["synthesis", "classifier"]


def test_oracle_without_further_images_is_not_applicable(make_images, make_context):
    with pytest.raises(NotApplicable, match="draws no further images"):
        METHODS.build("oracle").fit(make_images([12, 5]), make_images([3, 3]), make_context(can_draw=False))


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_mixing_keeps_the_targets_probabilities(make_images, name):
    mix = METHODS.build(name).recipe(make_images([12, 5])).mix
    images = torch.stack([torch.zeros(3, 8, 8), torch.ones(3, 8, 8)])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        mixed, targets = mix(images, torch.tensor([0, 1]))
    assert targets.sum(dim=1).tolist() == pytest.approx([1.0, 1.0])
    # a white image of class 1 on a black one of class 0: the share of white is the share of the label
    assert mixed.mean(dim=(1, 2, 3)).tolist() == pytest.approx(targets[:, 1].tolist(), abs=1e-5)


def test_no_control_samples(make_images, context):
    fitted = METHODS.build("none").fit(make_images([5, 5]), make_images([2, 2]), context)
    with pytest.raises(NotApplicable):
        fitted.sample(np.array([0]), torch.Generator())
