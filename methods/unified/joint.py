"""One training for two tasks: the discriminator tells real from generated and names the class, on one trunk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from datasets import LabelledImages
from methods.base import Context
from methods.classifiers import Classifier
from methods.networks.discriminator import Answer, Discriminator, Judged
from methods.state import Parts
from methods.training.arrangement import Feed
from methods.training.classifier import is_curve_point, validate
from methods.training.draws import Draws
from methods.training.ema import Ema, decay_for
from methods.training.fitted import FittedClassifier, FittedGenerator
from methods.training.generator import Checkpoints
from methods.training.images import ImagePool
from methods.training.optimiser import adamw, scheduled
from methods.training.precision import autocast
from methods.training.projection import ProjectionTraining
from methods.training.randomness import seeded
from methods.training.selection import Selection
from methods.unified.recent import RunningSelection
from methods.unified.schedule import interleave
from methods.unified.weighting import Weighting, loss_weighting

RATE_WEIGHTS = 1e-3
"""Of the learnt weights of the losses, held to the end, for they have to follow losses that fall (docs/unified.md)."""


@dataclass(frozen=True)
class Settings:
    """How the class loss is made up.

    Attributes:
        weighting: Of the losses on real and on generated images.
        selection: Which generated images enter.
        generated: Whether any do.
        warm_up: Share of the class updates before the first ones enter.
        share: Of the source loss's gradient, what goes on into the trunk.
    """

    weighting: Weighting
    selection: Selection
    generated: bool
    warm_up: float
    share: float


class JointTraining(ProjectionTraining):
    """Steps that update the class loss, the source loss, or both on one pass over the same real images.

    Real batches of class updates are those of ``classic-balanced``: the same images in the same order.

    Args:
        feed: For the discriminator's own steps.
        options: The classifier's, label smoothing too.
        classes: Their names.
        class_draws: Real images of the class updates.
        settings: Of the class loss.
        **shared: See `ProjectionTraining`.

    Attributes:
        class_share: Weight of the class loss beside the adversarial one in G's loss.
    """

    changing = (
        "generator", "discriminator", "weighting", "selection", "_ema", "_judged", "_optimise_g", "_optimise_d",
        "_schedule_g", "_schedule_d", "_optimise_class", "_schedule_class", "_optimise_weights", "_class_draws",
        "_source_draws", "_class_transforms", "random", "_updates", "_class_updates",
    )  # fmt: skip
    class_share: ClassVar[float] = 0.1

    def __init__(
        self,
        feed: Feed,
        *,
        options: Classifier,
        classes: tuple[str, ...],
        class_draws: Draws,
        settings: Settings,
        **shared: Any,
    ) -> None:
        budget, device = feed.context.budget, feed.context.device
        self.settings, self.weighting = settings, loss_weighting(settings.weighting, 2).to(device)
        self._smoothing, self.share = options.label_smoothing, settings.share
        super().__init__(feed, options=options, **shared)
        assert self.discriminator.classify is not None
        classifying = nn.ModuleList([self.discriminator.trunk, self.discriminator.classify])
        self._optimise_class = adamw(classifying, learning_rate=options.learning_rate or options.info.learning_rate)
        self._schedule_class = scheduled(
            self._optimise_class, steps=budget.classifier_steps, shape=options.schedule, warm_up=options.warm_up
        )
        balanced = list(self.weighting.parameters())
        self._optimise_weights = torch.optim.Adam(balanced, lr=RATE_WEIGHTS) if balanced else None
        self.selection = RunningSelection(settings.selection, len(classes), device)
        judged = Judged(self.discriminator.trunk, self.discriminator.classify)
        self._judged = Ema(judged, decay_for(budget.classifier_steps))
        self.judged = self._judged.network
        self._accepted = [f"acceptance_{name}" for name in classes]
        self._class_draws, self._source_draws = class_draws, feed.draws
        self._class_transforms = self._transforms
        self._enters = round(settings.warm_up * budget.classifier_steps)
        self._class_updates, self._classify, self._scalars = 0, False, dict[str, Tensor]()

    def step(self, *, classify: bool, discriminate: bool) -> dict[str, Tensor]:
        """One step; at least one of the two losses is due.

        Returns:
            Curves, 0-d, left on the device.
        """
        self._classify, self._scalars = classify, {}
        self._draws = self._class_draws if classify else self._source_draws
        self._transforms = self._class_transforms if classify else self.random
        scalars = self.update() if discriminate else self._class_update()
        if classify:
            self._class_updates += 1
            self._judged.update()
        return {**scalars, **self._scalars}

    def _class_update(self) -> dict[str, Tensor]:
        real, labels = self.drawn()
        with autocast(self.context.device, self.context.precision):
            answer = self.discriminator.classified(self.transformed(real, self._transforms))
        self._learn_class(self.class_loss(answer, None, labels))
        return {}

    def learnt_from_source(self, discriminator: Discriminator, *, rate: float) -> list[dict[str, Any]]:
        """The source head alone; trunk and class head learn as the classifier does, with an optimiser of their own."""
        del rate
        return [{"params": list(discriminator.source.parameters())}]

    def descend(self, loss: Tensor) -> None:
        """D's step: the source head's, and what classifies where something of the loss reaches it."""
        self._optimise_d.zero_grad()
        self._learn_class(loss)
        self._optimise_d.step()

    def _learn_class(self, loss: Tensor) -> None:
        """Backward pass, and the step of trunk, class head and weights; only class updates move their schedule."""
        self._optimise_class.zero_grad()
        if self._optimise_weights is not None:
            self._optimise_weights.zero_grad()
        loss.backward()
        if self._classify or self.share:
            self._optimise_class.step()
        if self._classify:
            self._schedule_class.step()
            if self._optimise_weights is not None:
                self._optimise_weights.step()

    def further_loss(self, on_real: Answer, on_fake: Answer, labels: Tensor) -> Tensor:
        """The class loss, where it is due."""
        self._scalars["score_real"] = on_real.source.detach().mean()
        self._scalars["score_generated"] = on_fake.source.detach().mean()
        return (
            self.class_loss(on_real, on_fake, labels) if self._classify else labels.new_zeros((), dtype=torch.float32)
        )

    def class_loss(self, on_real: Answer, on_fake: Answer | None, labels: Tensor) -> Tensor:
        """Cross-entropies on real images and on the generated ones that are let in, weighed against each other."""
        assert on_real.logits is not None
        of_real = self._cross_entropy(on_real.logits, labels).mean()
        of_generated, there = torch.zeros_like(of_real), torch.zeros_like(of_real)
        if on_fake is not None and self.settings.generated:
            of_generated, there = self._of_generated(on_real, on_fake, labels)
        self._scalars |= {
            "class_loss_real": of_real.detach(),
            "confidence_real": _confidence(on_real, labels),
            "weight_real": self.weighting.weights()[0],
        }
        return self.weighting(torch.stack([of_real, of_generated]), torch.stack([torch.ones_like(there), there]))

    def _cross_entropy(self, logits: Tensor, labels: Tensor) -> Tensor:
        """(N,), with the classifier's label smoothing."""
        return nn.functional.cross_entropy(logits, labels, reduction="none", label_smoothing=self._smoothing)

    def _of_generated(self, on_real: Answer, on_fake: Answer, labels: Tensor) -> tuple[Tensor, Tensor]:
        """(mean cross-entropy of accepted images, how much it counts).

        It counts by the share of images that were accepted, so that one of them never outweighs a batch of real ones;
        nothing before the end of the warm-up.
        """
        assert on_fake.logits is not None
        self.selection.note_real(on_real, labels)
        accepted = self.selection.accept(on_fake, labels).float()
        each = self._cross_entropy(on_fake.logits, labels)
        loss = (accepted * each).sum() / accepted.sum().clamp(min=1.0)
        there = accepted.mean() * float(self._class_updates >= self._enters)
        self._scalars |= {
            "class_loss_generated": loss.detach(),
            "confidence_generated": _confidence(on_fake, labels),
            "weight_generated": there * self.weighting.weights()[1],
            **dict(zip(self._accepted, self.selection.accepted, strict=True)),
        }
        return loss, there

    def generator_loss(self, fake: Tensor, labels: Tensor) -> Tensor:
        """What D's source head says, and the cross-entropy of the class head [Odena et al. 1610.09585, section 3]."""
        answer = self.on_generated(fake, labels)
        assert answer.logits is not None
        return self.deceiving_loss(answer) + self.class_share * nn.functional.cross_entropy(answer.logits, labels)


