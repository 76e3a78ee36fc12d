"""Every method on a GPU that is not there, which refuses what a real one refuses."""

import numpy as np
import pytest
import torch

from methods import METHODS, Budget
from methods.two_stage import ddpm
from tests.virtual_gpu import virtual_gpu


@pytest.mark.parametrize(
    "mistake",
    [
        lambda here, there: here + there,
        lambda here, there: torch.cat([there, here]),
        lambda here, there: here[there.long()],
        lambda here, there: there.pin_memory(),
        lambda here, there: there.numpy(),
        lambda here, there: there.normal_(generator=torch.Generator()),
        lambda here, there: torch.nn.Linear(2, 1).to(there.device)(here),
        lambda here, there: torch.nn.Linear(2, 1)(there),
    ],
)
def test_what_a_gpu_refuses_is_refused(monkeypatch, mistake):
    with virtual_gpu(monkeypatch) as device:
        here = torch.ones(2)
        there = here.to(device)
        with pytest.raises((RuntimeError, TypeError), match=r"same device|pin|numpy|generator|indices"):
            mistake(here, there)


def test_what_a_gpu_allows_is_allowed(monkeypatch):
    with virtual_gpu(monkeypatch) as device:
        here = torch.tensor([1.0, 2.0])
        there = here.to(device)
        assert (there.device, here.device) == (device, torch.device("cpu"))
        assert (there * torch.tensor(2.0)).cpu().tolist() == [2.0, 4.0]
        assert there[torch.tensor([1])].device == device
        layer = torch.nn.Linear(2, 1).to(device)
        layer(there).sum().backward()
        assert layer.weight.grad is not None
        assert layer.weight.grad.device == device
        assert layer.weight.grad.tolist() == [[1.0, 2.0]]


NAMES = (
    *METHODS.names(),
    "dcgan[selection=full,labels=soft]",
    "cgan-diffaug[spectral_norm=true,loss=hinge]",
    "ddpm[guidance=2]",
    "unified[backbone=conv]",
    "unified[weighting=dwa,projection=false,share=0.5,warm_up=0]",
    "unified[adversarial=false]",
    *(f"none[classifier={name}]" for name in ("mlp", "resnet18", "strided", "cnn[mixup=0.2,label_smoothing=0.1]")),
)


WHERE_IMAGES_LIE = ("none", "oracle", "dcgan[selection=full,labels=soft]", "cgan-diffaug", "ddpm", "unified")
"""Methods that are tried with less memory, too."""
MEMORY = {"all images": 10**10, "generated images": 26_000, "no images": 0}
"""Free bytes, by what the GPU holds of the images then."""


@pytest.mark.parametrize(
    ("name", "held"),
    [
        *((name, "all images") for name in NAMES),
        *((name, held) for name in WHERE_IMAGES_LIE for held in ("generated images", "no images")),
    ],
)
def test_methods_keep_to_the_device(monkeypatch, make_context, make_images, name, held):
    train, valid = make_images([12, 6, 4]), make_images([4, 4, 4], seed=1)
    budget = Budget(size=16, batch=8, classifier_steps=4, classifier_width=8, generator_steps=8, generator_width=8)
    monkeypatch.setattr(ddpm, "LOOKED_AT", 64)
    with virtual_gpu(monkeypatch, memory=MEMORY[held]) as device:
        method = METHODS.build(name)
        fitted = method.fit(train, valid, make_context(device=device, budget=budget))
        assert fitted.predict_proba(valid.images).shape == (12, 3)
        if method.info.can_sample and getattr(method, "can_sample", True):
            images = fitted.sample(np.array([0, 1, 2]), torch.Generator().manual_seed(0))
            assert images.shape == (3, 3, 16, 16)
