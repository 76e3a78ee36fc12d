"""The parts of the unified tier against their formulas."""

import math

import pytest
import torch
from torch import nn

from methods.networks.discriminator import TOKEN_SCALE, Answer, Discriminator, NormHead, SourceHead
from methods.networks.shape import Shape
from methods.networks.vit import Block, Trunk, attention
from methods.networks.vit_generator import LATENT, Generator, SelfModulatedNorm, start_smooth
from methods.training.r1 import r1
from methods.two_stage.cgan_diffaug import spread
from methods.unified.recent import RunningSelection
from methods.unified.schedule import interleave
from methods.unified.weighting import CLAMP, WINDOW, DynamicWeightAverage, Fixed, Uncertainty

BOTH = torch.ones(2)


def test_uncertainty_weights_converge_to_the_closed_form():
    # d/ds (exp(−s) L + s/2) = 0 at s = log 2L, so the weight is 1 / 2L.
    weighting, losses = Uncertainty(2), torch.tensor([0.4, 2.5])
    optimiser = torch.optim.Adam(weighting.parameters(), lr=0.02)
    for _ in range(800):
        optimiser.zero_grad()
        weighting(losses, BOTH).backward()
        optimiser.step()
    assert weighting.weights().tolist() == pytest.approx([1 / 0.8, 1 / 5.0], rel=1e-3)
    optimum = sum(0.5 + 0.5 * math.log(2 * loss) for loss in losses.tolist())
    assert weighting(losses, BOTH).item() == pytest.approx(optimum, rel=1e-5)


def test_uncertainty_weights_are_clamped_and_come_back():
    weighting = Uncertainty(2)
    nn.init.constant_(weighting.log_variance, -9.0)
    assert weighting.weights().tolist() == pytest.approx([math.exp(-CLAMP[0])] * 2)
    weighting(torch.tensor([5.0, 5.0]), BOTH).backward()
    assert weighting.log_variance.grad is not None
    assert (weighting.log_variance.grad < 0).all()  # a step against it raises s


def test_uncertainty_weights_come_back_at_once_after_long_at_the_clamp():
    weighting = Uncertainty(1)
    optimiser = torch.optim.SGD(weighting.parameters(), lr=0.1)
    for loss, steps in ((1e-4, 1000), (2.0, 60)):
        for _ in range(steps):
            optimiser.zero_grad()
            weighting(torch.tensor([loss]), torch.ones(1)).backward()
            optimiser.step()
    assert weighting.weights().item() == pytest.approx(1 / 4, rel=0.2)  # 1 / 2L


def test_an_absent_loss_neither_counts_nor_learns():
    weighting = Uncertainty(2)
    only_first = torch.tensor([1.0, 0.0])
    total = weighting(torch.tensor([0.7, 99.0]), only_first)
    total.backward()
    assert total.item() == pytest.approx(0.7)
    assert weighting.log_variance.grad is not None
    assert weighting.log_variance.grad[1].item() == 0.0
    assert Fixed(2)(torch.tensor([0.7, 99.0]), only_first).item() == pytest.approx(0.7)


def test_dynamic_weight_average_follows_equation_7():
    weighting = DynamicWeightAverage(2)
    for mean in ((1.0, 1.0), (0.5, 0.9)):  # the first loss has halved, the second fallen by a tenth
        for step in range(WINDOW):
            swing = 0.1 if step % 2 else -0.1
            weighting(torch.tensor(mean) + swing, BOTH)
    first, second = math.exp(0.5 / 2), math.exp(0.9 / 2)
    expected = [2 * first / (first + second), 2 * second / (first + second)]
    assert weighting.weights().tolist() == pytest.approx(expected, rel=1e-5)


def test_projection_is_the_formula_of_miyato_and_koyama():
    head = SourceHead(nn.Flatten(), inputs=24 + 12, features=5, classes=3)
    images, tokens, labels = torch.randn(4, 3, 2, 2), torch.randn(4, 4, 6), torch.tensor([0, 2, 1, 1])
    together = spread(images.flatten(1), labels)
    assert head.embedding is not None
    expected = []
    for image, token, among, y in zip(images, tokens, together, labels, strict=True):
        known = torch.cat([TOKEN_SCALE * token.flatten(), image.flatten(), among])
        phi = nn.functional.leaky_relu(head.phi[0].weight @ known + head.phi[0].bias, 0.2)
        expected.append(head.psi.weight[0] @ phi + head.psi.bias[0] + head.embedding.weight[y] @ phi)
    assert torch.allclose(head(images, tokens, labels, labels), torch.stack(expected), atol=1e-5)


