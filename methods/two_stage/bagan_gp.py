"""``bagan-gp``: balancing GAN with gradient penalty [Huang & Jafari, arXiv 2011.00189].

Despite its name no Wasserstein GAN: sigmoid cross-entropy with a gradient penalty, the family of DRAGAN. Ours parts
from the published code where that parts from its paper: U(0, 1) interpolates, a root that is differentiable at zero,
wrong labels that are never the right one, class-balanced real batches against uniform fake labels (else a rare class
looks fake by its label alone), and all training images for the GAN.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from datasets import LabelledImages
from methods.base import Context, MethodInfo
from methods.catalogue import register
from methods.networks.shape import Shape, require_power_of_two
from methods.training.adversarial import (
    AdversarialTraining,
    adams,
    cross_entropy,
    gradient_penalty,
    short_run_rate,
)
from methods.training.arrangement import Feed, pooled
from methods.training.fitted import FittedGenerator
from methods.training.generator import train_generator
from methods.training.images import send
from methods.training.precision import autocast
from methods.training.randomness import seeded
from methods.two_stage.autoencoder import Decoder, train_autoencoder, trunk
from methods.two_stage.base import TwoStage

LATENT = 128
RATE, BETAS = 2e-4, (0.5, 0.9)
PENALTY, CRITIC_STEPS = 10.0, 5


@register
class BaganGp(TwoStage):
    """A labelled autoencoder gives the generator its start; the discriminator also refuses wrong labels."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="bagan-gp",
        version=3,
        tier="two-stage",
        summary="labelled autoencoder, then a conditional GAN with gradient penalty that refuses wrong labels",
        reference="Huang & Jafari, arXiv 2011.00189",
        can_sample=True,
    )
    autoencoder: bool = Field(True, description="start from the labelled autoencoder; else conditional DRAGAN")

    def fit_generator(self, train: LabelledImages, context: Context) -> FittedGenerator:
        """See `TwoStage.fit_generator`."""
        require_power_of_two(self.info.name, train.images.shape[2])
        shape, feed = Shape.of(train, context), pooled(train, context, turned=self.classic, rate=self.generator_rate)
        rate = short_run_rate(RATE, steps=feed.steps)
        with seeded(context.seed("generator")):
            generator = Generator(shape)
            discriminator = Discriminator(shape)
            encoder = nn.Sequential(trunk(shape), nn.Linear(64 * shape.width, LATENT))
        if self.autoencoder:
            feed = train_autoencoder(
                lambda images, labels: generator(encoder(images), labels),
                nn.ModuleList([encoder, generator]),
                loss=nn.L1Loss(),
                rate=rate,
                betas=BETAS,
                feed=feed,
            )
        training = Training(
            feed,
            generator=generator,
            discriminator=discriminator,
            latent=LATENT,
            optimise=adams(generator=rate, discriminator=rate, betas=BETAS),
            critic_steps=CRITIC_STEPS,
            classes=shape.classes,
        )
        return train_generator(training, steps=feed.steps, context=context)


class Generator(nn.Module):
    """The decoder on z × Embedding(y)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embedding = nn.Embedding(shape.classes, LATENT)
        self.decoder = Decoder(shape, latent=LATENT)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """(N, 128) and (N,) int64 → (N, C, H, W) in [−1, 1]."""
        return self.decoder(noise * self.embedding(labels))


class Discriminator(nn.Module):
    """Features × LeakyReLU(dense(Embedding(y))) → dense 8 w → one logit; no class head.

    Args:
        shape: The width is that of the first layer; 64 gives the published 512 and 4096.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        self.trunk = trunk(shape)
        self.label = nn.Sequential(
            nn.Embedding(shape.classes, 8 * width), nn.Linear(8 * width, 64 * width), nn.LeakyReLU(0.2)
        )
        self.head = nn.Sequential(nn.Linear(64 * width, 8 * width), nn.LeakyReLU(0.2), nn.Linear(8 * width, 1))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """(N, C, H, W) and (N,) int64 → (N,) logits of being a real image of that class."""
        return self.judge(self.trunk(images), labels)

    def judge(self, features: Tensor, labels: Tensor) -> Tensor:
        """(N, 64 w) and (N,) int64 → (N,) logits; for judging the same images under several labels."""
        return self.head(features * self.label(labels)).squeeze(1)


class Training(AdversarialTraining):
    """The losses of 2011.00189, section 3; y_f is the label of a balanced real batch and so uniform."""

    discriminator: Discriminator

    def __init__(self, feed: Feed, *, classes: int, **shared: Any) -> None:
        super().__init__(feed, **shared)
        self.classes = classes

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
        """−E log D(x,y) − E log(1−D(G(z,y_f),y_f)) − E log(1−D(x,y_w)) + λ E(‖∇ D(x̂,y)‖−1)²."""
        wrong = wrong_labels(labels, classes=self.classes, generator=self.random)
        with autocast(self.context.device, self.context.precision):
            of_real, of_fake = self.discriminator.trunk(torch.cat([real, fake])).chunk(2)
            features, asked = torch.cat([of_real, of_fake, of_real]), torch.cat([labels, labels, wrong])
            on_real, on_fake, on_wrong = self.discriminator.judge(features, asked).float().chunk(3)
        penalty = gradient_penalty(lambda x: self.discriminator(x, labels), real, fake, self.uniform(len(real)))
        return (
            cross_entropy(on_real, real=True)
            + cross_entropy(on_fake, real=False)
            + cross_entropy(on_wrong, real=False)
            + PENALTY * penalty
        )

    def generator_loss(self, fake: Tensor, labels: Tensor) -> Tensor:
        """−E log D(G(z,y_f),y_f)."""
        return cross_entropy(self.score(fake, labels), real=True)


def wrong_labels(labels: Tensor, *, classes: int, generator: torch.Generator) -> Tensor:
    """Another class for each label, uniform over the K − 1 others: (N,) int64.

    Args:
        labels: (N,) int64.
        classes: K ≥ 2.
        generator: On the CPU.
    """
    shift = torch.randint(1, classes, (len(labels),), generator=generator)
    return (labels + send(shift, labels.device)) % classes
