"""What every two-stage generator has to hold to: whole runs, and that training does its work."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.quality import ValidationQuality
from methods import METHODS, Diverged, NotApplicable
from methods.training import adversarial as training
from methods.training.images import ImagePool
from methods.training.symmetries import Turned
from methods.two_stage import adversarial, bagan, bagan_gp
from methods.two_stage.ddpm import DiffusionTraining

SPECS = [
    "dcgan",
    "dcgan[per_class=false]",
    "cgan-diffaug",
    "ddpm",
    "wgan",
    "wgan[per_class=false]",
    "wgan-gp",
    "wgan-gp[per_class=false]",
    "cwgan-gp",
    "mlp-gan",
    "mlp-gan[per_class=false]",
    "bagan",
    "bagan-gp",
    "bagan-gp[autoencoder=false]",
]


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize(("channels", "precision"), [(1, "float32"), (3, "bfloat16")])
def test_whole_run_with_a_class_of_five(make_images, make_context, spec, channels, precision):
    context = make_context(precision=precision)
    train = make_images([20, 12, 5], channels=channels)
    fitted = METHODS.build(spec).fit(train, make_images([4, 4, 4], channels=channels, seed=1), context)
    trained = sum(steps for name, steps in context.phases if name in ("pretrain", "generator"))
    assert trained == context.budget.generator_steps
    assert [name for name, _ in context.phases][-2:] == ["synthesis", "classifier"]
    asked = np.array([2, 0, 2])
    images = fitted.sample(asked, torch.Generator().manual_seed(3))
    assert images.shape == (3, channels, 16, 16)
    assert np.array_equal(images, fitted.sample(asked, torch.Generator().manual_seed(3)))
    assert all(value.is_contiguous() for value in fitted.state().values())


@pytest.mark.parametrize("spec", [s for s in SPECS if s != "ddpm"])  # it starts near: see test_ddpm.py
def test_training_brings_the_images_nearer_to_the_real_ones(make_images, make_context, smoke, spec):
    """KID to fresh images of the same classes, as checkpoints are chosen by, before and after a short training."""
    train = make_images([30, 30], channels=1)
    kid = ValidationQuality(make_images([60, 60], channels=1, seed=1), device=torch.device("cpu"), seed=0)

    def after(steps):
        budget = replace(smoke, generator_steps=steps, batch=16)
        context = make_context(budget=budget, qualities=[5.0, 4.0, 3.0, 2.0, 1.0])  # keeps the last checkpoint
        return kid(METHODS.build(spec).fit_generator(train, context).sample)

    steps = 800 if spec in ("dcgan", "wgan-gp") else 400  # two generators share them
    assert after(steps) < after(1) / 3


class Reached(Exception):
    """The first update, with the learning rates that it would have."""


@pytest.mark.parametrize("spec", [*SPECS, "pretrained-discriminator", "vitgan", "unified", "acgan"])
def test_generator_rate_is_a_factor_on_all_learning_rates_of_the_generators_training(
    make_images, make_context, monkeypatch, spec
):
    def reached(self):
        optimisers = [self._optimise] if isinstance(self, DiffusionTraining) else [self._optimise_g, self._optimise_d]
        groups = [group for optimiser in optimisers for group in optimiser.param_groups]
        raise Reached([group.get("initial_lr", group["lr"]) for group in groups])

    monkeypatch.setattr(training.AdversarialTraining, "update", reached)
    monkeypatch.setattr(DiffusionTraining, "update", reached)

    def rates(spec):
        with pytest.raises(Reached) as first:
            METHODS.build(spec).fit(make_images([20, 12]), make_images([4, 4]), make_context())
        return first.value.args[0]

    slower = f"{spec[:-1]},generator_rate=0.25]" if spec.endswith("]") else f"{spec}[generator_rate=0.25]"
    plain = rates(spec)
    assert len(plain) >= (1 if spec == "ddpm" else 2)
    assert rates(slower) == pytest.approx([0.25 * rate for rate in plain])


@pytest.fixture
def training_of(make_images, make_context, monkeypatch):
    """The training that a method would start, of one generator for all classes."""

    def make(spec):
        started = []
        for module in (adversarial, bagan, bagan_gp):
            monkeypatch.setattr(module, "train_generator", lambda training, **_: started.append(training))
        METHODS.build(spec).fit_generator(make_images([20, 20], channels=1), make_context())
        return started[0]

    return make


@pytest.mark.parametrize("spec", [s for s in SPECS if s != "ddpm" and f"{s}[per_class=false]" not in SPECS])
def test_each_network_lowers_its_own_loss(training_of, spec):
    """D's while G stands still, then G's on the same noise while D stands still."""
    training = training_of(spec)
    training._critic_steps = 10**9
    losses = [training.update()["discriminator_loss"].item() for _ in range(60)]
    assert np.mean(losses[-10:]) < np.mean(losses[1:4])  # the first is of weights that wgan has not clipped yet

    noise, labels = torch.randn(16, training.latent), torch.arange(16) % 2
    losses = []
    for _ in range(20):
        training.random.manual_seed(0)  # the same transforms each time
        loss = training.generator_loss(training.generator(noise, labels), labels)
        training._optimise_g.zero_grad()
        loss.backward()
        training._optimise_g.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("spec", "updates"),
    [
        ("wgan[per_class=false]", 2),
        ("wgan-gp[per_class=false]", 2),
        ("cwgan-gp", 2),
        ("bagan-gp", 2),
        ("bagan", 10),
        ("dcgan[per_class=false]", 10),
        ("cgan-diffaug", 10),
    ],
)
def test_updates_of_the_generator_in_ten_of_the_discriminator(training_of, spec, updates):
    training, found = training_of(spec), 0
    for _ in range(10):
        before = [weight.clone() for weight in training.generator.parameters()]
        training.update()
        found += any(not torch.equal(a, b) for a, b in zip(before, training.generator.parameters(), strict=True))
    assert found == updates


@pytest.mark.parametrize("name", ["dcgan", "cgan-diffaug", "bagan", "bagan-gp"])
@pytest.mark.parametrize("classic", [True, False])
def test_classic_is_the_switch_of_the_generators_symmetries_too(training_of, monkeypatch, name, classic):
    batches, again = [], training.turned_at_random
    monkeypatch.setattr(training, "turned_at_random", lambda *given: batches.append(1) or again(*given))
    per_class = ",per_class=false" if name == "dcgan" else ""
    started = training_of(f"{name}[classic={str(classic).lower()}{per_class}]")
    started.update()
    assert len(batches) == classic
    assert isinstance(started.generator, Turned) == classic
    assert "symmetries" in type(METHODS.build(name)).model_fields["classic"].description


@pytest.mark.parametrize("spec", SPECS)
def test_a_loss_that_is_no_number_ends_the_run_at_its_step(make_images, context, monkeypatch, spec):
    take, taken = ImagePool.take, []

    def spoilt(pool, indices):
        images, labels = take(pool, indices)
        taken.append(len(indices))
        return images * (float("nan") if len(taken) == 5 else 1.0), labels

    monkeypatch.setattr(ImagePool, "take", spoilt)
    with pytest.raises(Diverged) as caught:
        METHODS.build(spec).fit_generator(make_images([9, 9]), context)
    phase, step, _ = context.logged[-1]
    assert (phase, step) == ("generator", caught.value.step)
    looks = {"bagan": 1, "ddpm": 2}.get(spec, 0)  # at all images, before training
    earlier = sum(1 for name, _, _ in context.logged if name == "pretrain") + looks
    assert earlier + step == 5


@pytest.mark.parametrize(
    ("spec", "width", "multiple", "instead"),
    [("cgan-diffaug", 1, 2, 2), ("ddpm", 12, 8, 16), ("vitgan", 10, 4, 8), ("unified", 10, 4, 8)],
)
def test_a_width_that_the_networks_cannot_have_is_refused_before_training(
    make_images, make_context, smoke, spec, width, multiple, instead
):
    context = make_context(budget=replace(smoke, generator_width=width))
    with pytest.raises(NotApplicable, match=rf"^{spec} .*multiple of {multiple}, got {width}; .*width={instead}\.$"):
        METHODS.build(spec).fit(make_images([9, 9]), make_images([2, 2]), context)
    assert context.phases == []


@pytest.mark.parametrize(("spec", "width"), [("cgan-diffaug", 2), ("vitgan", 4)])
def test_a_width_that_is_such_a_multiple_will_do(make_images, make_context, smoke, spec, width):
    context = make_context(budget=replace(smoke, generator_width=width, generator_steps=1))
    METHODS.build(spec).fit_generator(make_images([9, 9]), context)
    assert context.phases == [("generator", 1)]
