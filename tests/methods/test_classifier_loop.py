from dataclasses import replace

import numpy as np
import pytest
import torch

from methods import METHODS, Diverged, NotApplicable
from methods.training import classifier as loop
from methods.training.classifier import Recipe, balanced_accuracy, is_curve_point, train_classifier
from methods.training.images import ImagePool, to_device, to_float, to_uint8


@pytest.fixture
def recorded(monkeypatch):
    """The indices of every batch, and the first weights of every classifier, of the trainings to come."""
    record = {"indices": [], "start": []}
    take, ema = ImagePool.take, loop.Ema

    def recording_take(pool, indices):
        if torch.is_grad_enabled():  # validation draws under no_grad
            record["indices"].append(indices)
        return take(pool, indices)

    def recording_ema(network, decay):
        record["start"].append({name: value.clone() for name, value in network.state_dict().items()})
        return ema(network, decay)

    monkeypatch.setattr(ImagePool, "take", recording_take)
    monkeypatch.setattr(loop, "Ema", recording_ema)
    return record


def drawn_by(recorded, spec, train, context):
    for seen in recorded.values():
        seen.clear()
    METHODS.build(spec).fit(train, train, context)
    steps = context.budget.classifier_steps
    return torch.cat(recorded["indices"][-steps:]), recorded["start"][-1]


@pytest.mark.parametrize(
    "spec", ["dcgan", "dcgan[per_class=false,policy=fixed:9]", "oracle", "mixup", "classic", "focal"]
)
def test_methods_of_one_seed_share_initialisation_and_real_draws(recorded, make_images, make_context, spec):
    train = make_images([20, 6])
    plain, plain_start = drawn_by(recorded, "none", train, make_context())
    drawn, start = drawn_by(recorded, spec, train, make_context())
    assert all(torch.equal(start[name], value) for name, value in plain_start.items())
    real = drawn[drawn < len(train)]
    assert len(real) > 20
    assert torch.equal(real, plain[: len(real)])


def test_another_seed_starts_and_draws_otherwise(recorded, make_images, make_context):
    train = make_images([20, 6])
    first, first_start = drawn_by(recorded, "none", train, make_context(0))
    second, second_start = drawn_by(recorded, "none", train, make_context(1))
    assert not torch.equal(first, second)
    assert not torch.equal(first_start["0.weight"], second_start["0.weight"])


def test_balanced_methods_share_their_draws(recorded, make_images, make_context):
    train = make_images([20, 6])
    over, _ = drawn_by(recorded, "oversample", train, make_context())
    reference, _ = drawn_by(recorded, "classic-balanced", train, make_context())
    assert torch.equal(over, reference)
    assert np.bincount(train.labels[over]).tolist() == [48, 48]  # 12 steps of 8


def test_synthetic_images_come_as_often_as_real_ones(recorded, make_images, make_context, smoke):
    train = make_images([20, 6])
    context = make_context(budget=replace(smoke, classifier_steps=10))
    drawn, _ = drawn_by(recorded, "oracle", train, context)
    assert drawn.bincount().tolist() == [2] * 40  # 20 + 6 real, 14 fresh; two epochs of forty


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("spec", ["classic-balanced[classifier=mlp]", "cutmix", "dcgan"])
def test_the_same_run_twice_is_the_same_to_the_bit(make_images, make_context, precision, spec):
    train = make_images([20, 6])
    first, second = (
        METHODS.build(spec).fit(train, train, make_context(precision=precision)).predict_proba(train.images)
        for _ in range(2)
    )
    assert np.array_equal(first, second)


def test_global_generators_are_left_as_they_were(make_images, context):
    train = make_images([20, 6])
    before = torch.random.get_rng_state()
    METHODS.build("cutmix[classifier=mlp]").fit(train, train, context)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_it_learns(make_images, make_context, smoke, channels, precision):
    context = make_context(budget=replace(smoke, classifier_steps=60), precision=precision)
    train, unseen = make_images([40, 20, 10], channels=channels), make_images([20, 20, 20], channels=channels, seed=1)
    fitted = METHODS.build("classic-balanced").fit(train, train, context)
    probabilities = fitted.predict_proba(unseen.images)
    assert probabilities.dtype == np.float32
    assert probabilities.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert (probabilities.argmax(axis=1) == unseen.labels).mean() > 0.95
    assert context.curve("classifier", "loss")[-1] < context.curve("classifier", "loss")[0] / 2


