"""``cgan-diffaug``: a small conditional GAN of today's practice for few images.

Ours, of published parts: projection discriminator [Miyato & Koyama 1802.05637], the loss that does not saturate with
lazy R1 [Mescheder et al. 1801.04406; Karras et al. 1912.04958], class-conditional batch normalisation [de Vries et
al. 1707.00683], DiffAugment with weak colours [Zhao et al. 2006.10738], spread over class-mates as a feature [after
Karras et al. 1710.10196], class-balanced real batches, EMA. The convolutions are those of DCGAN, which one CPU core
affords. Spectral normalisation [Miyato et al. 1802.05957] and hinge loss are parameters and not the default: with them
D hardly told real from generated within some thousand updates, and G learnt blobs (docs/methods.md).
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, TypeAlias

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from methods.base import MethodInfo
from methods.catalogue import register
from methods.networks.convolutions import doubling, spread, strided
from methods.networks.shape import Shape
from methods.training.adversarial import AdversarialTraining, adams, cross_entropy, hinge
from methods.training.arrangement import Feed
from methods.training.diffaugment import diffaugment
from methods.training.r1 import EVERY, PENALTY, r1
from methods.two_stage.adversarial import Conditional

LATENT = 64
RATE_G, RATE_D, BETAS = 5e-4, 2e-3, (0.0, 0.99)
Loss: TypeAlias = Literal["logistic", "hinge"]


@register
class CganDiffAugment(Conditional):
    """Projection discriminator, R1, DiffAugment on real and generated images."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="cgan-diffaug",
        version=3,
        tier="two-stage",
        summary="small conditional GAN of today's practice: projection, lazy R1, DiffAugment",
        reference="Miyato & Koyama, arXiv 1802.05637; Mescheder et al., 1801.04406; Zhao et al., 2006.10738",
        can_sample=True,
    )
    multiple: ClassVar[int] = 2
    loss: Loss = Field("logistic", description="logistic does not saturate; hinge is that of 1802.05957; R1 with both")
    spectral_norm: bool = Field(False, description="largest singular value 1 of all weights of the discriminator")

    def training(self, shape: Shape, feed: Feed) -> Training:
        """See `Conditional.training`."""
        return Training(
            feed,
            generator=Generator(shape),
            discriminator=Discriminator(shape, spectral=self.spectral_norm),
            loss=self.loss,
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
    """Noise → 4 × 4 features → transposed 4×4 convolutions of stride 2, tanh; the class enters by the norms alone.

    Were it beside the noise too, the first batch normalisation would shrink the noise as the classes part.

    Args:
        shape: The width is that of the last hidden layer; it doubles towards the noise.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        widths = doubling(shape.width, size=shape.size)[::-1]
        self.dense = nn.Linear(LATENT, 16 * widths[0])
        self.norms = nn.ModuleList(ConditionalNorm(inner, shape.classes) for inner in widths)
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(inner, outer, kernel_size=4, stride=2, padding=1)
            for inner, outer in zip(widths, [*widths[1:], shape.channels], strict=True)
        )
        self.apply(_initialise)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """(N, 64) and (N,) int64 → (N, C, H, W) in [−1, 1]."""
        features = self.dense(noise).unflatten(1, (-1, 4, 4))
        for norm, up in zip(self.norms, self.ups, strict=True):
            features = up(nn.functional.relu(norm(features, labels)))
        return torch.tanh(features)


class Discriminator(nn.Module):
    """Strided 4×4 convolutions → φ(x), dense; score ψ(φ(x)) + e_y·φ(x) [1802.05637, eq. 4].

    Beside the convolutions' features, φ sees how far the images of its class in the batch spread.

    Args:
        shape: The first layer has half the width; it doubles towards the score.
        spectral: Divide every weight by its largest singular value [1802.05957, section 2.1].
    """

    def __init__(self, shape: Shape, *, spectral: bool = False) -> None:
        super().__init__()
        widths = doubling(shape.width // 2, size=shape.size)
        inner = widths[-1]
        self.trunk = strided([shape.channels, *widths])
        self.features = nn.Sequential(nn.Linear(16 * inner + 1, inner), nn.LeakyReLU(0.2))
        self.source = nn.Linear(inner, 1)
        self.embedding = nn.Embedding(shape.classes, inner)
        if spectral:
            for layer in list(self.modules()):
                if isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding):
                    spectral_norm(layer)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """(N, C, H, W), all real or all generated, and (N,) int64 → (N,) logits of being real."""
        trunk = self.trunk(images)
        features = self.features(torch.cat([trunk, spread(trunk, labels)], dim=1))
        return self.source(features).squeeze(1) + (self.embedding(labels) * features).sum(dim=1)


class Training(AdversarialTraining):
    """The loss at real images and at generated ones, all changed by DiffAugment, and R1 now and then.

    Args:
        feed: Images, updates and random numbers.
        loss: Of both networks.
        **networks: See `AdversarialTraining`.
    """

    def __init__(self, feed: Feed, *, loss: Loss = "logistic", **networks: Any) -> None:
        super().__init__(feed, **networks)
        self._loss: Loss = loss

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
        """−E log D(T(x)) − E log(1 − D(T(G(z)))) + γ/2 E ‖∇ D(T(x))‖² [1801.04406, eq. 9]; or with `hinge`."""
        real, fake = diffaugment(torch.cat([real, fake]), self.random).chunk(2)
        on = hinge if self._loss == "hinge" else cross_entropy
        loss = on(self.score(real, labels), real=True) + on(self.score(fake, labels), real=False)
        if self._updates % EVERY:
            return loss
        return loss + EVERY * PENALTY * r1(lambda x: self.discriminator(x, labels), real)

    def generator_loss(self, fake: Tensor, labels: Tensor) -> Tensor:
        """−E log D(T(G(z))); with hinge −E of the score [1802.05957, eq. 17]."""
        scores = self.score(diffaugment(fake, self.random), labels)
        return -scores.mean() if self._loss == "hinge" else cross_entropy(scores, real=True)


def _initialise(layer: nn.Module) -> None:
    """N(0, 0.02), as DCGAN has it."""
    if isinstance(layer, nn.Linear | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)
