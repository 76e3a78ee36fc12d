"""Whether a verdict from few seeds would stand if they differed as much as their test images alone would make them.

The spread of three differences can be small by luck. What the finite test sample makes of it is known apart, from a
bootstrap over each seed's own test images, and where seeds draw their test images afresh it is a part of the true
spread (nearly so where they resample one pool). A verdict that falls with it rests on the luck of few seeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from report.compare import with_spreads
from report.comparison import Comparison
from report.document import Code, Span, Text
from report.numbers import bare
from report.single_images import SingleImages
from report.statistics.sign_flip import NO_CLAIM_BELOW
from report.statistics.verdict import Word
from report.text import plural


@dataclass(frozen=True)
class Widened:
    """A verdict, and what it would be with the spread of the test images.

    Attributes:
        of: The comparison.
        sd: Standard deviation of its differences over seeds.
        test_sd: What the test images of single seeds alone make of it; None where they are not known.
        word: The verdict if every comparison of the family had at least its test images' spread.
    """

    of: Comparison
    sd: float
    test_sd: float | None
    word: Word

    @property
    def wider(self) -> bool:
        """Whether the test images alone make more than the seeds show."""
        return self.test_sd is not None and self.test_sd > self.sd


def widened(found: Sequence[Comparison], images: SingleImages, *, rope: float) -> list[Widened]:
    """Judges again, with the spread of the test images, what few seeds have decided.

    Args:
        found: All comparisons of a dataset in the study's first metric; families may be mixed.
        images: Of the dataset.
        rope: Half-width of practical equivalence.

    Returns:
        Of better, worse and equivalent from fewer than ``NO_CLAIM_BELOW`` pairs whose seeds have test images of their
        own; in the order given.
    """
    few = [one.word != "undecided" and one.n < NO_CLAIM_BELOW and one.rule in ("fresh", "resampled") for one in found]
    if not any(few):
        return []
    variances = [images.test_variance(one) for one in found]
    sds = [None if variance is None else variance**0.5 for variance in variances]
    again = with_spreads(found, sds, rope=rope)
    return [
        Widened(one, one.estimate.sd, sd, other.word)
        for one, sd, other, asked in zip(found, sds, again, few, strict=True)
        if asked and one.estimate is not None
    ]


def sentences(told: Sequence[Widened], *, against: bool = False) -> Iterator[Text]:
    """Which verdicts are frail, and which stand; nothing of those whose spread and verdict are as they were.

    Args:
        told: Of ``widened``.
        against: Whether the references are named.
    """
    for one in told:
        name, seeds = Code(one.of.method), plural(one.of.n, "seed")
        rival: tuple[Span, ...] = (" against ", Code(one.of.reference)) if against else ()
        than: tuple[Span, ...] = (" to " if one.word == "equivalent" else " than ", *rival[1:]) if against else ()
        ours, images = bare(one.sd), bare(one.test_sd or 0.0)
        if one.word != one.of.word and one.wider:
            differ = f" rests on {seeds} that differ less ({ours} points) than their test images alone would make them "
            yield (name, "'s verdict", *rival, differ, f"({images}); with that spread it would be {one.word}.")
        elif one.word != one.of.word:
            differ = f" rests on how little the {seeds} of others differ; with what their test images alone would make "
            yield (name, "'s verdict", *rival, differ, f"of them it would be {one.word}.")
        elif one.wider:
            given = (
                f" if its {seeds}, which differ by {ours} points, are given the spread that their test images alone "
            )
            yield (name, f" stays {one.word}", *than, given, f"would make ({images}).")
