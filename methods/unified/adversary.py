"""Generator against discriminator with projection, hinge loss and lazy R1: what `unified` and `vitgan` share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from methods.classifiers import Classifier
from methods.training.adversarial import AdversarialTraining, hinge
from methods.training.arrangement import Feed
from methods.training.optimiser import adamw, scheduled
from methods.training.precision import autocast
from methods.training.r1 import r1
from methods.training.transforms import Transform
from methods.unified.discriminator import Answer, Discriminator

RATE_G, BETAS = 2e-4, (0.0, 0.99)
"""Of G and of what in D only tells real from generated: no momentum, for the opponent moves (as in 2107.04589)."""
EVERY = 16
"""Once in how many discriminator updates R1 is added [lazy regularisation, Karras et al. 1912.04958]."""


class ProjectionTraining(AdversarialTraining):
    """Hinge loss at transformed images, T(x) and T(G(z)) alike [Zhao et al. 2006.10738, section 3.2], and R1.

    What classifies in D learns as that classifier does: AdamW, its rate and schedule. G's rate falls likewise.

    Args:
        feed: Images, updates and random numbers.
        options: The classifier's: learning rate and schedule of D.
        steps: Steps of D, of whatever kind, over which its schedule is laid.
        transform: T, differentiable.
        beside: What is learnt together with D, if anything.
        **networks: ``generator``, ``discriminator`` and ``latent``.

    Attributes:
        penalty: γ of R1.
        share: Of the source loss's gradient, what goes on into the trunk in D's step.
    """

    changing = (*AdversarialTraining.changing, "_schedule_g", "_schedule_d", "_transforms")
    penalty: ClassVar[float] = 0.1
    share: ClassVar[float] = 1.0
    discriminator: Discriminator

    def __init__(
        self,
        feed: Feed,
        *,
        options: Classifier,
        steps: int,
        transform: Transform | None,
        beside: nn.Module | None = None,
        **networks: Any,
    ) -> None:
        super().__init__(
            feed,
            optimise=lambda g, _: (
                torch.optim.Adam(g.parameters(), lr=RATE_G, betas=BETAS, fused=True),
                _optimiser(networks["discriminator"], beside, rate=options.learning_rate or options.info.learning_rate),
            ),
            **networks,
        )
        self._transform, self._transforms = transform, feed.context.rng("transforms")
        self._schedule_g = scheduled(self._optimise_g, steps=feed.steps)
        self._schedule_d = scheduled(self._optimise_d, steps=steps, shape=options.schedule, warm_up=options.warm_up)
        self._normalising = [m for m in self.discriminator.modules() if isinstance(m, nn.BatchNorm2d)]

    def update(self) -> dict[str, Tensor]:
        """See `AdversarialTraining.update`; moves the learning rates along."""
        scalars = super().update()
        self._schedule_g.step()
        self._schedule_d.step()
        return scalars

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
        """The source loss, R1 now and then, and what else D learns."""
        real, fake = self.transformed(real, self._transforms), self.transformed(fake, self.random)
        on_real, on_fake = self.answers(real, fake, labels)
        loss = self.source_loss(on_real, on_fake) + self.further_loss(on_real, on_fake, labels)
        if self.penalty and self._updates % EVERY == 0:
            loss = loss + self.penalty * EVERY * r1(
                lambda x: self.discriminator(x, labels, share=self.share).source, real
            )
        return loss

    def generator_loss(self, fake: Tensor, labels: Tensor) -> Tensor:
        """What deceives D at T(G(z))."""
        return self.deceiving_loss(self.on_generated(fake, labels))

    def source_loss(self, on_real: Answer, on_fake: Answer) -> Tensor:
        """1802.05957, eq. 16."""
        return hinge(on_real.source, real=True) + hinge(on_fake.source, real=False)

    def deceiving_loss(self, on_fake: Answer) -> Tensor:
        """1802.05957, eq. 17."""
        return -on_fake.source.mean()

    def further_loss(self, on_real: Answer, on_fake: Answer, labels: Tensor) -> Tensor:
        """What else D learns from the same pass; nothing here."""
        del on_fake, labels
        return torch.zeros_like(on_real.source[0])

    def transformed(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """T(x)."""
        return images if self._transform is None else self._transform(images, generator)

    def on_generated(self, fake: Tensor, labels: Tensor) -> Answer:
        """What D says of T(G(z))."""
        with autocast(self.context.device, self.context.precision), self.statistics_kept():
            return self.discriminator(self.transformed(fake.float(), self.random), labels)

    def answers(self, real: Tensor, fake: Tensor, labels: Tensor) -> tuple[Answer, Answer]:
        """On real and on generated images: in one pass, but in two where batch normalisation would mix them."""
        with autocast(self.context.device, self.context.precision):
            if self._normalising:
                on_real = self.discriminator(real, labels, share=self.share)
                with self.statistics_kept():
                    return on_real, self.discriminator(fake, labels, share=self.share)
            both = self.discriminator(torch.cat([real, fake]), labels.repeat(2), share=self.share)
        return both.halves()

    @contextmanager
    def statistics_kept(self) -> Iterator[None]:
        """Batch normalisation uses the statistics of its batch; what it keeps for later are those of real images."""
        momenta = [layer.momentum for layer in self._normalising]
        for layer in self._normalising:
            layer.momentum = 0.0
        yield
        for layer, momentum in zip(self._normalising, momenta, strict=True):
            layer.momentum = momentum


def _optimiser(discriminator: Discriminator, beside: nn.Module | None, *, rate: float) -> torch.optim.Optimizer:
    """The classifier's AdamW for trunk and class head, one without momentum and decay for the rest of D."""
    if discriminator.classify is None:
        return torch.optim.AdamW(discriminator.parameters(), lr=rate, betas=BETAS, weight_decay=0.0, fused=True)
    classifying = nn.ModuleList([discriminator.trunk, discriminator.classify, *([beside] if beside else [])])
    optimiser = adamw(classifying, learning_rate=rate)
    source = {"params": list(discriminator.source.parameters()), "betas": BETAS, "weight_decay": 0.0}
    optimiser.add_param_group(source)
    return optimiser
