"""What the photographs that the Chula smears hold twice are worth: a study's scores without those test images.

    python docs/copies.py results/reference/rbc4        # with BENCH_DATA

`chula-rbc-4` takes each published file for a group of its own, so that a photograph published under two names can lie
in training and in test (docs/data.md). Nothing is trained again: those test images are left out of the committed
predictions.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score

from bench.streams import stream_seed
from datasets import DATASETS, Places
from datasets.chula import find_folder, photographs, read_labels
from report.study import Results, read_results
from results import Store
from results.predictions import load_predictions

Mask = NDArray[np.bool_]


def shown(test: NDArray[np.generic], train: NDArray[np.generic], photograph: Mapping[str, str]) -> Mask:
    """Which test images show a photograph that training images show, too.

    Args:
        test: (N,) group of each test image.
        train: (M,) group of each training image.
        photograph: The first group with the same photograph, by group.
    """
    seen = {photograph[str(name)] for name in np.unique(train)}
    return np.array([photograph[str(name)] in seen for name in test], dtype=np.bool_)


def shifts(results: Results, twice: Mapping[int, Mask]) -> tuple[dict[str, float], dict[str, float]]:
    """By how much leaving test images out moves each method's mean score, and its mean difference to its reference arm.

    Args:
        results: A study of one dataset, with predictions.
        twice: By seed, (N,) which test images are left out.
    """
    assert results.folder is not None
    store = Store(results.folder)
    moved: dict[tuple[str, int], float] = {}
    for record in results.records:
        if (found := load_predictions(store.run_folder(record.run_id))) is not None:
            called, kept = found.probabilities.argmax(axis=1), ~twice[record.seed]
            every, some = (balanced_accuracy_score(found.labels[of], called[of]) for of in (kept | True, kept))
            moved[record.method, record.seed] = float(some - every)
    scores = {name: _mean(moved, name) for name, _ in moved}
    gaps = {
        (name, seed): shift - moved[arm, seed]
        for (name, seed), shift in moved.items()
        if (arm := results.references.get(name)) is not None and (arm, seed) in moved
    }
    return scores, {name: _mean(gaps, name) for name, _ in gaps}


def _mean(of: Mapping[tuple[str, int], float], name: str) -> float:
    return float(np.mean([value for (method, _), value in of.items() if method == name]))


def _left_out(results: Results, places: Places) -> dict[int, Mask]:
    """By seed, the test images to leave out."""
    first = results.records[0]
    folder = find_folder(None, places)
    cells = read_labels(folder)
    names = np.array(cells.images)
    photograph = dict(zip(cells.images, names[photographs(folder, cells)].tolist(), strict=True))
    source = DATASETS.build(first.dataset).open(places)
    if source.fingerprint != first.dataset_fingerprint:
        sys.exit(f"the images of {first.dataset} are not those of the study; use those that it was run on.")
    out: dict[int, Mask] = {}
    for seed in results.seeds:
        split = source.split(size=int(first.budget["size"]), seed=stream_seed(source.fingerprint, seed, "split"))
        assert split.train.groups is not None and split.test.groups is not None
        out[seed] = shown(split.test.groups, split.train.groups, photograph)
    return out


def main() -> None:
    """Prints what docs/data.md tells."""
    results = read_results(Path(sys.argv[1]))
    twice = _left_out(results, Places.choose())
    for seed, mask in twice.items():
        print(f"seed {seed}: {mask.sum()} of {len(mask)} test images")
    for words, moved in zip(("score", "difference to the reference arm"), shifts(results, twice), strict=True):
        name = max(moved, key=lambda name: abs(moved[name]))
        print(f"mean {words}: moved most for {name}, by {100 * moved[name]:+.2f} points")


if __name__ == "__main__":
    main()
