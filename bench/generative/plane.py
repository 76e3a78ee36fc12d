"""Real and generated images as points in one plane: a picture of what the figures measure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bench.generative.trio import Trio
from results import Plane

MOST_A_CLASS = 60
"""Points of a class and kind that are kept: enough to see a cloud."""


def plane_of(trios: Mapping[int, Trio]) -> Plane | None:
    """Projects features onto the first two principal components of the test images'.

    Args:
        trios: Images of each class as the extractor sees them, by label.

    Returns:
        The first 60 images of each class and kind; None where fewer than three test images, or features without
        spread, make no plane. Each component's largest entry is positive, so that equal features give equal planes.
    """
    real = np.concatenate([trio.test.features for trio in trios.values()]) if trios else np.empty((0, 2))
    if len(real) < 3:
        return None
    mean = real.mean(axis=0)
    _, sizes, components = np.linalg.svd(real - mean, full_matrices=False)
    if len(sizes) < 2 or sizes[1] <= 1e-9 * max(sizes[0], 1e-300):
        return None
    axes = components[:2]
    axes = axes * np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])[:, None]
    points = {
        kind: [
            (seen.features[:MOST_A_CLASS] - mean) @ axes.T for trio in trios.values() for seen in [getattr(trio, kind)]
        ]
        for kind in ("test", "generated")
    }
    labels = {
        kind: np.repeat(np.array(list(trios), dtype=np.int64), [len(of_class) for of_class in points[kind]])
        for kind in points
    }
    return Plane(
        real=np.concatenate(points["test"]).astype(np.float32),
        real_labels=labels["test"],
        generated=np.concatenate(points["generated"]).astype(np.float32),
        generated_labels=labels["generated"],
        explained=float((sizes[:2] ** 2).sum() / (sizes**2).sum()),
    )
