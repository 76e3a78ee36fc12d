import pytest
import torch

from methods.training import transforms
from methods.training.transforms import classic


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images():
    return torch.rand(64, 1, 8, 8, generator=rng(5)) * 1.6 - 0.8


def dihedral(image):
    turned = [torch.rot90(image, turns, dims=(-2, -1)) for turns in range(4)]
    return [*turned, *[t.flip(-1) for t in turned]]


def test_without_shift_scale_and_brightness_the_eight_symmetries_of_the_square_are_left(monkeypatch, images):
    for name in ("SCALE", "SHIFT", "BRIGHTNESS"):
        monkeypatch.setattr(transforms, name, 0.0)
    moved = classic(images, rng())
    seen = set()
    for before, after in zip(images, moved, strict=True):
        errors = [float((after - symmetric).abs().max()) for symmetric in dihedral(before)]
        assert min(errors) < 1e-5
        seen.add(errors.index(min(errors)))
    assert seen == set(range(8))


def test_shift_moves_by_at_most_its_share(monkeypatch):
    for name in ("SCALE", "BRIGHTNESS"):
        monkeypatch.setattr(transforms, name, 0.0)
    monkeypatch.setattr(transforms, "SHIFT", 0.25)
    image = torch.full((200, 1, 8, 8), -1.0)
    image[:, :, 3:5, 3:5] = 1.0
    mass = (classic(image, rng()) + 1) / 2
    centre = (mass * torch.arange(8.0)).sum(dim=(1, 2, 3)) / mass.sum(dim=(1, 2, 3))
    assert centre.sub(3.5).abs().max().item() == pytest.approx(2.0, abs=0.1)  # a quarter of eight pixels


def test_brightness_changes_by_at_most_a_tenth_and_image_by_image():
    moved = classic(torch.zeros(200, 3, 8, 8), rng())
    assert moved.flatten(1).std(dim=1).max() < 1e-5
    means = moved.mean(dim=(1, 2, 3))
    assert -0.1 <= means.min() < -0.09
    assert 0.09 < means.max() <= 0.1


@pytest.mark.parametrize("channels", [1, 3])
def test_shape_and_range_stay(channels):
    moved = classic(torch.ones(16, channels, 8, 8), rng())
    assert moved.shape == (16, channels, 8, 8)
    assert moved.max() <= 1.0


def test_autocast_moves_no_pixel_elsewhere(images):
    plain = classic(images, rng())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(classic(images, rng()), plain)


def test_same_generator_same_result(images):
    assert torch.equal(classic(images, rng(1)), classic(images, rng(1)))
    assert not torch.equal(classic(images, rng(1)), classic(images, rng(2)))
