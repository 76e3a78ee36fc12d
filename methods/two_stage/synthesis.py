"""Drawing generated images until enough of them are good enough to learn from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from methods.base import Context
from methods.training.judge import Judge
from methods.training.selection import Selector, Tally

TRIES = 10
"""How often an image is drawn at most until one is kept."""


def draw_selected(
    sample: Callable[[NDArray[np.int64]], NDArray[np.uint8]],
    labels: NDArray[np.int64],
    *,
    judge: Judge,
    selector: Selector,
    classes: tuple[str, ...],
    context: Context,
) -> NDArray[np.uint8]:
    """Draws an image for each label, again and again until it is kept, at most ten times.

    A place that no draw has filled by then keeps the best of its ten, so that every class has the number that the
    policy asks for. Logged in the phase ``synthesis``, a step a round of draws: ``acceptance_<class>``, the share of
    all draws so far that were kept, and ``rejected_<class>``, how many places hold an image that was not.

    Args:
        sample: (M,) labels → (M, C, H, W) uint8; other images at every call.
        labels: (N,) int64, N ≥ 1.
        judge: Looks at what is drawn.
        selector: Says what is kept.
        classes: Names, for the log.
        context: What the engine offers.

    Returns:
        (N, C, H, W) uint8.
    """
    asked = torch.as_tensor(labels)
    places, tally = torch.arange(len(labels)), Tally(classes)
    images, shortfall = np.empty(0, dtype=np.uint8), torch.full((len(labels),), torch.inf)
    for step in range(1, TRIES + 1):
        drawn = sample(labels[places.numpy()])
        lacking = selector.shortfall(*judge.examine(drawn), asked[places])
        tally.add(lacking == 0, asked[places])
        if step == 1:
            images = drawn
        better = lacking < shortfall[places]
        images[places[better].numpy()] = drawn[better.numpy()]
        shortfall[places] = torch.minimum(shortfall[places], lacking)
        places = (shortfall > 0).nonzero().flatten()
        left = torch.bincount(asked[places], minlength=len(classes)).tolist()
        rejected = {f"rejected_{classes[k]}": float(left[k]) for k in np.unique(labels)}
        context.log(step, **tally.scalars(), **rejected)
        if not len(places):
            break
    return images
