"""What every dataset has to hold to. A check's docstring is the promise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bench.streams import stream_seed
from bench.verify.checks import Check, Outcome, held, promise
from datasets import Dataset, LabelledImages, Places, Source, Split


def verify_dataset(dataset: Dataset, places: Places) -> Iterator[Outcome]:
    """Holds a dataset to the interface, at 32 pixels.

    Yields:
        One outcome a check, as it ends.
    """
    yield from held(_CHECKS, _Trial(dataset, places))


class _Trial:
    """Opens and splits a dataset, each once."""

    def __init__(self, dataset: Dataset, places: Places) -> None:
        self.dataset = dataset
        self.places = places
        self._source: Source | None = None
        self._splits: dict[tuple[int, int], Split] = {}

    def open(self) -> Source:
        if self._source is None:
            self._source = self.dataset.open(self.places)
        return self._source

    def split(self, seed: int = 0, size: int = 32) -> Split:
        if (seed, size) not in self._splits:
            source = self.open()
            drawn = source.split(size=size, seed=stream_seed(source.fingerprint, seed, "split"))
            self._splits[seed, size] = drawn
        return self._splits[seed, size]


def _states_itself(trial: _Trial) -> None:
    """It states name, version, summary and reference."""
    info = trial.dataset.info
    for field in ("name", "summary", "reference"):
        assert getattr(info, field), f"info.{field} is empty."
    assert info.version >= 1, "info.version starts at 1."


def _has_a_fingerprint(trial: _Trial) -> None:
    """Opening it twice gives the same fingerprint."""
    first, second = trial.open().fingerprint, trial.dataset.open(trial.places).fingerprint
    assert first and first == second, f"{first!r} and {second!r}."


def _splits_well(trial: _Trial) -> None:
    """Every part has uint8 images of the size asked for, and every class."""
    split = trial.split()
    for name, part in _parts(split):
        assert part.images.shape[2:] == (32, 32), f"{name} images are {part.images.shape[2:]}, asked for 32 × 32."
        assert part.images.shape[1] in (1, 3), f"{name} images have {part.images.shape[1]} channels, expected 1 or 3."
        assert part.classes == trial.open().classes, f"{name} has other classes than the source."
        empty = [c for c, n in zip(part.classes, part.counts, strict=True) if n == 0]
        assert not empty, f"{name} has no image of {empty[0]}."


def _splits_in_proportion(trial: _Trial) -> None:
    """Training images are the most, and no part is empty."""
    sizes = {name: len(part) for name, part in _parts(trial.split())}
    assert sizes["train"] > sizes["test"] > 0 and sizes["valid"] > 0, f"{sizes}."


def _keeps_groups_together(trial: _Trial) -> None:
    """No group stands in two parts."""
    groups = {name: set(part.groups.tolist()) for name, part in _parts(trial.split()) if part.groups is not None}
    names = list(groups)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            crossing = groups[a] & groups[b]
            assert not crossing, f"group {sorted(crossing)[0]!r} is in {a} and {b}."


def _repeats_splits(trial: _Trial) -> None:
    """The same seed gives the same split to the bit; another seed gives another."""
    source = trial.open()
    seed = stream_seed(source.fingerprint, 0, "split")
    again, other = source.split(size=32, seed=seed), trial.split(seed=1)
    for (name, part), (_, same) in zip(_parts(trial.split()), _parts(again), strict=True):
        assert np.array_equal(part.images, same.images), f"{name} images differ between two splits of one seed."
        assert np.array_equal(part.labels, same.labels), f"{name} labels differ between two splits of one seed."
    train, unlike = trial.split().train, other.train
    differ = len(train) != len(unlike) or not np.array_equal(train.images, unlike.images)
    assert differ, "two seeds gave the same training images."


def _draws_fresh(trial: _Trial) -> None:
    """Where it has fresh images, those of the rarest class have the shape asked for and are no training images."""
    split = trial.split()
    if split.fresh is None:
        return
    labels = np.array([split.train.counts.argmin()], dtype=np.int64)  # a pool may hold no other class
    images = split.fresh(labels, np.random.default_rng(0))
    assert images.shape == (len(labels), *split.train.images.shape[1:]), f"shape {images.shape}."
    known = {image.tobytes() for image in split.train.images}
    assert not any(image.tobytes() in known for image in images), "a fresh image is a training image."


def _parts(split: Split) -> tuple[tuple[str, LabelledImages], ...]:
    return ("train", split.train), ("valid", split.valid), ("test", split.test)


_CHECKS: tuple[Check[_Trial], ...] = tuple(
    promise(check)
    for check in (
        _states_itself,
        _has_a_fingerprint,
        _splits_well,
        _splits_in_proportion,
        _keeps_groups_together,
        _repeats_splits,
        _draws_fresh,
    )
)
