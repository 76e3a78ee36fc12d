"""The one loop that trains every classifier, whatever the method.

All methods share: the initialisation (stream ``init``), the order of the real images (``batches``), the number of
updates and their batch, optimiser and schedule, and the rule for what is judged: **the exponential moving average of
weights and batch statistics at the last step**. Nothing is chosen by validation score; the validation images only
give the learning curves. What a classifier's parameters change (schedule, smoothing, mixup, pretrained weights) they
change for every method with that classifier. A method differs by its `Recipe` and by the synthetic images it adds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor, nn

from datasets import LabelledImages
from methods.base import Context, NotApplicable, Phase
from methods.classifiers import CLASSIFIERS, Classifier
from methods.state import Parts
from methods.training.draws import Balanced, Draws, Mixed, Permutations
from methods.training.ema import Ema, decay_for
from methods.training.fitted import BATCH, FittedClassifier
from methods.training.images import ImagePool
from methods.training.optimiser import adamw, scheduled
from methods.training.precision import autocast
from methods.training.pretrained import adopt, read_weights
from methods.training.randomness import seeded
from methods.training.transforms import Transform

CURVE_POINTS = 10

Mix: TypeAlias = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""A batch and its targets → a mixed batch and soft targets; draws from torch's global generator."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a method trains its classifier, where it departs from the plain way.

    Attributes:
        balanced: Draw real images class-balanced, else in epochs.
        transform: Applied to every image, if any.
        mix: Mixes the images of a batch, if given.
        loss: Class loss, of (B, K) float32 logits and targets as in `methods.training.losses`.
        offset: (K,) added to the logits when the classifier is judged, if any.
    """

    balanced: bool = False
    transform: Transform | None = None
    mix: Mix | None = None
    loss: nn.Module = field(default_factory=nn.CrossEntropyLoss)
    offset: Tensor | None = None


def train_classifier(
    classifier: str,
    *,
    train: LabelledImages,
    valid: LabelledImages,
    context: Context,
    recipe: Recipe,
    synthetic: ImagePool | None = None,
    start: Mapping[str, Tensor] | None = None,
    steps: int | None = None,
    phase: Phase = "classifier",
) -> FittedClassifier:
    """Trains a classifier for a number of updates of the class loss.

    Args:
        classifier: Name in `CLASSIFIERS`, with parameters.
        train: Real training images.
        valid: For the learning curves.
        context: What the engine offers.
        recipe: What the method does in its own way.
        synthetic: Further images, drawn as often as the real ones, in shuffled places of the batches.
        start: Weights to start from, by the network's names; the head starts as it does without.
        steps: Updates; ``budget.classifier_steps`` by default.
        phase: That it is charged to.

    Raises:
        Diverged: The loss left the finite numbers.
        NotApplicable: Fewer than two classes have training images.
    """
    require_two_classes(train)
    device = context.device
    steps = context.budget.classifier_steps if steps is None else steps
    options = CLASSIFIERS.build(classifier)
    network = initial_network(classifier, train=train, context=context)
    if start is not None:
        adopt(network, start, source="what was trained before")
    ema = Ema(network, decay_for(steps))
    optimiser = adamw(network, learning_rate=options.learning_rate or options.info.learning_rate)
    schedule = scheduled(optimiser, steps=steps, shape=options.schedule, warm_up=options.warm_up)
    pool, held = ImagePool.of(train, device), ImagePool.of(valid, device)
    draws = _draws(train, recipe=recipe, synthetic=synthetic, context=context)
    pool = pool if synthetic is None else pool + synthetic
    offset = torch.zeros(len(train.classes)) if recipe.offset is None else recipe.offset
    fitted = FittedClassifier(ema.network, offset.to(device), device)
    loss_of = recipe.loss.to(device)
    mixes = [*([recipe.mix] if recipe.mix else []), *_mixes(options, classes=len(train.classes))]
    transform_rng = context.rng("transforms")
    state = Parts(
        network=network, ema=ema, optimiser=optimiser, schedule=schedule, draws=draws, transforms=transform_rng
    )

    with context.phase(phase, steps=steps), seeded(context.seed("layers"), device):
        for step in context.steps(steps, state):
            images, targets = pool.take(draws.take(context.budget.batch))
            if recipe.transform is not None:
                images = recipe.transform(images, transform_rng)
            for mix in mixes:
                images, targets = mix(images, targets)
            with autocast(device, context.precision):
                logits = network(images)
            loss = loss_of(logits.float(), targets)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            ema.update()
            curves = validate(fitted, held, context=context) if is_curve_point(step, steps) else {}
            context.log(step, loss=loss.detach(), **curves)
    return fitted


