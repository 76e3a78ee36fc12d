import numpy as np
import pytest
import torch

from datasets import SpecError
from methods import METHODS
from methods.control.randaugment import randaugment
from methods.training.fitted import FittedGenerator
from methods.training.images import ImagePool
from methods.training.policy import extra_labels


def test_duplicates_are_training_images_of_their_class_and_evenly_many(make_images, context):
    train = make_images([12, 5, 3])
    labels = extra_labels("balance", train.counts)
    copies = METHODS.build("duplicate").images(labels, train, context)
    for label, most in ((1, 2), (2, 3)):
        own = train.images[train.labels == label]
        times = [(copies[labels == label] == image).all(axis=(1, 2, 3)).sum() for image in own]
        assert sum(times) == 12 - len(own)
        assert max(times) <= most


def test_noise_is_uniform_and_heeds_no_class(make_images, context):
    train = make_images([12, 5])
    noise = METHODS.build("noise").images(np.array([0, 1] * 50), train, context)
    assert noise.shape == (100, 3, 16, 16)
    assert noise.dtype == np.uint8
    assert abs(noise.mean() - 127.5) < 1.5  # its standard error is 73.9 / √76,800 = 0.27
    assert abs(noise.std() - 73.9) < 1.0


@pytest.mark.parametrize("name", ["duplicate", "noise", "oracle"])
def test_where_the_policy_asks_for_nothing_real_images_are_all_there_is(make_images, make_context, name):
    train, valid = make_images([9, 9]), make_images([4, 4], seed=1)
    fitted = [METHODS.build(method).fit(train, valid, make_context()) for method in (name, "classic")]
    one, other = (some.predict_proba(valid.images) for some in fitted)
    assert np.array_equal(one, other)


class Told(torch.nn.Module):
    """Images as bright as their label."""

    def forward(self, noise, labels):
        return (labels[:, None, None, None] / 127.5 - 1.0).expand(-1, 3, 16, 16)


def shuffled(make_images, context, counts):
    """What each of its images shows, and what it is to be classified as."""
    generator = FittedGenerator(Told(), 1, context.device, "float32")
    made = METHODS.build("shuffled").synthesise(generator, make_images(counts), context)
    assert isinstance(made, ImagePool)
    return made.blocks[0][:, 0, 0, 0].long(), made.targets


def test_of_two_classes_half_the_shuffled_images_show_the_other_one(make_images, context):
    shown, targets = shuffled(make_images, context, [120, 20])
    assert targets.tolist() == [1] * 100
    assert 35 <= (shown == 0).sum() <= 65  # of 100, half by chance: three standard deviations


def test_shuffled_images_show_any_class_that_has_images_and_heed_no_label(make_images, context):
    shown, targets = shuffled(make_images, context, [170, 20, 20, 0])
    assert torch.bincount(targets).tolist() == [0, 150, 150]
    for label in (1, 2):
        assert torch.bincount(shown[targets == label]).tolist() == pytest.approx([50] * 3, abs=18)  # 3 · √(150 · 2/9)


def test_shuffled_takes_no_labels_that_say_what_is_shown():
    with pytest.raises(SpecError, match="labels=soft would say what an image shows, and is no placebo"):
        METHODS.build("shuffled[labels=soft]")


def test_randaugment_draws_for_each_image_from_its_generator_alone():
    images = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)).repeat(16, 1, 1, 1) * 2 - 1
    before = torch.random.get_rng_state()
    changed = randaugment(2, 9)(images, torch.Generator().manual_seed(1))
    assert torch.equal(changed, randaugment(2, 9)(images, torch.Generator().manual_seed(1)))
    assert torch.equal(before, torch.random.get_rng_state())
    assert changed.shape == images.shape
    assert changed.abs().max() <= 1.0
    assert len(torch.unique(changed.flatten(1), dim=0)) > 8


def test_randaugment_without_magnitude_keeps_most_of_the_image():
    images = torch.linspace(-1, 1, 256).reshape(1, 1, 16, 16).repeat(8, 3, 1, 1)
    kept = randaugment(1, 0)(images, torch.Generator().manual_seed(0))
    unchanged = (kept - images).abs().flatten(1).max(dim=1).values < 1 / 127
    assert unchanged.sum() >= 5
