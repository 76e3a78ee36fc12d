"""``cgan-diffaug``: a small conditional GAN of today's practice for few images.

Ours, of published parts: projection discriminator [Miyato & Koyama 1802.05637], hinge loss and spectral
normalisation [Miyato et al. 1802.05957], class-conditional batch normalisation [Dumoulin et al. 1610.07629],
DiffAugment [Zhao et al. 2006.10738], two time scales [Heusel et al. 1706.08500], class-balanced real batches, EMA.
The convolutions are those of DCGAN, which one CPU core affords.
"""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from methods.base import MethodInfo
from methods.catalogue import register
from methods.networks.convolutions import doubling
from methods.networks.shape import Shape
from methods.training.adversarial import AdversarialTraining, adams, hinge
from methods.training.arrangement import Feed
from methods.training.diffaugment import diffaugment
from methods.two_stage.adversarial import Conditional

LATENT = 64
RATE_G, RATE_D, BETAS = 1e-4, 8e-4, (0.0, 0.9)
"""At 1,500 updates on the develop part of real cells, one seed: KID 1.3, against 2.3 with 2e-4 and 4e-4.
A start: one seed does not settle it, and the images are not yet good at either."""


@register
class CganDiffAugment(Conditional):
    """Projection discriminator, hinge loss, spectral normalisation, DiffAugment on real and generated images."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="cgan-diffaug",
        version=2,
        tier="two-stage",
        summary="small conditional GAN of today's practice: projection, hinge, spectral norm, DiffAugment",
        reference="Miyato & Koyama, arXiv 1802.05637; Zhao et al., arXiv 2006.10738",
        can_sample=True,
    )

    def training(self, shape: Shape, feed: Feed) -> Training:
        """See `Conditional.training`."""
        return Training(
            feed,
            generator=Generator(shape),
            discriminator=Discriminator(shape),
            latent=LATENT,
            optimise=adams(generator=RATE_G, discriminator=RATE_D, betas=BETAS),
        )


class ConditionalNorm(nn.Module):
    """Batch normalisation whose gain and bias are looked up by class.

    Args:
        channels: Of the features.
        classes: How many.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.gain = nn.Embedding(classes, channels)
        self.bias = nn.Embedding(classes, channels)
        nn.init.ones_(self.gain.weight)
        nn.init.zeros_(self.bias.weight)

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """(N, channels, H, W) and (N,) int64 → the same shape."""
        return self.norm(features) * self.gain(labels)[:, :, None, None] + self.bias(labels)[:, :, None, None]


class Generator(nn.Module):
    """Noise beside a class embedding → 4 × 4 features → transposed 4×4 convolutions of stride 2, tanh.

    Args:
        shape: The width is that of the last hidden layer; it doubles towards the noise.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        widths = doubling(shape.width, size=shape.size)[::-1]
        self.embedding = nn.Embedding(shape.classes, LATENT)
        self.dense = nn.Linear(2 * LATENT, 16 * widths[0])
        self.norms = nn.ModuleList(ConditionalNorm(inner, shape.classes) for inner in widths)
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(inner, outer, kernel_size=4, stride=2, padding=1)
            for inner, outer in zip(widths, [*widths[1:], shape.channels], strict=True)
        )
        self.apply(_initialise)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """(N, 64) and (N,) int64 → (N, C, H, W) in [−1, 1]."""
        features = self.dense(torch.cat([noise, self.embedding(labels)], dim=1)).unflatten(1, (-1, 4, 4))
        for norm, up in zip(self.norms, self.ups, strict=True):
            features = up(nn.functional.relu(norm(features, labels)))
        return torch.tanh(features)


class Discriminator(nn.Module):
    """Strided 4×4 convolutions under spectral normalisation; score ψ(φ(x)) + e_y·φ(x) [1802.05637, eq. 4].

    Args:
        shape: The width is that of the first layer; it doubles towards the score.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        widths = doubling(shape.width, size=shape.size)
        for inputs, outputs in pairwise([shape.channels, *widths]):
            layers += [_normalised(nn.Conv2d(inputs, outputs, kernel_size=4, stride=2, padding=1)), _leaky()]
        inner = widths[-1]
        layers += [_normalised(nn.Conv2d(inner, inner, kernel_size=3, padding=1)), _leaky()]
        self.trunk = nn.Sequential(*layers)
        self.source = _normalised(nn.Linear(inner, 1))
        self.embedding = _normalised(nn.Embedding(shape.classes, inner))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """(N, C, H, W) and (N,) int64 → (N,) scores."""
        features = self.trunk(images).sum(dim=(2, 3))  # φ(x), summed over places
        return self.source(features).squeeze(1) + (self.embedding(labels) * features).sum(dim=1)


class Training(AdversarialTraining):
    """Hinge loss on images that DiffAugment has changed."""

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
        """1802.05957, eq. 16, at T(x) and T(G(z)); one pass, since no layer mixes images."""
        both = diffaugment(torch.cat([real, fake]), self.random)
        on_real, on_fake = self.score(both, labels.repeat(2)).chunk(2)
        return hinge(on_real, real=True) + hinge(on_fake, real=False)

    def generator_loss(self, fake: Tensor, labels: Tensor) -> Tensor:
        """1802.05957, eq. 17: −E D(T(G(z)))."""
        return -self.score(diffaugment(fake, self.random), labels).mean()


def _normalised(layer: nn.Module) -> nn.Module:
    return spectral_norm(layer)


def _initialise(layer: nn.Module) -> None:
    """N(0, 0.02), as DCGAN has it."""
    if isinstance(layer, nn.Linear | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)


def _leaky() -> nn.Module:
    return nn.LeakyReLU(0.1, inplace=True)
