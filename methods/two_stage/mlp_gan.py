"""``mlp-gan``: fully connected generator and discriminator [Goodfellow et al. 1406.2661].

For the question whether a convolutional classifier prefers images that convolutions made. Loss and settings are
those of ``dcgan``.

The last layer's weights start at a tenth of the usual size (our choice). At full size they put noise into each pixel,
which D hardly ever makes G take back: it stayed in all images of our runs (docs/methods.md).
"""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn

from methods.base import MethodInfo
from methods.catalogue import register
from methods.networks.convolutions import beside
from methods.networks.shape import Shape
from methods.training.adversarial import adams, short_run_rate
from methods.training.arrangement import Feed
from methods.two_stage.adversarial import PerClassOrPooled
from methods.two_stage.dcgan import BETAS, LATENT, LEARNING_RATE, MinimaxTraining

FIRST_CONTRAST = 0.1
"""Of the first images; see above."""


@register
class MlpGan(PerClassOrPooled):
    """Three hidden layers each; the published widths of such networks, 256 to 1,024, are those of width 64."""

    any_size: ClassVar[bool] = True
    info: ClassVar[MethodInfo] = MethodInfo(
        name="mlp-gan",
        version=4,
        tier="two-stage",
        summary="fully connected GAN, one per class or one for all",
        reference="Goodfellow et al., arXiv 1406.2661; settings of dcgan",
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
    """Noise, with a one-hot label beside it where there are labels → 4 w, 8 w, 16 w → pixels, tanh."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.classes = shape.classes
        layers: list[nn.Module] = []
        widths = [LATENT + shape.classes, 4 * shape.width, 8 * shape.width, 16 * shape.width]
        for inputs, outputs in pairwise(widths):
            layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.LeakyReLU(0.2)]
        last = nn.Linear(widths[-1], shape.channels * shape.size**2)
        last.weight.data.mul_(FIRST_CONTRAST)
        self.layers = nn.Sequential(*layers, last, nn.Tanh(), nn.Unflatten(1, (shape.channels, shape.size, shape.size)))

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """(N, 100) and (N,) int64 → (N, C, H, W) in [−1, 1]."""
        return self.layers(beside(noise, labels, classes=self.classes))


class Discriminator(nn.Module):
    """Pixels, with a one-hot label beside them where there are labels → 16 w, 8 w, 4 w → one logit."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.classes = shape.classes
        layers: list[nn.Module] = []
        pixels = shape.channels * shape.size**2 + shape.classes
        for inputs, outputs in pairwise([pixels, 16 * shape.width, 8 * shape.width, 4 * shape.width]):
            layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(4 * shape.width, 1), nn.Flatten(0))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """(N, C, H, W) in [−1, 1] and (N,) int64 → (N,) logits of being real."""
        return self.layers(beside(images.flatten(1), labels, classes=self.classes))
