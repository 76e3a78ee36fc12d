import pytest
import torch

from methods.networks.gaussian import Gaussian


def two_pixels():
    """Means (1, 0); variance 4 along the first pixel and 1 along the other."""
    return Gaussian(torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0], [0.0]]), torch.tensor([[4.0, 1.0]]))


def test_the_filter_at_a_point_that_can_be_worked_out():
    # ᾱ = ¼: the gain ½·λ / (¼·λ + ¾) is 2 / 1.75 along the first pixel and ½ along the other;
    # x_t = (2.25, 3) lies (1.75, 3) from √ᾱ μ = (0.5, 0), so x̂₀ = (1 + 2, 1.5).
    found = two_pixels()(torch.tensor([[[[2.25, 3.0]]]]), torch.tensor([0.25]), torch.tensor([0]))
    assert found.flatten().tolist() == pytest.approx([3.0, 1.5])


@pytest.mark.parametrize(("share", "expected"), [(0.0, [1.0, 0.0]), (1.0, [-5.0, 7.0])])
def test_noise_alone_gives_the_mean_and_no_noise_the_image_itself(share, expected):
    found = two_pixels()(torch.tensor([[[[-5.0, 7.0]]]]), torch.tensor([share]), torch.tensor([0]))
    assert found.flatten().tolist() == pytest.approx(expected)


def drawn(n=6000, pixels=12):
    """Class 0 varies by 9 along one direction, class 1 by 4 along another, both by 0.25 along all; means 0 and 2."""
    random = torch.Generator().manual_seed(0)
    labels = torch.arange(n) % 2
    basis = torch.linalg.qr(torch.randn(pixels, pixels, generator=random))[0]
    spread = torch.full((2, pixels), 0.5)
    spread[0, 0], spread[1, 1] = 3.0, 2.0
    x = (torch.randn(n, pixels, generator=random) * spread[labels]) @ basis.mT + 2.0 * labels[:, None]
    return x.reshape(n, 1, 3, 4), labels, basis, spread.square()


def test_means_directions_and_variances_are_found_again():
    images, labels, basis, variances = drawn()
    torch.manual_seed(0)
    gaussian = Gaussian.fit(images, labels, classes=2, rank=2)
    assert gaussian.means[:2].mean(dim=1).tolist() == pytest.approx([0.0, 2.0], abs=0.05)
    assert gaussian.means[2].mean().item() == pytest.approx(1.0, abs=0.05)  # all together
    assert (gaussian.directions.mT @ basis)[:, :2].abs() == pytest.approx(torch.eye(2), abs=0.05)
    expected = torch.cat([variances[:, :2], variances[:, 2:3]], dim=1)
    assert gaussian.variances[:2].flatten().tolist() == pytest.approx(expected.flatten().tolist(), rel=0.08)


def test_no_linear_filter_does_better():
    """Least squares on a hundred thousand pairs of clean and noisy images of one class finds the same prediction."""
    images, labels, _, _ = drawn(100_000)
    clean = images[labels == 0].flatten(1)
    torch.manual_seed(0)
    noisy = 0.6**0.5 * clean + 0.4**0.5 * torch.randn_like(clean)
    ones = torch.ones(len(noisy), 1)
    fitted = torch.linalg.lstsq(torch.cat([noisy, ones], dim=1), clean).solution
    gaussian = Gaussian.fit(images, labels, classes=2, rank=2)
    found = gaussian(noisy[:50].reshape(50, 1, 3, 4), torch.full((50,), 0.6), torch.zeros(50, dtype=torch.int64))
    expected = torch.cat([noisy, ones], dim=1)[:50] @ fitted
    assert torch.allclose(found.flatten(1), expected, atol=0.1)


def test_images_that_do_not_vary_and_classes_that_are_not_there_are_no_trouble():
    images = torch.ones(5, 3, 4, 4)
    gaussian = Gaussian.fit(images, torch.ones(5, dtype=torch.int64), classes=3, rank=256)
    found = gaussian(images, torch.tensor([0.0, 0.3, 0.6, 0.9, 1.0]), torch.tensor([0, 1, 2, 3, 3]))
    assert torch.allclose(found, images, atol=1e-5)
