"""What every two-stage generator has to hold to: whole runs, and that training does its work."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from methods import METHODS

SPECS = [
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


@pytest.mark.parametrize("spec", SPECS)
def test_training_brings_the_images_nearer_to_the_real_ones(make_images, make_context, smoke, spec):
    """Distance of the mean image of each class, in grey levels, after a few and after some hundred updates."""
    train = make_images([30, 30], channels=1)

    def distance(steps):
        budget = replace(smoke, generator_steps=steps, batch=16)
        context = make_context(budget=budget, qualities=[5.0, 4.0, 3.0, 2.0, 1.0])  # keeps the last checkpoint
        fitted = METHODS.build(spec).fit_generator(train, context)
        made = fitted.sample(np.repeat([0, 1], 64), torch.Generator().manual_seed(0)).astype(float)
        gaps = [made[64 * k : 64 * k + 64].mean(0) - train.images[train.labels == k].mean(0) for k in (0, 1)]
        return np.abs(gaps).mean()

    # the critics of wgan-gp share them, and each gives G a fifth; the generator of cgan-diffaug is the slow one
    steps = 800 if spec in ("wgan-gp", "cgan-diffaug") else 400
    assert distance(steps) < 0.6 * distance(5)