def test_every_step_is_logged_and_validation_ten_times(make_images, make_context, smoke):
    context = make_context(budget=replace(smoke, classifier_steps=40))
    METHODS.build("none").fit(make_images([20, 6]), make_images([4, 4], seed=3), context)
    assert context.phases == [("classifier", 40)]
    assert len(context.curve("classifier", "loss")) == 40
    assert len(context.curve("classifier", "valid_balanced_accuracy")) == 10


def test_what_is_judged_is_the_average_at_the_last_step(make_images, context, monkeypatch):
    averages = []

    class Recorded(loop.Ema):
        def __init__(self, network, decay):
            super().__init__(network, decay)
            averages.append(self)

    monkeypatch.setattr(loop, "Ema", Recorded)
    fitted = METHODS.build("none").fit(make_images([20, 6]), make_images([4, 4]), context)
    assert fitted.network is averages[0].network
    assert averages[0]._updates == context.budget.classifier_steps


def test_state_rebuilds_the_predictions(make_images, context):
    train = make_images([20, 6])
    fitted = METHODS.build("logit-adjusted").fit(train, train, context)
    state = fitted.state()
    network = loop.initial_network("cnn", train=train, context=context)
    network.load_state_dict(
        {name.removeprefix("classifier."): t for name, t in state.items() if name.startswith("classifier.")}
    )
    logits = network.eval()(to_float(to_device(train.images, context.device))) + state["classifier_offset"]
    assert np.allclose(torch.softmax(logits, 1).detach().numpy(), fitted.predict_proba(train.images), atol=1e-6)


def test_nothing_to_predict_gives_nothing(make_images, context):
    train = make_images([20, 6])
    fitted = METHODS.build("none").fit(train, train, context)
    assert fitted.predict_proba(train.images[:0]).shape == (0, 2)


def test_one_class_is_refused_with_a_sentence(make_images, context):
    with pytest.raises(NotApplicable, match=r"all of class 'a', and a classifier needs .*; add images of another"):
        METHODS.build("dcgan").fit(make_images([20, 0]), make_images([4, 4]), context)
    with pytest.raises(NotApplicable, match=r"there are no training images, and .*; add images"):
        METHODS.build("none").fit(make_images([0, 0]), make_images([4, 4]), context)


@pytest.mark.parametrize(("steps", "points"), [(3000, 10), (25, 13), (12, 12), (1, 1)])
def test_validation_images_are_looked_at_about_ten_times_and_at_the_end(steps, points):
    looked = [step for step in range(1, steps + 1) if is_curve_point(step, steps)]
    assert len(looked) == points  # every second of 25 and the last
    assert looked[-1] == steps


def test_a_loss_that_is_no_number_ends_the_run(make_images, context):
    class Broken(torch.nn.Module):
        def forward(self, logits, targets):
            return logits.sum() * float("nan")

    with pytest.raises(Diverged, match="loss is not finite at step 1"):
        train_classifier(
            "cnn", train=make_images([9, 9]), valid=make_images([2, 2]), context=context, recipe=Recipe(loss=Broken())
        )


def test_balanced_accuracy_by_hand():
    predicted, labels = torch.tensor([0, 0, 1, 0]), torch.tensor([0, 0, 0, 2])
    assert balanced_accuracy(predicted, labels) == pytest.approx((2 / 3 + 0) / 2)


def test_uint8_goes_to_the_unit_range_and_back():
    images = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    floats = to_float(to_device(images, torch.device("cpu")))
    assert (floats.min(), floats.max()) == (-1.0, 1.0)
    assert np.array_equal(to_uint8(floats), images)
