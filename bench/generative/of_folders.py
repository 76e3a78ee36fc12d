"""Folders of images from anywhere, measured as a run's images are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from bench.errors import UsageError
from bench.generative.class_folders import Compared
from bench.generative.domain import DomainExtractor, train_network
from bench.generative.extractor import Extractor
from bench.generative.measure import measure
from bench.generative.pretrained import Dinov2Extractor, InceptionExtractor
from bench.generative.random_features import RandomExtractor
from datasets import LabelledImages
from datasets.images import open_image, read_image, resize
from results import Generative

EXTRACTORS = {
    "random": "fixed random convolutional features; needs nothing",
    "domain": "a small network trained on the real training images (--train), class by class",
    "inception": "Inception-v3, 2048 features, from a weights file",
    "dinov2": "DINOv2 ViT-S/14, 384 features, from a weights file",
}


def score_folders(
    compared: Compared,
    *,
    extractor: str,
    size: int | None,
    weights: Path | None,
    device: torch.device,
    seed: int = 0,
) -> Generative:
    """Measures generated images against real ones.

    Args:
        compared: Files of two or three folders: the reference, whose images the generator should not have seen; what
            is measured; and, for floors and memorisation, the images that the generator learnt from.
        extractor: One of ``EXTRACTORS``.
        size: Height and width to bring images to; None to leave them as they are.
        weights: Folder with weights files.
        device: Where to compute.
        seed: Of all choices.

    Raises:
        UsageError: Sizes differ, or the extractor cannot be had.
        DatasetError: An image cannot be read.
    """
    if extractor not in EXTRACTORS:
        raise UsageError(f"there is no extractor {extractor!r}; known are {', '.join(EXTRACTORS)}.")
    resized = "" if size is None else f"Lanczos to {size}"
    sets = _read(compared, size=size or _one_size(compared.files))
    chosen = _extractor(extractor, sets, weights=weights, device=device, seed=seed)
    found = measure(
        generated=sets[1],
        test=sets[0],
        train=sets[2] if len(sets) > 2 else None,
        extractor=chosen,
        rng=np.random.default_rng(seed),
    ).generative
    if not resized or found.extractor is None:
        return found
    both = resized if chosen.resize == "none" else f"{resized}, then {chosen.resize}"
    return found.model_copy(update={"extractor": found.extractor.model_copy(update={"resize": both})})


def _one_size(files: Sequence[Mapping[str, Sequence[Path]]]) -> int:
    """The side of the images, if all are square and of one size."""
    sizes: Counter[tuple[int, int]] = Counter()
    for path in (path for of in files for paths in of.values() for path in paths):
        with open_image(path) as image:
            sizes[image.size] += 1
    (width, height), _ = sizes.most_common(1)[0]
    if len(sizes) > 1 or width != height:
        shown = ", ".join(f"{w}×{h}" for (w, h), _ in sizes.most_common(3))
        raise UsageError(f"the images are not square and of one size ({shown}); give the size with --size, as 64.")
    return width


def _read(compared: Compared, *, size: int) -> list[LabelledImages]:
    """The images of each folder, all in colour where any one is."""
    read = [[resize(read_image(path), size) for name in compared.classes for path in of[name]] for of in compared.files]
    shape = (max(len(image) for images in read for image in images), size, size)
    sets: list[LabelledImages] = []
    for images, of in zip(read, compared.files, strict=True):
        labels = np.repeat(np.arange(len(compared.classes)), [len(of[name]) for name in compared.classes])
        pixels = np.stack([np.broadcast_to(image, shape) for image in images])
        sets.append(LabelledImages(pixels, labels.astype(np.int64), compared.classes))
    return sets


def _extractor(
    name: str, sets: list[LabelledImages], *, weights: Path | None, device: torch.device, seed: int
) -> Extractor:
    match name:
        case "random":
            return RandomExtractor(sets[0].images.shape[1], device=device)
        case "inception":
            return InceptionExtractor(weights=weights, device=device)
        case "dinov2":
            return Dinov2Extractor(weights=weights, device=device)
    if len(sets) < 3 or len(sets[0].classes) < 2:
        raise UsageError(
            "the extractor domain learns from training images in class folders, of two classes or more; give them with "
            "--train, with the same subfolders as REAL and GENERATED, or take --extractor random."
        )
    network = train_network(sets[2], fingerprint="folders", seed=seed, device=device)
    return DomainExtractor(network, device=device)
