"""``pretrained-discriminator``: what a GAN has learnt of the majority class, handed on twice.

1. A GAN learns the majority class, for half of the generator's budget.
2. Its discriminator is the start of a GAN for each minority class, and its generator too; these share the other half by
   turns. (A new generator did worse against a discriminator that has learnt already: docs/methods.md.)
3. It is the start of the judged classifier too, all but the head, which then learns from real and generated images.

The discriminator *is* the judged classifier's network, with one output in the place of its head; by default that is
``strided``, DCGAN's own discriminator (our reading). So the reference arm is ``classic-balanced`` with the same
classifier: the same network, from the same random weights without the GAN in between. Other classifiers can be named,
but need not make good discriminators.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from pydantic import Field
from torch import Tensor, nn

from datasets import LabelledImages
from methods.base import Context, MethodInfo
from methods.catalogue import register
from methods.classifiers.base import ClassifierName
from methods.classifiers.head import replace_head
from methods.networks.shape import Shape, require_power_of_two
from methods.training.adversarial import adams, short_run_rate
from methods.training.arrangement import Feed, one_each
from methods.training.classifier import initial_network
from methods.training.fitted import FittedGenerator
from methods.training.generator import GeneratorTraining, train_generator
from methods.training.per_class import PerClass
from methods.training.randomness import seeded
from methods.two_stage.base import TwoStage
from methods.two_stage.dcgan import BETAS, LATENT, LEARNING_RATE, Generator, MinimaxTraining

MAJORITY = 0.5
"""Share of the generator's budget that the majority's GAN gets (our choice)."""


@register
class PretrainedDiscriminator(TwoStage):
    """DCGAN's generators and losses, a discriminator that is handed on to other GANs and to the classifier."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="pretrained-discriminator",
        version=2,
        tier="two-stage",
        summary="GAN on the majority class; its discriminator starts the minority classes' GANs and the classifier",
        reference="Radford et al., arXiv 1511.06434, section 5; transfer between GANs: Wang et al., arXiv 1805.01677",
        can_sample=True,
    )

    classifier: ClassifierName = Field("strided", description="judged, and the discriminator")

    def fit_generator(self, train: LabelledImages, context: Context) -> FittedWithTrunk:
        """See `TwoStage.fit_generator`."""
        require_power_of_two(self.info.name, train.images.shape[2])
        steps = context.budget.generator_steps
        first = round(MAJORITY * steps)
        shape = replace(Shape.of(train, context), classes=0)
        majority, feeds = (
            int(train.counts.argmax()),
            one_each(train, context, turned=self.classic, rate=self.generator_rate),
        )
        others = len(feeds) - 1

        def gan(label: int, feed: Feed) -> MinimaxTraining:
            network = initial_network(self.classifier, train=train, context=context)
            feed = replace(feed, steps=first if label == majority else (steps - first) // others)
            rate = short_run_rate(LEARNING_RATE, steps=feed.steps)
            return MinimaxTraining(
                feed,
                generator=Generator(shape),
                discriminator=Discriminator(replace_head(network, outputs=1)),
                latent=LATENT,
                optimise=adams(generator=rate, discriminator=rate, betas=BETAS),
            )

        with seeded(context.seed("generator"), context.device):
            gans = {label: gan(label, feed) for label, feed in feeds.items()}
            training = HandedOn(gans, train.classes, majority=majority, first=first)
            fitted = train_generator(training, steps=steps, context=context)
        return FittedWithTrunk(
            fitted.network, fitted.latent, fitted.device, fitted.precision, trunk_of(gans[majority].discriminator)
        )

    def start(self, generator: FittedGenerator) -> Mapping[str, Tensor] | None:
        """See `TwoStage.start`: the majority's discriminator."""
        return generator.trunk if isinstance(generator, FittedWithTrunk) else None


class Discriminator(nn.Module):
    """A classifier's network with one output: (N, C, H, W) and (N,) labels → (N,) logits of being real."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Labels are not looked at."""
        del labels
        return self.network(images).squeeze(1)


def trunk_of(discriminator: nn.Module) -> dict[str, Tensor]:
    """The discriminator's weights by the classifier's names; the head among them is of another size."""
    tensors = discriminator.get_submodule("network").state_dict().items()
    return {name: tensor.detach().clone() for name, tensor in tensors}


class HandedOn(GeneratorTraining):
    """The majority's GAN first; then the others by turns, both their networks started from the majority's.

    Args:
        gans: By label.
        classes: See `PerClass`.
        majority: Whose comes first.
        first: Updates that it gets.
    """

    changing = ("_majority", "_others", "_updates")

    def __init__(
        self, gans: Mapping[int, MinimaxTraining], classes: tuple[str, ...], *, majority: int, first: int
    ) -> None:
        self._majority = gans[majority]
        self.latent = self._majority.latent
        self._others = [gan for label, gan in gans.items() if label != majority]
        self._first, self._updates = first, 0
        self.average = PerClass({label: gan.average for label, gan in gans.items()}, classes).eval()

    def update(self) -> dict[str, Tensor]:
        """One discriminator update, of the GAN whose turn it is."""
        self._updates += 1
        if self._updates <= self._first:
            return self._majority.update()
        if self._updates == self._first + 1:
            for other in self._others:
                for name in ("discriminator", "generator", "average"):
                    getattr(other, name).load_state_dict(getattr(self._majority, name).state_dict())
        return self._others[self._updates % len(self._others)].update()


@dataclass(frozen=True, eq=False)
class FittedWithTrunk(FittedGenerator):
    """Generators, and the discriminator that the classifier starts from.

    Attributes:
        trunk: Its weights by the classifier's names.
    """

    trunk: Mapping[str, Tensor]
