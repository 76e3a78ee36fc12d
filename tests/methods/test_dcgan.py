from dataclasses import replace

import numpy as np
import pytest
import torch

from methods import METHODS, NotApplicable
from methods.networks.shape import Shape
from methods.training.arrangement import one_each
from methods.two_stage.dcgan import DcGan, Discriminator, Generator


def parameters(network):
    return sum(p.numel() for p in network.parameters())


def test_networks_of_width_64_have_the_published_number_of_weights():
    # pytorch/examples/dcgan, 64 × 64, nz = 100, ngf = ndf = 64
    shape = Shape(channels=3, size=64, width=64, classes=0)
    assert parameters(Generator(shape)) == 3_576_704
    assert parameters(Discriminator(shape)) == 2_765_568


def test_initial_weights_have_the_papers_spread():
    network = Generator(Shape(channels=3, size=32, width=32, classes=0))
    assert network.layers[0].weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert network.layers[1].weight.mean().item() == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("size", [16, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("classes", [0, 3])
def test_shapes_and_range(size, channels, classes):
    shape = Shape(channels, size, width=4, classes=classes)
    asked = torch.tensor([0, 1, 2, 2])
    images = Generator(shape)(torch.randn(4, 100), asked)
    assert images.shape == (4, channels, size, size)
    assert images.abs().max() <= 1.0
    assert Discriminator(shape)(images, asked).shape == (4,)


def test_the_label_reaches_both_networks():
    shape = Shape(channels=1, size=16, width=4, classes=2)
    noise, zeros, ones = torch.randn(2, 100), torch.tensor([0, 0]), torch.tensor([1, 1])
    generator, discriminator = Generator(shape).eval(), Discriminator(shape).eval()
    assert not torch.equal(generator(noise, zeros), generator(noise, ones))
    image = torch.zeros(2, 1, 16, 16)
    assert not torch.equal(discriminator(image, zeros), discriminator(image, ones))


def training_on(images, context):
    shape = replace(Shape.of(images, context), classes=0)
    return DcGan().training(shape, one_each(images, context)[0])


def test_first_losses_are_near_those_of_an_even_guess(make_images, context):
    # An undecided discriminator (logit 0) has loss 2 log 2 = 1.386, the generator log 2.
    with torch.random.fork_rng():
        torch.manual_seed(0)
        losses = training_on(make_images([40, 0]), context).update()
    assert losses["discriminator_loss"].item() == pytest.approx(1.386, abs=0.4)
    assert losses["generator_loss"].item() == pytest.approx(0.693, abs=0.6)


def test_a_class_without_images_cannot_be_sampled(make_images, context):
    fitted = METHODS.build("dcgan").fit(make_images([9, 9, 0]), make_images([2, 2, 0]), context)
    with pytest.raises(NotApplicable, match=r"class 'c' has no training images, .*; ask for other classes, or"):
        fitted.sample(np.array([2]), torch.Generator())


@pytest.mark.parametrize(("size", "instead"), [(8, 16), (48, 64), (20, 16)])
def test_a_size_that_does_not_halve_down_to_four_is_refused(make_images, context, size, instead):
    with pytest.raises(NotApplicable, match=f"power of two from 16 on, got {size}; .*size={instead}"):
        METHODS.build("dcgan").fit(make_images([9, 9], size=size), make_images([2, 2], size=size), context)
