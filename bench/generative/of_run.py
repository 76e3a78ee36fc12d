"""The engine's way in: what is drawn from a fitted method, measured, and shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bench.generative.cas import PRESETS, classification_accuracy_score
from bench.generative.extractor import Extractor
from bench.generative.measure import Measured, measure
from bench.generative.plane import plane_of
from bench.plan import Run
from bench.samples import PER_CLASS, write_pairs
from datasets import LabelledImages, Split
from methods import Diverged, Fitted
from results import Generative, read_curves, save_plane

MOST_A_CLASS, MOST_IN_ALL = 1000, 4000
"""Test images that are compared with, so that scoring stays a small part of a short run."""

FEWEST = 64
"""Generated images of a class, however few its test images: enough for pairs, label fidelity and memorisation."""


def measure_run(
    run: Run,
    fitted: Fitted,
    split: Split,
    *,
    extractor: Extractor,
    device: torch.device,
    generator: torch.Generator,
    rng: np.random.Generator,
    artifacts: Path,
) -> Generative:
    """Draws images from a fitted method, measures them and writes ``nearest.png`` and ``plane.npz``.

    As many images of each class as it has test images, but at least 64; of classes with very many test images, a
    random part is the reference. Classes without training images cannot be asked for.

    Args:
        run: Says by its preset whether CAS is measured.
        fitted: Can sample.
        split: Test images are the reference, training images give the floors.
        extractor: Sees the images.
        device: Where CAS trains.
        generator: For the generated images.
        rng: For all choices among real ones.
        artifacts: The run's folder.
    """
    test = split.test.subset(reference(split.test, rng))
    counts = np.where(split.train.counts > 0, np.maximum(test.counts, FEWEST), 0)
    labels = np.repeat(np.arange(len(counts)), counts)
    generated = LabelledImages(fitted.sample(labels, generator), labels, test.classes)
    measured = measure(generated=generated, test=test, train=split.train, extractor=extractor, rng=rng)
    write_nearest(artifacts / "nearest.png", measured, len(test.classes))
    if (plane := plane_of(measured.trios)) is not None:
        save_plane(plane, artifacts)
    generative = _with_acceptance(measured.generative, artifacts)
    return _with_cas(generative, run, fitted, split, device=device, generator=generator)


def _with_acceptance(generative: Generative, artifacts: Path) -> Generative:
    """The last share of generated images that a selecting method kept of each class, as it logged it."""
    shares = {
        point.name.removeprefix("acceptance_"): point.value
        for point in read_curves(artifacts)
        if point.name.startswith("acceptance_")
    }
    per_class = {
        name: figures.model_copy(update={"acceptance": shares.get(name)})
        for name, figures in generative.per_class.items()
    }
    return generative.model_copy(update={"per_class": per_class})


def _with_cas(
    generative: Generative,
    run: Run,
    fitted: Fitted,
    split: Split,
    *,
    device: torch.device,
    generator: torch.Generator,
) -> Generative:
    why = f"a whole training, left out with preset {run.protocol.preset}"
    if run.protocol.preset in PRESETS:
        try:
            score = classification_accuracy_score(run, fitted, split, device=device, generator=generator)
            return generative.model_copy(update={"cas": score})
        except Diverged as error:
            why = str(error)
    return generative.model_copy(update={"missing": {**generative.missing, "cas": why}})


def reference(test: LabelledImages, rng: np.random.Generator) -> NDArray[np.int64]:
    """Which test images are compared with: all of them, or a random part of each class that has very many."""
    most = min(MOST_A_CLASS, max(FEWEST, MOST_IN_ALL // len(test.classes)))
    chosen = [rng.permutation(np.flatnonzero(test.labels == k))[:most] for k in range(len(test.classes))]
    return np.sort(np.concatenate(chosen))


def write_nearest(path: Path, measured: Measured, n_classes: int) -> None:
    """Writes the generated images of each class that lie nearest to a training image, above that training image."""
    pairs: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]] = []
    shape = next(iter(measured.trios.values())).generated.images.shape[1:]
    for label in range(n_classes):
        trio, near = measured.trios.get(label), measured.nearest.get(label)
        if trio is None or trio.train is None or near is None:
            pairs.append((np.empty((0, *shape), np.uint8), np.empty((0, *shape), np.uint8)))
            continue
        closest = np.argsort(near.distances, kind="stable")[:PER_CLASS]
        pairs.append((trio.generated.images[closest], trio.train.images[near.indices[closest]]))
    write_pairs(path, pairs)
