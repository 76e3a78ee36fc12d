"""``dcgan``: deep convolutional GAN [Radford, Metz & Chintala 2015, arXiv 1511.06434; settings of pytorch/examples].

Published width is 64 at 64 × 64 pixels. The paper's GAN knows no classes; here it is trained once per class, or
once for all with the label concatenated to its inputs (our reading of "conditional": one-hot beside the noise in G,
constant one-hot planes beside the image in D).
"""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn

from methods.base import MethodInfo
from methods.catalogue import register
from methods.networks.convolutions import beside, doubling
from methods.networks.shape import Shape
from methods.training.adversarial import AdversarialTraining, adams, cross_entropy, short_run_rate
from methods.training.arrangement import Feed
from methods.two_stage.adversarial import PerClassOrPooled

LATENT = 100
LEARNING_RATE, BETAS = 2e-4, (0.5, 0.999)


@register
class DcGan(PerClassOrPooled):
    """Generator and discriminator of strided convolutions, minimax with the non-saturating generator loss."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="dcgan",
        version=3,
        tier="two-stage",
        summary="deep convolutional GAN, one per class or one for all",
        reference="Radford, Metz & Chintala, arXiv 1511.06434; settings of pytorch/examples",
        can_sample=True,
    )

    def training(self, shape: Shape, feed: Feed) -> MinimaxTraining:
        """See `Conditional.training`."""
        rate = short_run_rate(LEARNING_RATE, steps=feed.steps)
        return MinimaxTraining(
            feed,
            generator=Generator(shape),
            discriminator=Discriminator(shape),
            latent=LATENT,
            optimise=adams(generator=rate, discriminator=rate, betas=BETAS),
        )


class Generator(nn.Module):
    """Noise to image: transposed 4×4 convolutions of stride 2, batch normalisation and ReLU, tanh at the end.

    Args:
        shape: The width is that of the last hidden layer; it doubles towards the noise.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.classes = shape.classes
        widths = doubling(shape.width, size=shape.size)[::-1]
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(LATENT + shape.classes, widths[0], kernel_size=4, bias=False),
            *_after(widths[0], nn.ReLU(inplace=True)),
        ]
        for inputs, outputs in pairwise(widths):
            layers += [_up(inputs, outputs), *_after(outputs, nn.ReLU(inplace=True))]
        self.layers = nn.Sequential(*layers, _up(widths[-1], shape.channels), nn.Tanh())
        self.apply(_initialise)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """(N, 100) and (N,) int64 → (N, C, H, W) in [−1, 1]."""
        return self.layers(beside(noise, labels, classes=self.classes)[:, :, None, None])


class Discriminator(nn.Module):
    """Image to score: strided 4×4 convolutions, batch normalisation but in the first, LeakyReLU 0.2.

    Args:
        shape: The width is that of the first layer; it doubles towards the score.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.classes = shape.classes
        widths = doubling(shape.width, size=shape.size)
        layers: list[nn.Module] = [_down(shape.channels + shape.classes, widths[0]), nn.LeakyReLU(0.2, inplace=True)]
        for inputs, outputs in pairwise(widths):
            layers += [_down(inputs, outputs), *_after(outputs, nn.LeakyReLU(0.2, inplace=True))]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, kernel_size=4, bias=False), nn.Flatten(0))
        self.apply(_initialise)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """(N, C, H, W) in [−1, 1] and (N,) int64 → (N,) logits of being real."""
        return self.layers(beside(images, labels, classes=self.classes))


class MinimaxTraining(AdversarialTraining):
    """Goodfellow et al., 1406.2661, eq. 1, with the generator's loss that does not saturate.

    Real and generated images go through D apart: its batch normalisation is not to see which are which.
    """

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
        """−E log D(x) − E log(1 − D(G(z)))."""
        return cross_entropy(self.score(real, labels), real=True) + cross_entropy(self.score(fake, labels), real=False)

    def generator_loss(self, fake: Tensor, labels: Tensor) -> Tensor:
        """−E log D(G(z))."""
        return cross_entropy(self.score(fake, labels), real=True)


def _up(inputs: int, outputs: int) -> nn.Module:
    return nn.ConvTranspose2d(inputs, outputs, kernel_size=4, stride=2, padding=1, bias=False)


def _down(inputs: int, outputs: int) -> nn.Module:
    return nn.Conv2d(inputs, outputs, kernel_size=4, stride=2, padding=1, bias=False)


def _after(channels: int, activation: nn.Module) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels), activation]


def _initialise(module: nn.Module) -> None:
    """Convolutions N(0, 0.02); normalisation N(1, 0.02) as in pytorch/examples."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
