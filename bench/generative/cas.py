"""Classification accuracy score: what does a classifier learn from generated images alone?"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import torch

from bench.clock import Clock
from bench.context import RunContext
from bench.meters import meter_for
from bench.plan import Run
from datasets import LabelledImages, Split
from methods import Fitted
from methods.training.classifier import Recipe, balanced_accuracy, train_classifier
from methods.training.transforms import classic
from results import CurveWriter

PRESETS = ("standard", "paper")
"""It is a whole training, so the short presets leave it out."""


def classification_accuracy_score(
    run: Run, fitted: Fitted, split: Split, *, device: torch.device, generator: torch.Generator
) -> float:
    """Balanced accuracy on the test images after training on generated images only [Ravuri & Vinyals 1905.10887].

    As many generated images of each class as there are real training images, the method's own classifier, and the
    recipe of ``classic-balanced``.

    Args:
        run: Whose classifier, budget and streams are used.
        fitted: Can sample.
        split: Validation images for the curves, test images for the score.
        device: Where to compute.
        generator: For the generated images.

    Raises:
        Diverged: The classifier's loss left the finite numbers.
    """
    labels = np.repeat(np.arange(len(split.train.classes)), split.train.counts)
    generated = LabelledImages(fitted.sample(labels, generator), labels, split.train.classes)
    with tempfile.TemporaryDirectory() as folder, CurveWriter(Path(folder)) as curves:
        context = RunContext(
            run=run,
            split=split,
            device=device,
            clock=Clock(meter_for(device)),  # its own: phases do not nest, and this one is no cost of the method
            curves=curves,
            artifacts=Path(folder),
            report=lambda *_: None,
        )
        classifier = train_classifier(
            run.build_method().classifier,
            train=generated,
            valid=split.valid,
            context=context,
            recipe=Recipe(balanced=True, transform=classic),
        )
    predicted = classifier.predict_proba(split.test.images).argmax(axis=1)
    return balanced_accuracy(torch.from_numpy(predicted), torch.from_numpy(split.test.labels))
