import math

import pytest
import torch
from torch import nn

from methods.training.adversarial import cross_entropy, gradient_penalty, hinge, short_run_rate
from methods.training.diffaugment import _translate, diffaugment
from methods.training.symmetries import Turned, turned


def images(n=6, seed=0):
    return torch.rand(n, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_penalty_of_a_linear_critic_is_that_of_its_weights():
    weight = torch.randn(3 * 8 * 8, generator=torch.Generator().manual_seed(1))
    penalty = gradient_penalty(lambda x: x.flatten(1) @ weight, images(), images(seed=2), torch.rand(6))
    assert penalty.item() == pytest.approx((weight.norm().item() - 1.0) ** 2, rel=1e-5)


def test_penalty_is_taken_between_the_images():
    # f(x) = ½‖x‖² has gradient x: at u = ¼ between 0 (fake) and an image of norm 8 (real) its norm is 2.
    real = torch.full((1, 1, 8, 8), 1.0)
    half_square = lambda x: 0.5 * x.square().flatten(1).sum(1)  # noqa: E731
    penalty = gradient_penalty(half_square, real, torch.zeros_like(real), torch.tensor([0.25]))
    assert penalty.item() == pytest.approx(1.0)


def test_gradient_at_zero_norm_is_a_number():
    weight = torch.zeros(3 * 8 * 8, requires_grad=True)
    penalty = gradient_penalty(lambda x: x.flatten(1) @ weight, images(), images(seed=2), torch.rand(6))
    penalty.backward()
    assert penalty.item() == pytest.approx(1.0, abs=1e-4)
    assert weight.grad is not None
    assert weight.grad.isfinite().all()


def test_penalty_is_computed_in_float32():
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 1), nn.Flatten(0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = gradient_penalty(network, images(), images(seed=2), torch.full((6,), 0.5))
    outside = gradient_penalty(network, images(), images(seed=2), torch.full((6,), 0.5))
    assert inside.dtype == torch.float32
    assert inside.item() == outside.item()


def test_losses_at_points_that_can_be_worked_out():
    scores = torch.tensor([-2.0, 0.0, 0.5, 3.0])
    assert hinge(scores, real=True).item() == pytest.approx((3 + 1 + 0.5 + 0) / 4)
    assert hinge(scores, real=False).item() == pytest.approx((0 + 1 + 1.5 + 4) / 4)
    assert cross_entropy(torch.zeros(3), real=True).item() == pytest.approx(math.log(2))
    assert cross_entropy(torch.tensor([math.log(3)]), real=False).item() == pytest.approx(math.log(4))


@pytest.mark.parametrize(("steps", "factor"), [(100_000, 1.0), (20_000, 1.0), (5_000, 2.0), (100, 4.0)])
def test_short_runs_take_larger_steps(steps, factor):
    assert short_run_rate(1e-4, steps=steps) == pytest.approx(factor * 1e-4)


def test_diffaugment_passes_gradients_and_depends_on_its_generator_alone():
    x = images().requires_grad_()
    once = diffaugment(x, torch.Generator().manual_seed(3))
    again = diffaugment(x, torch.Generator().manual_seed(3))
    assert torch.equal(once, again)
    assert once.shape == x.shape
    once.sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


def test_translation_moves_whole_pixels_by_at_most_an_eighth():
    x = torch.zeros(200, 1, 16, 16)
    x[:, :, 8, 8] = 1.0
    moved = _translate(x, torch.Generator().manual_seed(0))
    assert moved.flatten(1).sum(1).eq(1).all()
    places = {divmod(int(p), 16) for p in moved.flatten(1).argmax(dim=1)}
    assert places == {(8 + dy, 8 + dx) for dy in range(-2, 3) for dx in range(-2, 3)}


def test_colour_transforms_leave_grey_images_grey():
    out = diffaugment(images()[:, :1].repeat(1, 3, 1, 1), torch.Generator().manual_seed(0))
    assert torch.allclose(out[:, 0], out[:, 1], atol=1e-6)


def test_the_eight_symmetries_are_those_of_the_square():
    image = torch.arange(9.0).reshape(1, 1, 3, 3).expand(8, -1, -1, -1)
    found = {tuple(one.flatten().tolist()) for one in turned(image, torch.arange(8))}
    square = image[0, 0]
    expected = [torch.rot90(mirrored, k) for mirrored in (square, square.flip(0)) for k in range(4)]
    assert found == {tuple(one.flatten().tolist()) for one in expected}
    assert torch.equal(turned(image, torch.zeros(8, dtype=torch.int64)), image)


def test_a_turned_generator_draws_each_symmetry_equally_often():
    class Fixed(nn.Module):
        def forward(self, noise, labels):
            assert noise.shape[1] == 2
            return torch.arange(9.0).reshape(1, 1, 3, 3).expand(len(noise), -1, -1, -1)

    noise = torch.randn(8000, 3, generator=torch.Generator().manual_seed(0))
    images = Turned(Fixed())(noise, torch.zeros(8000, dtype=torch.int64))
    _, counts = images.flatten(1).unique(dim=0, return_counts=True)
    assert len(counts) == 8
    assert counts.min() > 1000 - 4 * (8000 / 8 * 7 / 8) ** 0.5  # four standard deviations of a binomial
