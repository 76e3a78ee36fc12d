"""``bagan``: balancing GAN [Mariani et al., arXiv 1803.09655].

(1) An autoencoder learns from all classes. (2) A Gaussian is fitted to the encoded images of each class and then
frozen; G starts from the decoder, D's trunk from the encoder. (3) D is one softmax over K classes and "fake".
Real batches are class-balanced, so that with 1/(K+1) of fakes each of D's K + 1 answers is equally often right.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from datasets import LabelledImages
from methods.base import Context, MethodInfo
from methods.catalogue import register
from methods.networks.shape import Shape, require_power_of_two
from methods.training.adversarial import AdversarialTraining, adams, short_run_rate
from methods.training.arrangement import Feed, pooled
from methods.training.fitted import FittedGenerator
from methods.training.generator import train_generator
from methods.training.images import ImagePool
from methods.training.randomness import seeded
from methods.two_stage.autoencoder import Decoder, train_autoencoder, trunk
from methods.two_stage.base import TwoStage

LATENT = 100
RATE, BETAS = 5e-5, (0.5, 0.999)


@register
class Bagan(TwoStage):
    """Autoencoder, class Gaussians, and a discriminator that is one softmax with K + 1 outputs."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="bagan",
        version=3,
        tier="two-stage",
        summary="balancing GAN: autoencoder start, a latent Gaussian per class, softmax over K classes and fake",
        reference="Mariani et al., arXiv 1803.09655",
        can_sample=True,
    )
    loss: Literal["l2", "mae"] = Field("l2", description="of the autoencoder")
    normalise: bool = Field(False, description="latents on the sphere of radius √100, in encoding and sampling")

    def fit_generator(self, train: LabelledImages, context: Context) -> FittedGenerator:
        """See `TwoStage.fit_generator`."""
        require_power_of_two(self.info.name, train.images.shape[2])
        shape, feed = Shape.of(train, context), pooled(train, context, turned=self.classic, rate=self.generator_rate)
        rate = short_run_rate(RATE, steps=feed.steps)
        with seeded(context.seed("generator")):
            features = trunk(shape)
            encoder = Encoder(features, nn.Linear(64 * shape.width, LATENT), normalise=self.normalise)
            decoder = Decoder(shape, latent=LATENT)
            head = nn.Linear(64 * shape.width, shape.classes + 1)
        feed = train_autoencoder(
            lambda images, _labels: decoder(encoder(images)),
            nn.ModuleList([encoder, decoder]),
            loss=nn.MSELoss() if self.loss == "l2" else nn.L1Loss(),
            rate=rate,
            betas=BETAS,
            feed=feed,
        )
        means, factors = class_gaussians(encode(encoder, feed.pool), feed.pool.targets, classes=shape.classes)
        training = Training(
            feed,
            generator=Generator(decoder, means, factors, normalise=self.normalise),
            discriminator=Discriminator(features, head),
            latent=LATENT,
            optimise=adams(generator=rate, discriminator=rate, betas=BETAS),
            classes=shape.classes,
        )
        return train_generator(training, steps=feed.steps, context=context)


class Encoder(nn.Module):
    """Image to latent.

    Args:
        features: (N, C, H, W) → (N, F).
        dense: (N, F) → (N, latent).
        normalise: Onto the sphere of radius √latent.
    """

    def __init__(self, features: nn.Module, dense: nn.Module, *, normalise: bool) -> None:
        super().__init__()
        self.features, self.dense, self.normalise = features, dense, normalise

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) → (N, 100)."""
        latent = self.dense(self.features(images))
        return _on_sphere(latent) if self.normalise else latent


class Generator(nn.Module):
    """The decoder on draws from the class's Gaussian, which stays as it was fitted.

    Args:
        decoder: (N, latent) → (N, C, H, W).
        means: (K, latent).
        factors: (K, latent, latent), A with A Aᵀ the covariance.
        normalise: Draws onto the sphere of radius √latent.
    """

    means: Tensor
    factors: Tensor

    def __init__(self, decoder: nn.Module, means: Tensor, factors: Tensor, *, normalise: bool) -> None:
        super().__init__()
        self.decoder, self.normalise = decoder, normalise
        self.register_buffer("means", means)
        self.register_buffer("factors", factors)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """(N, 100) standard normal and (N,) int64 → (N, C, H, W) in [−1, 1]."""
        latent = self.means[labels] + (self.factors[labels] @ noise[:, :, None]).squeeze(2)
        return self.decoder(_on_sphere(latent) if self.normalise else latent)


class Discriminator(nn.Module):
    """The encoder's features and a dense layer: (N, K + 1) logits, the last for "fake"."""

    def __init__(self, features: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.features, self.head = features, head

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """(N, C, H, W) → (N, K + 1); labels are not looked at."""
        del labels
        return self.head(self.features(images))


class Training(AdversarialTraining):
    """D names the class or "fake"; G is to be given the class that it was asked for (1803.09655, section 3)."""

    def __init__(self, feed: Feed, *, classes: int, **shared: Any) -> None:
        super().__init__(feed, **shared)
        self.classes = classes

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy on a batch of which 1/(K+1) is generated, of uniform classes."""
        n_fake = max(1, round(len(real) / (self.classes + 1)))
        scores = self.score(torch.cat([fake[:n_fake], real[n_fake:]]), labels)
        targets = torch.cat([torch.full_like(labels[:n_fake], self.classes), labels[n_fake:]])
        return nn.functional.cross_entropy(scores, targets)

    def generator_loss(self, fake: Tensor, labels: Tensor) -> Tensor:
        """−E log p(asked class | G(z))."""
        return nn.functional.cross_entropy(self.score(fake, labels), labels)


@torch.no_grad()
def encode(encoder: nn.Module, pool: ImagePool) -> Tensor:
    """Latents of all images of a pool, (N, latent) float32."""
    return torch.cat([encoder(pool.take(some)[0]) for some in torch.arange(len(pool)).split(256)])


def class_gaussians(latents: Tensor, labels: Tensor, *, classes: int) -> tuple[Tensor, Tensor]:
    """Mean and a factor A of the covariance A Aᵀ for each class; a class without images gets zeros.

    By eigenvalues, since the covariance of fewer images than latents is singular.

    Args:
        latents: (N, D) float32.
        labels: (N,) int64.
        classes: K.

    Returns:
        (K, D) and (K, D, D).
    """
    dimensions = latents.shape[1]
    means, factors = latents.new_zeros(classes, dimensions), latents.new_zeros(classes, dimensions, dimensions)
    for label in labels.unique().tolist():
        mine = latents[labels == label]
        means[label] = mine.mean(dim=0)
        centred = mine - means[label]
        values, vectors = torch.linalg.eigh(centred.T @ centred / max(len(mine) - 1, 1))
        factors[label] = vectors * values.clamp(min=0).sqrt()
    return means, factors


def _on_sphere(latent: Tensor) -> Tensor:
    return nn.functional.normalize(latent, dim=1) * latent.shape[1] ** 0.5
