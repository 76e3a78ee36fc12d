import pytest
import torch

from methods.training.selection import Selector, Tally

CLASSES = 2


def cloud(n, centre, *, seed=0, dim=8):
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed)) + centre


def sure_of(labels, p=0.9, classes=CLASSES):
    """Probabilities that give each label p and share the rest."""
    rows = torch.full((len(labels), classes), (1 - p) / (classes - 1))
    return rows.scatter(1, labels[:, None], p)


@pytest.fixture
def real():
    """A large class around 0 and a small one around 10."""
    labels = torch.repeat_interleave(torch.arange(2), torch.tensor([2000, 200]))
    return torch.cat([cloud(2000, 0.0, seed=1), cloud(200, 10.0, seed=2)]), labels


@pytest.mark.parametrize("quantile", [0.5, 0.95])
def test_unseen_real_images_are_kept_at_the_rate_of_the_quantile(real, quantile):
    selector = Selector.fit(*real, classes=2, quantile=quantile)
    for label, centre in ((0, 0.0), (1, 10.0)):
        labels = torch.full((4000,), label)
        kept = selector.accept(sure_of(labels), cloud(4000, centre, seed=3), labels)
        assert kept.float().mean() == pytest.approx(quantile, abs=0.05)


def test_five_images_are_enough(real):
    """Measured from the centroid of all five, unseen images would look far and only about one in three be kept."""
    rates = []
    for seed in range(200):
        few, labels = cloud(5, 0.0, seed=seed), torch.zeros(5, dtype=torch.int64)
        unseen = torch.zeros(200, dtype=torch.int64)
        selector = Selector.fit(few, labels, classes=1, quantile=0.95, confidence=0.0)
        rates.append(selector.accept(torch.ones(200, 1), cloud(200, 0.0, seed=1000 + seed), unseen).float().mean())
    assert 0.75 < torch.stack(rates).mean() < 0.95


def test_one_image_borrows_the_radius_of_the_others_and_no_image_keeps_nothing(real):
    features, labels = real
    features, labels = torch.cat([features, cloud(1, 20.0)]), torch.cat([labels, torch.tensor([2])])
    selector = Selector.fit(features, labels, classes=4)
    assert selector.radii[2] == pytest.approx(selector.radii[:2].mean().item())
    asked = torch.tensor([2, 3])
    kept = selector.accept(sure_of(asked, classes=4), torch.stack([features[-1], torch.zeros(8)]), asked)
    assert kept.tolist() == [True, False]


def test_one_image_alone_sets_no_limit():
    selector = Selector.fit(torch.zeros(1, 3), torch.tensor([0]), classes=2)
    asked = torch.tensor([0])
    assert selector.accept(sure_of(asked), torch.full((1, 3), 99.0), asked).tolist() == [True]


def test_rejected_are_the_mislabelled_the_unsure_and_the_far(real):
    selector = Selector.fit(*real, classes=2, confidence=0.8)
    asked = torch.tensor([0, 0, 0, 0])
    probabilities = torch.tensor([[0.9, 0.1], [0.1, 0.9], [0.7, 0.3], [0.99, 0.01]])
    features = torch.stack([torch.zeros(8), torch.zeros(8), torch.zeros(8), torch.full((8,), 5.0)])
    assert selector.accept(probabilities, features, asked).tolist() == [True, False, False, False]
    by_confidence = Selector.fit(*real, classes=2, confidence=0.8, selection="confidence")
    assert by_confidence.accept(probabilities, features, asked).tolist() == [True, False, False, True]
    everything = Selector.fit(*real, classes=2, selection="none")
    assert everything.accept(probabilities, features, asked).all()


def test_a_likelier_class_rules_an_image_out_even_above_the_threshold():
    selector = Selector.fit(torch.zeros(3, 2), torch.arange(3), classes=3, selection="confidence", confidence=0.3)
    asked = torch.tensor([0, 1])
    row = torch.tensor([[0.4, 0.6, 0.0]])
    assert selector.accept(row.expand(2, 3), torch.zeros(2, 2), asked).tolist() == [False, True]


def test_shortfall_by_hand():
    """Each image of class 0 lies 2 from the other, which is the centroid of the rest: radius 2."""
    features, labels = torch.tensor([[-1.0], [1.0]]), torch.tensor([0, 0])
    selector = Selector.fit(features, labels, classes=2, confidence=0.8, quantile=1.0)
    assert selector.radii.tolist() == [2.0, 0.0]
    asked = torch.zeros(3, dtype=torch.int64)
    probabilities = torch.tensor([[0.8, 0.2], [0.4, 0.6], [0.9, 0.1]])
    shortfall = selector.shortfall(probabilities, torch.tensor([[2.0], [0.0], [3.0]]), asked)
    assert shortfall.tolist() == pytest.approx([0.0, 1 - 0.4 / 0.8, 3 / 2 - 1])


def test_the_tally_names_shares_by_class():
    tally = Tally(("a", "b", "c"))
    tally.add(torch.tensor([True, False, True]), torch.tensor([0, 0, 2]))
    tally.add(torch.tensor([False, False]), torch.tensor([0, 0]))
    assert tally.scalars() == {"acceptance_a": 0.25, "acceptance_c": 1.0}
