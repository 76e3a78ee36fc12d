import pytest
import torch
from torch import nn
from torchvision.models import resnet18

from datasets import SpecError
from methods import METHODS
from methods.classifiers import CLASSIFIERS


def parameters(network):
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("name", ["cnn", "mlp", "resnet18"])
@pytest.mark.parametrize(("channels", "size"), [(1, 16), (3, 32), (3, 72)])
def test_every_classifier_takes_every_image(name, channels, size):
    network = CLASSIFIERS.build(name).build(channels=channels, classes=5, size=size, width=4)
    assert network(torch.zeros(2, channels, size, size)).shape == (2, 5)


def test_cnn_has_six_convolutions_of_doubling_width():
    network = CLASSIFIERS.build("cnn").build(channels=3, classes=4, size=32, width=16)
    widths = [layer.out_channels for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    assert widths == [16, 16, 32, 32, 64, 64]


def test_resnet18_of_width_64_is_torchvisions():
    ours = CLASSIFIERS.build("resnet18").build(channels=3, classes=1000, size=224, width=64)
    theirs = resnet18()
    assert parameters(ours) == parameters(theirs) == 11_689_512
    ours.load_state_dict(theirs.state_dict())
    images = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(ours.eval()(images), theirs.eval()(images), atol=1e-5)


def test_small_images_get_a_small_stem():
    network = CLASSIFIERS.build("resnet18").build(channels=3, classes=4, size=32, width=8)
    assert network.conv1.stride == (1, 1)
    assert not hasattr(network, "maxpool")


def test_unknown_classifier_is_refused_when_the_method_is_named():
    with pytest.raises(SpecError, match=r"there is no classifier 'resnet19'; did you mean resnet18\?$"):
        METHODS.build("none[classifier=resnet19]")


def test_classifiers_are_kept_in_their_canonical_spelling():
    assert METHODS.build("none[classifier='mlp[dropout=0.20]']").name == "none[classifier=mlp]"
    assert METHODS.build("none[classifier='mlp[dropout=0.5]']").parameters()["classifier"] == "mlp[dropout=0.5]"
