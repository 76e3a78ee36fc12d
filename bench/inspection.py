"""What a dataset is and what is wrong with it, before anything is trained on it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bench.samples import write_classes
from bench.streams import stream_seed
from datasets import Collected, Dataset, LabelledImages, Places, Source
from datasets.base import Thinned
from datasets.guards import Duplicate, crossing_groups, exact_duplicates, near_duplicates, parts
from datasets.survey import Survey

SIZE = 64
MOST_SHOWN = 20


def inspect(dataset: Dataset, places: Places, *, picture: Path, seed: int = 0, size: int = SIZE) -> dict[str, Any]:
    """Opens a dataset, splits it as a run would, and looks for what crosses the split.

    Args:
        dataset: Which.
        places: Where data and caches lie.
        picture: Where the picture grid goes, as a PNG.
        seed: Whose split.
        size: Height and width at which images are compared and shown.

    Returns:
        Findings, JSON values.

    Raises:
        DatasetError: It cannot be read or split.
    """
    source = dataset.open(places)
    split = source.split(size=size, seed=stream_seed(source.fingerprint, seed, "split"))
    write_classes(picture, split.train)
    survey = _survey(source)
    exact, near = exact_duplicates(split), near_duplicates(split)
    groups = crossing_groups(split)
    return {
        "dataset": dataset.name,
        "fingerprint": source.fingerprint,
        "rule": split.rule,
        "seed": seed,
        "channels": split.train.images.shape[1],
        "counts": {
            name: {part: int(images.counts[k]) for part, images in parts(split).items()}
            for k, name in enumerate(source.classes)
        },
        "groups": _groups(parts(split)),
        "sizes": _counted([f"{width}×{height}" for width, height in survey.sizes.tolist()]) if survey else {},
        "modes": _counted(survey.modes.tolist()) if survey else {},
        "dark": survey.dark if survey else None,
        "left_out": list(split.left_out),
        "exact_duplicates": _found(exact),
        "near_duplicates": _found(near),
        "crossing_groups": groups,
        "leaks": len(groups) + sum(duplicate.crosses for duplicate in exact),
        "picture": str(picture),
    }


def picture_name(dataset: Dataset) -> Path:
    """``inspect-<name>.png``, in the current folder."""
    return Path(f"inspect-{re.sub(r'[^A-Za-z0-9._-]+', '-', dataset.name).strip('-')}.png")


def _survey(source: Source) -> Survey | None:
    inner = source.source if isinstance(source, Thinned) else source
    return inner.survey if isinstance(inner, Collected) else None


def _groups(images: dict[str, LabelledImages]) -> dict[str, int] | None:
    counts = {name: len(np.unique(part.groups)) for name, part in images.items() if part.groups is not None}
    return counts or None


def _counted(values: list[str]) -> dict[str, int]:
    """How often each occurs, the most frequent first."""
    return dict(Counter(values).most_common())


def _found(duplicates: list[Duplicate]) -> dict[str, Any]:
    """How many, how many of them cross the split or contradict each other, and the first, crossing ones first."""
    first = sorted(duplicates, key=lambda duplicate: not duplicate.crosses)[:MOST_SHOWN]
    return {
        "pairs": len(duplicates),
        "crossing": sum(duplicate.crosses for duplicate in duplicates),
        "of_different_classes": sum(not duplicate.same_label for duplicate in duplicates),
        "first": [asdict(duplicate) for duplicate in first],
    }
