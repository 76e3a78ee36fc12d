import pytest
import torch
from torch import nn
from torchvision.models import resnet18

from datasets import SpecError
from methods import METHODS, NotApplicable
from methods.classifiers import CLASSIFIERS
from methods.networks.shape import Shape
from methods.networks.vit import Block, attention
from methods.two_stage.dcgan import Discriminator


def parameters(network):
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("name", ["cnn", "mlp", "resnet18", "vit"])
@pytest.mark.parametrize(("channels", "size"), [(1, 16), (3, 32), (3, 72)])
def test_every_classifier_takes_every_image(name, channels, size):
    network = CLASSIFIERS.build(name).build(channels=channels, classes=5, size=size, width=4)
    assert network(torch.zeros(2, channels, size, size)).shape == (2, 5)


def test_cnn_has_six_convolutions_of_doubling_width():
    network = CLASSIFIERS.build("cnn").build(channels=3, classes=4, size=32, width=16)
    widths = [layer.out_channels for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    assert widths == [16, 16, 32, 32, 64, 64]


def test_strided_is_dcgans_discriminator_with_more_outputs():
    shape = Shape(channels=3, size=32, width=8, classes=0)
    ours = CLASSIFIERS.build("strided").build(channels=3, classes=1, size=32, width=8)
    assert parameters(ours) == parameters(Discriminator(shape)) + 1, "the head has a bias"
    assert CLASSIFIERS.build("strided").build(channels=1, classes=5, size=64, width=4)(
        torch.zeros(2, 1, 64, 64)
    ).shape == (2, 5)
    with pytest.raises(NotApplicable, match=r"strided needs .* power of two from 16 on, got 24; .*size=32"):
        CLASSIFIERS.build("strided").build(channels=3, classes=4, size=24, width=8)


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
    with pytest.raises(SpecError, match=r"there is no classifier 'resnet19'; did you mean resnet18 or resnet50\?$"):
        METHODS.build("none[classifier=resnet19]")


def test_classifiers_are_kept_in_their_canonical_spelling():
    assert METHODS.build("none[classifier='mlp[dropout=0.20]']").name == "none[classifier=mlp]"
    assert METHODS.build("none[classifier='mlp[dropout=0.5]']").parameters()["classifier"] == "mlp[dropout=0.5]"


@pytest.mark.parametrize(("channels", "size"), [(1, 16), (3, 32), (1, 72)])
def test_resnet50_takes_every_image(channels, size):
    network = CLASSIFIERS.build("resnet50").build(channels=channels, classes=5, size=size, width=4).eval()
    assert network(torch.zeros(2, channels, size, size)).shape == (2, 5)


def test_resnet50_is_torchvisions():
    network = CLASSIFIERS.build("resnet50").build(channels=3, classes=1000, size=224, width=4)
    assert parameters(network) == 25_557_032


def test_vit_attends_as_torchs_own_layer_does():
    block = Block(16, heads=4)
    theirs = nn.MultiheadAttention(16, 4, batch_first=True)
    theirs.in_proj_weight.data, theirs.in_proj_bias.data = block.qkv.weight.data, block.qkv.bias.data
    theirs.out_proj.load_state_dict(block.project.state_dict())
    tokens = torch.randn(2, 9, 16, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(
        block.project(attention(block.qkv(tokens), heads=4)), theirs(tokens, tokens, tokens)[0], atol=1e-6
    )


def test_timm_models_by_name():
    pytest.importorskip("timm")
    network = CLASSIFIERS.build("timm:resnet10t").build(channels=1, classes=3, size=32, width=4).eval()
    assert network(torch.zeros(2, 1, 32, 32)).shape == (2, 3)
    with pytest.raises(NotApplicable, match="timm has no model 'resnet19x'"):
        CLASSIFIERS.build("timm:resnet19x").build(channels=1, classes=3, size=32, width=4)
    assert METHODS.build("none[classifier=timm:resnet10t]").parameters()["classifier"] == "timm[model=resnet10t]"
