"""What is asked of a method that is fitted: predictions of the test images, and images of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bench.generative.domain import DomainExtractor, cached_domain
from bench.generative.of_run import measure_run
from bench.plan import Run
from bench.samples import write_samples
from bench.score import score
from bench.streams import numpy_generator, stream_seed, torch_generator
from datasets import LabelledImages, Split
from methods import Diverged, Fitted
from results import Generative, Metrics, Predictions, save_predictions


def judge(fitted: Fitted, split: Split, artifacts: Path) -> Metrics:
    """Predicts the test images, the only time that they are touched, and keeps the predictions."""
    probabilities = check_probabilities(fitted.predict_proba(split.test.images), split.test)
    save_predictions(Predictions(split.test.labels, probabilities, split.test.groups), artifacts)
    return score(probabilities, split.test.labels, classes=split.test.classes, train_counts=split.train.counts)


def extractor_for(run: Run, split: Split, *, device: torch.device, cache: Path) -> DomainExtractor | None:
    """What generated images are measured with, where there are any to measure."""
    if not run.build_method().can_sample:
        return None
    return cached_domain(split.train, fingerprint=run.fingerprint, seed=run.seed, device=device, cache=cache)


def examine(
    run: Run,
    fitted: Fitted,
    split: Split,
    extractor: DomainExtractor | None,
    *,
    device: torch.device,
    artifacts: Path,
) -> Generative | None:
    """Draws images, keeps a picture of them, and measures them."""
    generator = torch_generator(stream_seed(run.fingerprint, run.seed, "sampling"))
    write_samples(artifacts / "samples.png", fitted=fitted, train=split.train, generator=generator)
    if extractor is None:
        return None
    rng = numpy_generator(stream_seed(run.fingerprint, run.seed, "generative"))
    return measure_run(
        run, fitted, split, extractor=extractor, device=device, generator=generator, rng=rng, artifacts=artifacts
    )


def check_probabilities(probabilities: NDArray[np.float32], test: LabelledImages) -> NDArray[np.float32]:
    """Holds predictions against what the interface promises.

    Raises:
        Diverged: They are not finite.
        ValueError: Wrong shape, or rows that do not sum to one.
    """
    expected = (len(test), len(test.classes))
    if probabilities.shape != expected:
        raise ValueError(f"predict_proba returned shape {probabilities.shape}, expected {expected}; mend the method.")
    if not np.isfinite(probabilities).all():
        raise Diverged(0, "a predicted probability")
    if not np.allclose(probabilities.sum(axis=1), 1, atol=1e-3):
        raise ValueError("predict_proba returned rows that do not sum to one; mend the method.")
    return probabilities
