import math

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from methods import METHODS
from methods.training.losses import FocalLoss, PriorAdjustedLoss, WeightedLoss, inverse_frequency, log_prior

EVEN = torch.zeros(1, 2)  # p = (½, ½)


def test_focal_loss_at_even_odds_is_a_quarter_of_log_two():
    assert FocalLoss(2.0)(EVEN, torch.tensor([1])).item() == pytest.approx(math.log(2) / 4)


def test_focal_loss_at_nine_to_one_is_a_hundredth_of_cross_entropy():
    logits = torch.tensor([[math.log(9.0), 0.0]])  # p_0 = 0.9; the paper's example of 100 × less
    assert FocalLoss(2.0)(logits, torch.tensor([0])).item() == pytest.approx(-math.log(0.9) / 100, rel=1e-4)


def test_focal_loss_without_focus_is_cross_entropy_for_hard_and_soft_targets():
    logits = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    hard = torch.tensor([0, 1, 2, 0, 1, 2])
    soft = torch.softmax(logits.flip(0), dim=1)
    for targets in (hard, soft):
        expected = nn.functional.cross_entropy(logits, targets)
        assert FocalLoss(0.0)(logits, targets).item() == pytest.approx(expected.item(), rel=1e-6)
    one_hot = nn.functional.one_hot(hard, 3).float()
    assert FocalLoss(2.0)(logits, one_hot).item() == pytest.approx(FocalLoss(2.0)(logits, hard).item(), rel=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_focal_loss_of_an_image_that_is_surely_right_has_a_gradient(gamma):
    logits = torch.tensor([[60.0, 0.0], [0.0, 1.0]], requires_grad=True)  # p_0 of the first rounds to 1
    FocalLoss(gamma)(logits, torch.tensor([0, 0])).backward()
    assert logits.grad.isfinite().all()
    assert logits.grad[1].abs().sum() > 0.1


def test_log_prior_is_the_log_of_the_shares():
    assert log_prior(np.array([3, 1])).exp().tolist() == pytest.approx([0.75, 0.25])
    assert torch.isfinite(log_prior(np.array([3, 0]))).all()


def test_balanced_softmax_of_equal_logits_gives_the_prior():
    # Ren, eq. 4: n_y e^η_y / Σ n_i e^η_i, so with η = 0 the probability of the rare class is its share.
    loss = PriorAdjustedLoss(log_prior(np.array([3, 1])))
    assert loss(EVEN, torch.tensor([1])).item() == pytest.approx(-math.log(0.25))
    assert loss(EVEN, torch.tensor([0])).item() == pytest.approx(-math.log(0.75))


def test_tau_scales_the_log_prior():
    loss = METHODS.build("balanced-softmax[tau=2]").recipe(_labelled([3, 1])).loss
    assert loss(EVEN, torch.tensor([1])).item() == pytest.approx(-math.log(1 / 10))  # 1² / (3² + 1²)


def test_inverse_frequency_is_scikit_learns_balanced():
    labels = np.repeat([0, 1, 2], [50, 30, 5])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    assert inverse_frequency(np.bincount(labels)).tolist() == pytest.approx(expected.tolist())
    assert inverse_frequency(np.array([4, 0, 4])).tolist() == [1.0, 0.0, 1.0]


def test_class_weights_make_every_class_count_alike():
    loss = METHODS.build("class-weight").recipe(_labelled([3, 1])).loss
    logits = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    right, wrong = math.log(1 + math.exp(-1)), math.log(1 + math.exp(1))
    assert loss(logits, torch.tensor([0, 0, 0, 1])).item() == pytest.approx((right + wrong) / 2)


def test_batches_without_the_rare_class_do_not_take_its_weight():
    """The mean over batches is the loss of the whole set, however the images fall into batches."""
    logits, labels = (
        torch.randn(8, 2, generator=torch.Generator().manual_seed(0)),
        torch.tensor([0, 0, 0, 0, 0, 0, 0, 1]),
    )
    loss = WeightedLoss(inverse_frequency(np.array([7, 1])))
    whole = loss(logits, labels)
    batches = torch.stack([loss(logits[k : k + 2], labels[k : k + 2]) for k in range(0, 8, 2)])
    assert batches.mean().item() == pytest.approx(whole.item(), rel=1e-6)
    per_class = [nn.functional.cross_entropy(logits[labels == k], labels[labels == k]) for k in (0, 1)]
    assert whole.item() == pytest.approx(torch.stack(per_class).mean().item(), rel=1e-6)
    soft = nn.functional.one_hot(labels, 2).float()
    assert loss(logits, soft).item() == pytest.approx(whole.item(), rel=1e-6)


def _labelled(counts):
    from datasets import LabelledImages

    labels = np.repeat(np.arange(len(counts)), counts).astype(np.int64)
    return LabelledImages(np.zeros((len(labels), 1, 4, 4), np.uint8), labels, ("a", "b"))
