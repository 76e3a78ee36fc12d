"""What adversarial trainings share: the losses, the gradient penalty, and one update of discriminator and generator."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, TypeAlias

import torch
from torch import Tensor, nn

from methods.training.arrangement import Feed
from methods.training.ema import Ema, decay_for
from methods.training.generator import GeneratorTraining
from methods.training.images import send
from methods.training.precision import autocast
from methods.training.symmetries import Turned, turned_at_random

Optimise: TypeAlias = Callable[[nn.Module, nn.Module], tuple[torch.optim.Optimizer, torch.optim.Optimizer]]
"""(G, D) → (optimiser of G, optimiser of D)."""

EPSILON = 1e-12
"""Under the root of the penalty: without it the gradient at zero norm is not a number."""
FULL_STEPS = 20_000
"""Updates from which on a published learning rate is taken as it is."""


def short_run_rate(published: float, *, steps: int) -> float:
    """A published learning rate, raised for runs much shorter than the published ones (our rule).

    By the root of 20,000 / steps, at least 1 and at most 4.
    """
    return published * min(max((FULL_STEPS / max(steps, 1)) ** 0.5, 1.0), 4.0)


def cross_entropy(logits: Tensor, *, real: bool) -> Tensor:
    """Mean −log σ(logit) for "real", −log(1 − σ(logit)) for "fake" [Goodfellow et al. 1406.2661]."""
    return nn.functional.softplus(-logits if real else logits).mean()


def hinge(scores: Tensor, *, real: bool) -> Tensor:
    """Mean max(0, 1 − s) for "real", max(0, 1 + s) for "fake" [Lim & Ye 1705.02894; Miyato 1802.05957, eq. 16]."""
    return nn.functional.relu(1.0 - scores if real else 1.0 + scores).mean()


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
    """E (‖∇ critic(x̂)‖₂ − 1)² at x̂ = u x + (1 − u) G(z) [Gulrajani et al. 1704.00028, algorithm 1].

    The gradient is taken of the sum of all scores, so that it is each image's own only where no score depends on other
    images: the critic has neither batch normalisation nor anything else of the batch (`spread`).

    Args:
        critic: (B, C, H, W) → (B,) scores, each of its own image alone.
        real: (B, C, H, W) float32.
        fake: The same shape.
        share: (B,) u ~ U(0, 1), one for each image.

    Returns:
        0-d, in float32 whatever networks compute in.
    """
    mixed = (fake + share[:, None, None, None] * (real - fake)).detach().float().requires_grad_()
    with torch.autocast(mixed.device.type, enabled=False):
        scores = critic(mixed)
        (gradient,) = torch.autograd.grad(scores.sum(), mixed, create_graph=True)
        norm = (gradient.square().flatten(1).sum(dim=1) + EPSILON).sqrt()
        return (norm - 1.0).square().mean()


class AdversarialTraining(GeneratorTraining):
    """A generator and its discriminator (or critic) in training; subclasses say what their losses are.

    One update draws one batch. Where the generator's step is due it learns from the very images that were made for the
    discriminator's, by the discriminator as it is after its step: one pass through G less.

    Args:
        feed: Images, updates and random numbers.
        generator: (N, latent) noise and (N,) labels → (N, C, H, W) in [−1, 1].
        discriminator: (N, C, H, W) images and (N,) labels → what the losses read.
        latent: Numbers of noise an image that the generator reads; where images are turned, it gets one more.
        optimise: Makes (optimiser of G, optimiser of D) once the networks lie on the device.
        critic_steps: Discriminator updates for one of the generator.
    """

    changing: ClassVar[tuple[str, ...]] = (
        "generator", "discriminator", "_ema", "_optimise_g", "_optimise_d", "_draws", "random", "_updates",
    )  # fmt: skip

    def __init__(
        self,
        feed: Feed,
        *,
        generator: nn.Module,
        discriminator: nn.Module,
        latent: int,
        optimise: Optimise,
        critic_steps: int = 1,
    ) -> None:
        self._pool, self._draws, self.random, self.context = feed.pool, feed.draws, feed.random, feed.context
        self._turning = feed.turned
        if feed.turned:
            generator, latent = Turned(generator), latent + 1
        self.generator = generator.to(self.context.device).to(memory_format=torch.channels_last)
        self.discriminator = discriminator.to(self.context.device).to(memory_format=torch.channels_last)
        self.latent = latent
        self._ema = Ema(self.generator, decay_for(feed.steps // critic_steps))
        self.average = self._ema.network
        self._optimise_g, self._optimise_d = optimise(self.generator, self.discriminator)
        for optimiser in (self._optimise_g, self._optimise_d):
            for group in optimiser.param_groups:
                group["lr"] *= feed.rate
        self._critic_steps, self._updates = critic_steps, 0

    @abstractmethod
    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
        """What D is to make small.

        Args:
            real: (B, C, H, W) float32 in [−1, 1].
            fake: The same shape, asked to be of the same classes, without gradient.
            labels: (B,) int64.
        """

    @abstractmethod
    def generator_loss(self, fake: Tensor, labels: Tensor) -> Tensor:
        """What G is to make small; ``fake`` carries its gradient."""

    def descend(self, loss: Tensor) -> None:
        """D's step on its loss."""
        self._optimise_d.zero_grad()
        loss.backward()
        self._optimise_d.step()

    def constrain(self) -> None:
        """Called after each step of D; for weight clipping."""

    def score(self, images: Tensor, labels: Tensor) -> Tensor:
        """The discriminator's answer, in float32."""
        with autocast(self.context.device, self.context.precision):
            return self.discriminator(images, labels).float()

    def uniform(self, n: int) -> Tensor:
        """(n,) numbers of U(0, 1) on the device."""
        return send(torch.rand(n, generator=self.random), self.context.device)

    def drawn(self) -> tuple[Tensor, Tensor]:
        """The next real images, (B, C, H, W) float32 in [−1, 1], and their (B,) labels."""
        real, labels = self._pool.take(self._draws.take(self.context.budget.batch))
        return (turned_at_random(real, self.random) if self._turning else real), labels

    def update(self) -> dict[str, Tensor]:
        """One step of D, and every ``critic_steps``-th time one of G."""
        self._updates += 1
        due = self._updates % self._critic_steps == 0
        real, labels = self.drawn()
        noise = send(torch.randn(len(real), self.latent, generator=self.random), self.context.device)
        with torch.set_grad_enabled(due), autocast(self.context.device, self.context.precision):
            fake = self.generator(noise, labels)

        loss_d = self.discriminator_loss(real, fake.detach().float(), labels)
        self.descend(loss_d)
        self.constrain()
        scalars = {"discriminator_loss": loss_d.detach()}

        if due:
            self.discriminator.requires_grad_(False)
            loss_g = self.generator_loss(fake, labels)
            self._optimise_g.zero_grad()
            loss_g.backward()
            self._optimise_g.step()
            self.discriminator.requires_grad_(True)
            self._ema.update()
            scalars["generator_loss"] = loss_g.detach()
        return scalars


def adams(*, generator: float, discriminator: float, betas: tuple[float, float]) -> Optimise:
    """Adam (fused) for both networks, each with its own learning rate."""
    return lambda g, d: (
        torch.optim.Adam(g.parameters(), lr=generator, betas=betas, fused=True),
        torch.optim.Adam(d.parameters(), lr=discriminator, betas=betas, fused=True),
    )


def rmsprops(*, generator: float, discriminator: float) -> Optimise:
    """RMSprop for both networks, each with its own learning rate."""
    return lambda g, d: (
        torch.optim.RMSprop(g.parameters(), lr=generator),
        torch.optim.RMSprop(d.parameters(), lr=discriminator),
    )
