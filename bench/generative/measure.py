"""All figures on generated images of one run, or of two folders: by class, and pooled.

The reference is always the real test images. What cannot be measured is None, with a reason in ``missing``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bench.generative.compared import COMPARED, FID, FLOORS, NO_TRAINING_IMAGES, compared, scored
from bench.generative.extractor import Extractor
from bench.generative.label_fidelity import label_fidelity
from bench.generative.memorisation import Nearest, memorisation, nearest
from bench.generative.ms_ssim import WINDOW, ms_ssim, scales
from bench.generative.trio import Figures, Trio, together, trio_of_class
from datasets import LabelledImages
from results import ClassGenerative, Generative
from results import Extractor as ExtractorRecord

MEANS = ("ms_ssim", "ms_ssim_real", "label_fidelity", "label_fidelity_real", "memorisation")
"""Figures that mean something within a class only; pooled, they are the mean over the classes that have them."""


@dataclass(frozen=True)
class Measured:
    """Figures, and what they were measured on, by label.

    Attributes:
        generative: For the record.
        trios: Images of each class.
        nearest: The training image nearest to each generated one, where training images are known.
    """

    generative: Generative
    trios: Mapping[int, Trio]
    nearest: Mapping[int, Nearest]


def measure(
    *,
    generated: LabelledImages,
    test: LabelledImages,
    train: LabelledImages | None,
    extractor: Extractor,
    rng: np.random.Generator,
) -> Measured:
    """Measures generated images against test images.

    Args:
        generated: With the labels that were asked for.
        test: The reference.
        train: The real training images, for floors and memorisation, where they are known.
        extractor: Sees the images; all figures but MS-SSIM are in its features.
        rng: Chooses the training images of the floors and the pairs of MS-SSIM.
    """
    trios: dict[int, Trio] = {}
    lying: dict[int, Nearest] = {}
    by_class: dict[str, Figures] = {}
    for label, name in enumerate(test.classes):
        trio = trio_of_class(label, generated=generated, test=test, train=train, extractor=extractor, rng=rng)
        figures = Figures({"n": 0})
        if trio is None:
            side = "generated" if (test.labels == label).any() else "test"
            figures.lack(f"no {side} images", *COMPARED, *FLOORS, *FID, *MEANS)
        else:
            trios[label] = trio
            figures.add(compared(trio, width=extractor.width))
            figures.add(_alike(trio, rng))
            figures.add(_faithful(trio, label, extractor))
            if trio.train is not None:
                lying[label] = nearest(trio.generated.features, trio.train.features)
            figures.add(_new(trio, lying.get(label)))
        by_class[name] = figures
    pooled = _pooled(list(trios.values()), by_class, extractor)
    missing = {f"{metric}/{name}": why for name, of in by_class.items() for metric, why in of.missing.items()}
    n = int(pooled.values["n"])
    generative = Generative.model_validate(
        {
            **pooled.values,
            "per_class": {name: ClassGenerative.model_validate(of.values) for name, of in by_class.items()},
            "missing": {**pooled.missing, **missing},
            "extractor": ExtractorRecord(name=extractor.name, hash=extractor.hash, resize=extractor.resize, n=n),
        }
    )
    return Measured(generative, trios, lying)


def _pooled(trios: list[Trio], by_class: Mapping[str, Figures], extractor: Extractor) -> Figures:
    figures = Figures({"n": 0})
    if trios:
        all_classes = together(trios)
        figures.add(compared(all_classes, width=extractor.width))
        figures.add(scored(all_classes, extractor=extractor.name))
    else:
        figures.lack("no class has both generated and test images", *COMPARED, *FLOORS, *FID, "inception_score")
    for metric in MEANS:
        known = [of.values[metric] for of in by_class.values() if metric in of.values]
        if known:
            figures.values[metric] = float(np.mean(known))
        else:
            figures.lack("no class has it", metric)
    return figures


def _alike(trio: Trio, rng: np.random.Generator) -> Figures:
    """MS-SSIM of generated images among each other, and of test images."""
    figures, size = Figures(), min(trio.generated.images.shape[2:])
    if why := trio.too_few or ("" if scales(size) else f"images of {size} pixels, needs at least {WINDOW}"):
        figures.lack(why, "ms_ssim", "ms_ssim_real")
    else:
        figures.values["ms_ssim"] = ms_ssim(trio.generated.images, rng=rng)
        figures.values["ms_ssim_real"] = ms_ssim(trio.test.images, rng=rng)
    return figures


def _faithful(trio: Trio, label: int, extractor: Extractor) -> Figures:
    """Label fidelity of generated images, and of test images."""
    figures = Figures()
    for metric, seen in (("label_fidelity", trio.generated), ("label_fidelity_real", trio.test)):
        if extractor.knows_classes and seen.embedding.logits is not None:
            figures.values[metric] = label_fidelity(seen.embedding.logits, label)
        else:
            figures.lack(f"the {extractor.name} extractor does not know the classes of these images", metric)
    return figures


def _new(trio: Trio, of_generated: Nearest | None) -> Figures:
    """Memorisation."""
    figures = Figures()
    if of_generated is None or trio.train is None:
        figures.lack(NO_TRAINING_IMAGES, "memorisation")
    elif trio.too_few:
        figures.lack(trio.too_few, "memorisation")
    else:
        of_test = nearest(trio.test.features, trio.train.features)
        figures.values["memorisation"] = memorisation(of_generated.distances, of_test.distances)
    return figures
