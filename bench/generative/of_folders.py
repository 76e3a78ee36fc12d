"""Folders of images from anywhere, measured as a run's images are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import torch

from bench.errors import UsageError
from bench.generative.domain import DomainExtractor, train_network
from bench.generative.extractor import Extractor
from bench.generative.measure import measure
from bench.generative.pretrained import Dinov2Extractor, InceptionExtractor
from bench.generative.random_features import RandomExtractor
from datasets import LabelledImages
from datasets.images import SUFFIXES, open_image, read_image, resize
from results import Generative

EXTRACTORS = {
    "random": "fixed random convolutional features; needs nothing",
    "domain": "a small network trained on the real training images (--train), class by class",
    "inception": "Inception-v3, 2048 features, from a weights file",
    "dinov2": "DINOv2 ViT-S/14, 384 features, from a weights file",
}
ALL = "all"
"""The class of images that lie in no class's folder."""


def score_folders(
    real: Path,
    generated: Path,
    *,
    train: Path | None,
    extractor: str,
    size: int | None,
    weights: Path | None,
    device: torch.device,
    seed: int = 0,
) -> Generative:
    """Measures generated images against real ones.

    Subfolders are classes, where all folders have the same ones; else the images are taken as one class.

    Args:
        real: The reference; the generator should not have seen these images.
        generated: What is measured.
        train: The images that the generator learnt from, for floors and memorisation.
        extractor: One of ``EXTRACTORS``.
        size: Height and width to bring images to; None to leave them as they are.
        weights: Folder with weights files.
        device: Where to compute.
        seed: Of all choices.

    Raises:
        UsageError: A folder has no images, sizes differ, or the extractor cannot be had.
        DatasetError: An image cannot be read.
    """
    if extractor not in EXTRACTORS:
        raise UsageError(f"there is no extractor {extractor!r}; known are {', '.join(EXTRACTORS)}.")
    folders = [folder for folder in (real, generated, train) if folder is not None]
    files = [_by_class(folder) for folder in folders]
    classes = _common_classes(files)
    resized = "" if size is None else f"Lanczos to {size}"
    size = size or _one_size(files)
    grey = all(read_image(paths[0]).mode == "L" for of in files for paths in of.values())
    sets = [_read(of, classes, size=size, grey=grey) for of in files]
    chosen = _extractor(extractor, sets, weights=weights, device=device, seed=seed)
    found = measure(
        generated=sets[1],
        test=sets[0],
        train=sets[2] if train is not None else None,
        extractor=chosen,
        rng=np.random.default_rng(seed),
    ).generative
    if not resized or found.extractor is None:
        return found
    both = resized if chosen.resize == "none" else f"{resized}, then {chosen.resize}"
    return found.model_copy(update={"extractor": found.extractor.model_copy(update={"resize": both})})


def _by_class(folder: Path) -> dict[str, list[Path]]:
    """Image files of each subfolder; of the folder itself under ``all``."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; give a folder of images.")
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            inside = path.relative_to(folder).parts
            found.setdefault(inside[0] if len(inside) > 1 else ALL, []).append(path)
    if not found:
        raise UsageError(f"{folder} holds no images; give a folder with {', '.join(sorted(SUFFIXES))} files.")
    return found


def _common_classes(files: list[dict[str, list[Path]]]) -> tuple[str, ...]:
    same = all(of.keys() == files[0].keys() for of in files)
    return tuple(sorted(files[0])) if same else (ALL,)


def _one_size(files: list[dict[str, list[Path]]]) -> int:
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


def _read(files: dict[str, list[Path]], classes: tuple[str, ...], *, size: int, grey: bool) -> LabelledImages:
    images, labels = [], []
    for name, paths in files.items():
        for path in paths:
            images.append(resize(read_image(path).convert("L" if grey else "RGB"), size))
            labels.append(classes.index(name) if name in classes and len(classes) > 1 else 0)
    return LabelledImages(np.stack(images), np.array(labels, dtype=np.int64), classes)


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
            "the extractor domain learns from training images in class folders; give them with --train, with the same "
            "subfolders as REAL and GENERATED, or take --extractor random."
        )
    network = train_network(sets[2], fingerprint="folders", seed=seed, device=device)
    return DomainExtractor(network, device=device)
