from dataclasses import replace

import pytest
import torch

from methods import METHODS
from methods.training import classifier as loop
from methods.two_stage import pretrained_discriminator as plan
from methods.two_stage.pretrained_discriminator import HandedOn


class Counting:
    """A GAN that counts its updates."""

    def __init__(self, value):
        self.discriminator = torch.nn.Linear(1, 1)
        torch.nn.init.constant_(self.discriminator.weight, value)
        self.generator, self.average, self.latent = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1), 1
        for network in (self.generator, self.average):
            torch.nn.init.constant_(network.weight, value)
        self.updates = 0

    def update(self):
        self.updates += 1
        torch.nn.init.constant_(self.discriminator.weight, self.discriminator.weight.item() + 1)
        return {}


def test_the_majority_comes_first_and_hands_both_networks_on():
    gans = {0: Counting(100.0), 1: Counting(0.0), 2: Counting(200.0)}
    training = HandedOn(gans, tuple("abc"), majority=1, first=5)
    for _ in range(5):
        training.update()
    assert [gan.updates for gan in gans.values()] == [0, 5, 0]
    for _ in range(6):
        training.update()
    assert [gan.updates for gan in gans.values()] == [3, 5, 3]
    assert [gan.discriminator.weight.item() for gan in gans.values()] == [8.0, 5.0, 8.0]  # 5 of the majority and 3 own
    assert [gan.generator.weight.item() for gan in gans.values()] == [0.0, 0.0, 0.0]  # the majority's
    assert [gan.average.weight.item() for gan in gans.values()] == [0.0, 0.0, 0.0]


@pytest.fixture
def fit(make_images, make_context, smoke, monkeypatch):
    """Fits the method; gives the context, the classifier's first weights, and what the generator left."""
    seen = {}
    ema = loop.Ema

    def recording_ema(network, decay):
        seen["start"] = {name: value.clone() for name, value in network.state_dict().items()}
        return ema(network, decay)

    fit_generator = plan.PretrainedDiscriminator.fit_generator

    def recording_fit(self, train, context):
        seen["generator"] = fit_generator(self, train, context)
        return seen["generator"]

    monkeypatch.setattr(loop, "Ema", recording_ema)
    monkeypatch.setattr(plan.PretrainedDiscriminator, "fit_generator", recording_fit)

    def fit(classifier="strided", counts=(20, 9, 5)):
        context = make_context(budget=replace(smoke, generator_steps=20))
        train = make_images(list(counts))
        METHODS.build(f"pretrained-discriminator[classifier={classifier}]").fit(train, train, context)
        return context, seen["start"], seen["generator"]

    return fit


@pytest.mark.parametrize("classifier", ["strided", "cnn", "mlp", "vit"])
def test_the_classifier_starts_from_the_discriminator_but_for_its_head(fit, make_images, make_context, classifier):
    context, start, generator = fit(classifier)
    plain = loop.initial_network(classifier, train=make_images([20, 9, 5]), context=make_context()).state_dict()
    handed = [name for name, value in start.items() if torch.equal(value, generator.trunk[name])]
    kept = [name for name, value in start.items() if torch.equal(value, plain[name]) and name not in handed]
    assert len(kept) == 2, "weight and bias of the head"
    assert all(start[name].shape[0] == 3 for name in kept)
    moved = [name for name in handed if not torch.equal(start[name], plain[name])]
    assert len(moved) > len(start) / 2
    assert [phase for phase, _ in context.phases] == ["generator", "synthesis", "classifier"]


def test_its_discriminator_updates_are_the_budget(fit):
    context, _, _ = fit()
    assert len(context.curve("generator", "discriminator_loss")) == 20
    assert context.phases[0] == ("generator", 20)


def test_a_class_without_images_has_no_generator(fit):
    _, _, generator = fit(counts=(20, 5, 0))
    assert list(generator.network.generators) == ["0", "1"]


@pytest.mark.parametrize(("classic", "latent"), [(True, 101), (False, 100)])
def test_its_images_come_in_all_symmetries_where_the_classifier_sees_them_so(
    make_images, make_context, classic, latent
):
    """One number of noise more says in which; the classes' GANs have the same."""
    method = METHODS.build(f"pretrained-discriminator[classic={str(classic).lower()}]")
    fitted = method.fit_generator(make_images([9, 5]), make_context())
    assert fitted.latent == latent


class Started(Exception):
    """Enough has been seen."""


def test_learning_rates_are_raised_by_the_length_of_each_training(make_images, make_context, smoke, monkeypatch):
    """4,000 updates, half of them for the majority: √(20,000 / 2,000) = 3.16; 1,000 for each other: 4, the most."""
    rates, adams = [], plan.adams
    monkeypatch.setattr(plan, "adams", lambda **kind: rates.append(kind["generator"]) or adams(**kind))

    def started(*_, **__):
        raise Started

    monkeypatch.setattr(plan, "train_generator", started)
    context = make_context(budget=replace(smoke, generator_steps=4000))
    with pytest.raises(Started):
        METHODS.build("pretrained-discriminator").fit_generator(make_images([9, 5, 5]), context)
    assert rates == pytest.approx([2e-4 * 10**0.5, 8e-4, 8e-4])