def test_without_projection_the_score_knows_no_class():
    head = SourceHead(nn.Flatten(), inputs=36, features=5, classes=0)
    images, tokens, mates = torch.randn(2, 3, 2, 2), torch.randn(2, 4, 6), torch.tensor([0, 1])
    one, other = head(images, tokens, torch.tensor([0, 1]), mates), head(images, tokens, torch.tensor([1, 0]), mates)
    assert torch.equal(one, other)


def test_without_projection_nothing_the_discriminator_says_depends_on_the_label():
    torch.manual_seed(0)
    trunk = Trunk(channels=1, size=16, dim=16, depth=1, heads=4, grid=4)
    images, labels = torch.randn(4, 1, 16, 16), torch.tensor([0, 1, 1, 0])
    for classes, same in ((0, True), (2, False)):
        network = Discriminator(trunk, SourceHead(nn.Flatten(), inputs=256 + 256, features=5, classes=classes), None)
        one, other = (network(images, images, asked).source for asked in (labels, labels.flip(0).roll(1)))
        assert torch.equal(one, other) is same


@pytest.mark.parametrize("classes", [0, 2])
def test_r1_is_taken_of_the_score_itself(classes):
    torch.manual_seed(0)
    trunk = Trunk(channels=1, size=16, dim=16, depth=1, heads=4, grid=4)
    network = Discriminator(trunk, SourceHead(nn.Flatten(), inputs=256 + 256, features=5, classes=classes), None)
    real, fake, labels = torch.randn(4, 1, 16, 16), torch.randn(4, 1, 16, 16), torch.tensor([0, 1, 1, 0])
    both = torch.cat([real, fake])
    answer = network(both, both, labels.repeat(2), batches=2).halves()[0]
    alone = network.source(real, answer.tokens, labels, network.mates(labels))
    assert torch.allclose(alone, answer.source, atol=1e-5)


def test_real_and_generated_images_do_not_mix_in_their_spread():
    torch.manual_seed(0)
    trunk = Trunk(channels=1, size=16, dim=16, depth=1, heads=4, grid=4)
    network = Discriminator(trunk, SourceHead(nn.Flatten(), inputs=256 + 256, features=5, classes=2), None)
    real, fake, labels = torch.randn(4, 1, 16, 16), 3.0 * torch.randn(4, 1, 16, 16), torch.tensor([0, 1, 1, 0])
    both = torch.cat([real, fake])
    together = network(both, both, labels.repeat(2), batches=2).source
    apart = torch.cat([network(x, x, labels).source for x in (real, fake)])
    assert torch.allclose(together, apart, atol=1e-5)
    assert not torch.allclose(network(both, both, labels.repeat(2)).source, apart, atol=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_share_of_the_source_gradient_reaches_the_trunk(share):
    torch.manual_seed(0)
    trunk = Trunk(channels=1, size=16, dim=16, depth=1, heads=4, grid=4)
    network = Discriminator(trunk, SourceHead(nn.Flatten(), inputs=256 + 256, features=5, classes=2), None)
    images, labels = torch.randn(3, 1, 16, 16), torch.tensor([0, 1, 1])

    def gradient(share):
        network.zero_grad()
        network(images, images, labels, share=share).source.sum().backward()
        return trunk.norm.weight.grad

    if share:
        assert torch.allclose(gradient(share), share * gradient(1.0), atol=1e-6)
    else:
        assert gradient(share) is None  # not zeros, by which an optimiser with momentum would still move


def test_class_head_sees_features_of_one_norm():
    head, features = NormHead(nn.Linear(16, 3)), torch.randn(4, 16)
    assert torch.allclose(head(features), head(100.0 * features), atol=1e-5)
    on_sphere = features / features.norm(dim=1, keepdim=True) * 4.0  # √16
    assert torch.allclose(head(features), head.linear(on_sphere), atol=1e-5)


def test_modulation_is_that_of_z_and_of_the_class():
    norm = SelfModulatedNorm(8, style=5, classes=3)
    hidden, style, labels = torch.randn(2, 7, 8), torch.randn(2, 5), torch.tensor([0, 2])
    out = norm(hidden, style, labels)
    assert norm.project is not None
    for i in range(2):
        gain, shift = (norm.modulate(style[i]) + norm.project.weight[labels[i]]).chunk(2)
        plain = nn.functional.layer_norm(hidden[i], (8,))
        assert torch.allclose(out[i], plain * (1 + gain) + shift, atol=1e-5)


@pytest.mark.parametrize(("size", "channels"), [(16, 1), (24, 3), (40, 3)])
def test_generator_fills_images_of_whole_patches(size, channels):
    generator = Generator(Shape(channels, size, 8, 2), projection=True)
    images = generator(torch.randn(3, LATENT), torch.tensor([0, 1, 1]))
    assert images.shape == (3, channels, size, size)
    assert images.abs().max() <= 1.0


@pytest.mark.parametrize("projection", [True, False])
def test_generator_draws_each_class_differently_from_the_same_noise(projection):
    torch.manual_seed(0)
    generator, noise = Generator(Shape(3, 16, 8, 2), projection=projection), torch.randn(1, LATENT)
    one, other = generator(noise, torch.tensor([0])), generator(noise, torch.tensor([1]))
    assert (one - other).abs().mean() > 1e-3


def test_doubling_begins_as_bilinear():
    up = nn.ConvTranspose2d(1, 1, kernel_size=4, stride=2, padding=1)
    start_smooth(up)
    mixture = up.weight.sum() / 4  # the kernel of bilinear doubling sums to 4
    images = torch.randn(2, 1, 6, 6)
    bilinear = nn.functional.interpolate(images, scale_factor=2, mode="bilinear", align_corners=False)
    inside = (slice(None), slice(None), slice(2, -2), slice(2, -2))
    assert torch.allclose(up(images)[inside], mixture * bilinear[inside], atol=1e-5)


def test_attention_is_softmax_of_scaled_products():
    qkv = torch.randn(2, 5, 3 * 6)
    q, k, v = (part.unflatten(2, (2, 3)).transpose(1, 2) for part in qkv.chunk(3, dim=2))
    expected = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(3), dim=3) @ v
    assert torch.allclose(attention(qkv, heads=2), expected.transpose(1, 2).flatten(2), atol=1e-5)