def initial_network(classifier: str, *, train: LabelledImages, context: Context) -> nn.Module:
    """The classifier as every method of this seed starts it, on the device.

    Raises:
        NotApplicable: The architecture, or its pretrained weights, do not fit.
    """
    component = CLASSIFIERS.build(classifier)
    with seeded(context.seed("init")):
        network = component.build(
            channels=train.images.shape[1],
            classes=len(train.classes),
            size=train.images.shape[2],
            width=context.budget.classifier_width,
        )
    if component.weights is not None:
        adopt(network, read_weights(component.weights), source=f"the weights file {component.weights.name}")
    return network.to(context.device).to(memory_format=torch.channels_last)


def _mixes(options: Classifier, *, classes: int) -> list[Mix]:
    """What the classifier's own parameters do to a batch, behind what the method does."""
    mixes: list[Mix] = []
    if options.mixup:
        from torchvision.transforms.v2 import MixUp

        mixes.append(MixUp(alpha=options.mixup, num_classes=classes))
    if options.label_smoothing:
        mixes.append(partial(smoothed, share=options.label_smoothing, classes=classes))
    return mixes


def smoothed(images: Tensor, targets: Tensor, *, share: float, classes: int) -> tuple[Tensor, Tensor]:
    """(1 − ε) y + ε / K in the place of targets [Szegedy et al. 1512.00567, section 7]; images as they are."""
    if not targets.is_floating_point():
        targets = nn.functional.one_hot(targets, classes).float()
    return images, (1.0 - share) * targets + share / classes


def require_two_classes(train: LabelledImages) -> None:
    """Raises NotApplicable where there is nothing to tell apart."""
    present = [name for name, count in zip(train.classes, train.counts, strict=True) if count]
    if len(present) < 2:
        raise NotApplicable(
            f"the training images are all of class {present[0]!r}, and a classifier needs at least two classes; "
            "add images of another class."
            if present
            else "there are no training images, and a classifier needs at least two classes of them; add images."
        )


def _draws(train: LabelledImages, *, recipe: Recipe, synthetic: ImagePool | None, context: Context) -> Draws:
    real: Draws
    if recipe.balanced:
        real = Balanced(train.labels, context.rng("batches"))
    else:
        real = Permutations(torch.arange(len(train)), context.rng("batches"))
    if synthetic is None or not len(synthetic):
        return real
    return Mixed(
        real,
        Permutations(len(train) + torch.arange(len(synthetic)), context.rng("synthetic-batches")),
        n_real=len(train),
        n_synthetic=len(synthetic),
        generator=context.rng("mixing"),
    )


def is_curve_point(step: int, steps: int) -> bool:
    """Whether the validation images are looked at after this step: about ten times in a training, and at its end."""
    return step == steps or step % max(1, round(steps / CURVE_POINTS)) == 0


@torch.no_grad()
def validate(fitted: FittedClassifier, held: ImagePool, *, context: Context) -> dict[str, float]:
    """Loss and balanced accuracy of the averaged network on the validation images, for the learning curves."""
    if not len(held):
        return {}
    with autocast(context.device, context.precision):
        logits = [
            fitted.network(held.take(indices)[0]).float() + fitted.offset
            for indices in torch.arange(len(held)).split(BATCH)
        ]
    scores = torch.cat(logits)
    return {
        "valid_loss": nn.functional.cross_entropy(scores, held.targets).item(),
        "valid_balanced_accuracy": balanced_accuracy(scores.argmax(dim=1), held.targets),
    }


def balanced_accuracy(predicted: Tensor, labels: Tensor) -> float:
    """Mean recall over the classes that occur among the labels."""
    hits = (predicted == labels).float()
    return torch.stack([hits[labels == k].mean() for k in labels.unique()]).mean().item()