def _confidence(answer: Answer, labels: Tensor) -> Tensor:
    """Mean probability of the asked class, 0-d, without gradient."""
    assert answer.logits is not None
    return torch.softmax(answer.logits.detach(), dim=1).gather(1, labels[:, None]).mean()


def train_jointly(
    training: JointTraining, *, source_updates: int, valid: LabelledImages, context: Context
) -> tuple[FittedClassifier, FittedGenerator]:
    """Spends both budgets in the phase ``joint``.

    What is judged is the average of trunk and class head after the last step, as of every classifier; the generator
    goes back to the best of its checkpoints, as every generator does.

    Args:
        training: At its beginning.
        source_updates: Of the discriminator's source loss; 0 for no adversary.
        valid: For the learning curves.
        context: What the engine offers.

    Raises:
        Diverged: A loss left the finite numbers.
    """
    class_updates, device = context.budget.classifier_steps, context.device
    held = ImagePool.of(valid, device)
    classes = len(valid.classes)
    classifier = FittedClassifier(training.judged, torch.zeros(classes, device=device), device)
    generator = FittedGenerator(training.average, training.latent, device, context.precision)
    checkpoints = Checkpoints(generator, steps=source_updates, context=context)
    steps = max(class_updates, source_updates)
    with context.phase("joint", steps=steps), seeded(context.seed("layers"), device):
        turns = interleave(class_updates, source_updates)
        for step in context.steps(steps, Parts(training=training, checkpoints=checkpoints)):
            classify, discriminate = turns[step - 1]
            scalars: dict[str, float | Tensor] = {**training.step(classify=classify, discriminate=discriminate)}
            if discriminate:
                scalars |= checkpoints.after_update()
            if is_curve_point(step, steps):
                scalars |= validate(classifier, held, context=context)
            context.log(step, **scalars)
        checkpoints.restore_best()
    return classifier, generator