def test_trunk_gives_tokens_and_block_keeps_their_shape():
    trunk = Trunk(channels=1, size=20, dim=16, depth=1, heads=4, grid=4)
    assert trunk(torch.randn(2, 1, 20, 20)).shape == (2, 16, 16)
    assert Block(16, heads=4)(torch.randn(2, 9, 16)).shape == (2, 9, 16)


def test_r1_of_a_linear_score_is_half_its_squared_norm():
    weight = torch.randn(3 * 8 * 8, requires_grad=True)
    penalty = r1(lambda x: x.flatten(1) @ weight, torch.randn(4, 3, 8, 8))
    assert penalty.item() == pytest.approx(0.5 * weight.square().sum().item(), rel=1e-5)


def test_r1_goes_through_attention():
    trunk = Trunk(channels=3, size=16, dim=16, depth=1, heads=4, grid=4)
    r1(lambda x: trunk(x).sum(dim=(1, 2)) ** 2, torch.randn(2, 3, 16, 16)).backward()
    gradient = trunk.blocks[0].qkv.weight.grad
    assert gradient is not None
    assert gradient.abs().sum() > 0


@pytest.mark.parametrize(("classes", "sources"), [(3000, 3200), (4000, 20000), (7, 3), (5, 5), (4, 0), (1, 6)])
def test_both_budgets_are_spent_exactly_and_evenly(classes, sources):
    plan = list(interleave(classes, sources))
    assert len(plan) == max(classes, sources)
    assert sum(classify for classify, _ in plan) == classes
    assert sum(discriminate for _, discriminate in plan) == sources
    assert all(classify or discriminate for classify, discriminate in plan)
    half = len(plan) // 2
    assert sum(classify for classify, _ in plan[:half]) == pytest.approx(classes * half / len(plan), abs=1)


def test_selection_accepts_real_images_and_rejects_mislabelled_and_far_ones():
    torch.manual_seed(0)
    centres = nn.functional.normalize(torch.eye(2, 8), dim=1)
    labels = torch.arange(64) % 2

    def answer(owner, spread, confident, source=1.0):
        features = nn.functional.normalize(centres[owner] + spread * torch.randn(len(owner), 8), dim=1)
        logits = nn.functional.one_hot(confident, 2) * 6.0
        return Answer(source + 0.1 * torch.randn(len(owner)), logits, features, features[:, None])

    running = RunningSelection("full", 2, torch.device("cpu"))
    assert not running.accept(answer(labels, 0.1, labels), labels).any()  # nothing is known yet
    for _ in range(4):
        running.note_real(answer(labels, 0.1, labels), labels)
    share = torch.stack([running.accept(answer(labels, 0.1, labels), labels).float().mean() for _ in range(20)]).mean()
    assert 0.6 < share < 0.85  # of real images, a quarter falls to the source head
    assert not running.accept(answer(1 - labels, 0.1, 1 - labels), labels).any()  # the other class's images
    assert running.accept(answer(labels, 3.0, labels), labels).float().mean() < 0.1  # confident, off the manifold
    assert not running.accept(answer(labels, 0.1, labels, source=0.0), labels).any()  # generated, says the source head
    assert ((running.accepted > 0) & (running.accepted < 1)).all()
