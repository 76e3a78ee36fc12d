"""How a run's images were split, and what crosses the split, as its record tells it."""

from __future__ import annotations

import numpy as np

from datasets import DatasetError, LabelledImages, Split, leaks
from results import ClassCounts, SplitRecord

MOST_LISTED = 100
"""Leaks and images left out that a record lists; it counts them all."""


def checked_leaks(split: Split, dataset: str, *, allow: bool) -> list[str]:
    """What crosses a split, a sentence each.

    Raises:
        DatasetError: Something does, and that is not allowed.
    """
    found = leaks(split)
    if found and not allow:
        more = f", and {len(found) - 1} more such" if len(found) > 1 else ""
        raise DatasetError(
            f"the split of {dataset} leaks: {found[0]}{more}; `bench inspect` lists them all: remove the duplicates or "
            "give groups that keep them together, or run it all the same with --allow-leaks."
        )
    return found


def split_record(split: Split, leaking: list[str]) -> SplitRecord:
    """What a record keeps of a split.

    Args:
        split: As used.
        leaking: What crosses it, from `checked_leaks`.
    """

    def counts(part: LabelledImages) -> dict[str, int]:
        return dict(zip(part.classes, part.counts.tolist(), strict=True))

    parts = (split.train, split.valid, split.test)
    groups = None
    if split.train.groups is not None:
        groups = sum(len(np.unique(part.groups)) for part in parts if part.groups is not None)
    return SplitRecord(
        rule=split.rule,
        n_train=len(split.train),
        n_valid=len(split.valid),
        n_test=len(split.test),
        n_groups=groups,
        class_counts=ClassCounts(train=counts(split.train), valid=counts(split.valid), test=counts(split.test)),
        n_left_out=len(split.left_out),
        left_out=list(split.left_out[:MOST_LISTED]),
        n_leaks=len(leaking),
        leaks=leaking[:MOST_LISTED],
    )
