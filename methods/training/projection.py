"""Generator against discriminator with projection and lazy R1: what `unified` and `vitgan` share.

The loss, R1, D's highest rate and what the convolutions beside the trunk see are those of `cgan-diffaug`, with which a
small ViT generator learns as well as a convolutional one does (docs/unified.md). G's rate is twice as high, both rates
fall, and the trunk sees T.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from methods.classifiers import Classifier
from methods.networks.discriminator import Answer, Discriminator
from methods.training.adversarial import AdversarialTraining, cross_entropy
from methods.training.arrangement import Feed
from methods.training.diffaugment import diffaugment
from methods.training.optimiser import scheduled
from methods.training.precision import autocast
from methods.training.r1 import EVERY, PENALTY, r1
from methods.training.symmetries import turned_at_random
from methods.training.transforms import Transform

RATE_G, RATE_D, BETAS = 1e-3, 2e-3, (0.0, 0.99)
"""Of G and of what in D only tells real from generated: no momentum, for the opponent moves (as in 2107.04589)."""


class ProjectionTraining(AdversarialTraining):
    """The loss that does not saturate [1406.2661] at transformed images, real and generated alike, and R1.

    An image has two views. The trunk sees T(x), as the classifier does. The convolutions beside it see x moved by
    whole pixels [DiffAugment, Zhao et al. 2006.10738]: T resamples, and what it blurs G would never unlearn.
    G's images come in all symmetries of the square; so does the close view of real ones, and T turns them anyway.

    The trunk learns at its classifier's rate; all of D follows that classifier's schedule, G the cosine.

    Args:
        feed: Images, updates and random numbers.
        options: The classifier's: learning rate of the trunk, schedule of D.
        transform: T, differentiable.
        **networks: ``generator``, ``discriminator`` and ``latent``.

    Attributes:
        penalty: γ of R1, which is taken of the close view.
        share: Of the source loss's gradient, what goes on into the trunk in D's step.
    """

    changing = (*AdversarialTraining.changing, "_schedule_g", "_schedule_d", "_transforms")
    penalty: ClassVar[float] = PENALTY
    share: float = 1.0
    discriminator: Discriminator

    def __init__(
        self,
        feed: Feed,
        *,
        options: Classifier,
        transform: Transform | None,
        **networks: Any,
    ) -> None:
        rate = options.learning_rate or options.info.learning_rate
        super().__init__(
            feed,
            optimise=lambda g, _: (
                torch.optim.Adam(g.parameters(), lr=RATE_G, betas=BETAS, fused=True),
                torch.optim.AdamW(
                    self.learnt_from_source(networks["discriminator"], rate=rate),
                    lr=RATE_D,
                    betas=BETAS,
                    weight_decay=0.0,
                    fused=True,
                ),
            ),
            **networks,
        )
        self._transform, self._transforms = transform, feed.context.rng("transforms")
        self._schedule_g = scheduled(self._optimise_g, steps=feed.steps)
        self._schedule_d = scheduled(
            self._optimise_d, steps=feed.steps, shape=options.schedule, warm_up=options.warm_up
        )
        self._normalising = [m for m in self.discriminator.modules() if isinstance(m, nn.BatchNorm2d)]

    def learnt_from_source(self, discriminator: Discriminator, *, rate: float) -> list[dict[str, Any]]:
        """What the source loss alone teaches, as the optimiser's groups: all of D where there is no class loss."""
        return [
            {"params": list(discriminator.trunk.parameters()), "lr": rate},
            {"params": list(discriminator.source.parameters())},
        ]

    def update(self) -> dict[str, Tensor]:
        """See `AdversarialTraining.update`; moves the learning rates along."""
        scalars = super().update()
        self._schedule_g.step()
        self._schedule_d.step()
        return scalars

    def drawn(self) -> tuple[Tensor, Tensor]:
        """The next real images as they are: only their close view is turned, T turns them anyway."""
        return self._pool.take(self._draws.take(self.context.budget.batch))

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
        """The source loss, R1 now and then, and what else D learns."""
        close = self.close(turned_at_random(real, self.random) if self._turning else real, fake)
        real, fake = self.transformed(real, self._transforms), self.transformed(fake, self.random)
        on_real, on_fake = self.answers(real, fake, close, labels)
        loss = self.source_loss(on_real, on_fake) + self.further_loss(on_real, on_fake, labels)
        if self.penalty and self._updates % EVERY == 0:
            tokens, mates = on_real.tokens.detach().float(), self.discriminator.mates(labels)
            loss = loss + self.penalty * EVERY * r1(
                lambda x: self.discriminator.source(x, tokens, labels, mates), close[: len(real)]
            )
        return loss

    def generator_loss(self, fake: Tensor, labels: Tensor) -> Tensor:
        """What deceives D."""
        return self.deceiving_loss(self.on_generated(fake, labels))

    def source_loss(self, on_real: Answer, on_fake: Answer) -> Tensor:
        """−E log D(x) − E log(1 − D(G(z)))."""
        return cross_entropy(on_real.source, real=True) + cross_entropy(on_fake.source, real=False)

    def deceiving_loss(self, on_fake: Answer) -> Tensor:
        """−E log D(G(z))."""
        return cross_entropy(on_fake.source, real=True)

    def further_loss(self, on_real: Answer, on_fake: Answer, labels: Tensor) -> Tensor:
        """What else D learns from the same pass; nothing here."""
        del on_fake, labels
        return torch.zeros_like(on_real.source[0])

    def transformed(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """T(x), what the trunk sees."""
        return images if self._transform is None else self._transform(images, generator)

    def close(self, *images: Tensor) -> Tensor:
        """What the convolutions beside the trunk see, one after the other."""
        together = torch.cat(images)
        return together if self._transform is None else diffaugment(together, self.random)

    def on_generated(self, fake: Tensor, labels: Tensor) -> Answer:
        """What D says of generated images."""
        fake = fake.float()
        with autocast(self.context.device, self.context.precision), self.statistics_kept():
            return self.discriminator(self.transformed(fake, self.random), self.close(fake), labels)

    def answers(self, real: Tensor, fake: Tensor, close: Tensor, labels: Tensor) -> tuple[Answer, Answer]:
        """On real and on generated images: in one pass, but in two where batch normalisation would mix them."""
        with autocast(self.context.device, self.context.precision):
            if self._normalising:
                close_real, close_fake = close.chunk(2)
                on_real = self.discriminator(real, close_real, labels, share=self.share)
                with self.statistics_kept():
                    return on_real, self.discriminator(fake, close_fake, labels, share=self.share)
            both = torch.cat([real, fake])
            return self.discriminator(both, close, labels.repeat(2), share=self.share, batches=2).halves()

    @contextmanager
    def statistics_kept(self) -> Iterator[None]:
        """Batch normalisation uses the statistics of its batch; what it keeps for later are those of real images."""
        momenta = [layer.momentum for layer in self._normalising]
        for layer in self._normalising:
            layer.momentum = 0.0
        yield
        for layer, momentum in zip(self._normalising, momenta, strict=True):
            layer.momentum = momentum
