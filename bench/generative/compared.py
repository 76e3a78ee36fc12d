"""Figures that compare two sets of features, each with its floor where it has one."""

from __future__ import annotations

from bench.generative.extractor import Features
from bench.generative.fid import fid
from bench.generative.inception_score import inception_score
from bench.generative.kid import kid
from bench.generative.prdc import compare
from bench.generative.trio import LEAST, Figures, Trio

COMPARED = ("kid", "precision", "recall", "density", "coverage")
FID = ("fid", "fid_floor")
FLOORS = tuple(f"{metric}_floor" for metric in COMPARED)


NO_TRAINING_IMAGES = "no training images are given"


def compared(trio: Trio, *, width: int) -> Figures:
    """KID, FID, precision, recall, density and coverage, each with its floor.

    A floor is the same figure of as many real training images as there are generated ones. KID is unbiased, so its
    floor may do with fewer. FID is biased by n: it is measured only where both covariances have full rank
    (n > D), and only with its floor: with enough training images.

    Args:
        trio: One class, or all together.
        width: D, features of an image.
    """
    figures = Figures({"n": len(trio.generated)})
    if trio.too_few:
        figures.lack(trio.too_few, *COMPARED, *FLOORS, *FID)
        return figures
    generated, test = trio.generated.features, trio.test.features
    found = compare(generated, test)
    figures.values |= {metric: getattr(found, metric) for metric in COMPARED}
    train = None if trio.train is None else trio.train.features[: len(generated)]
    beside = test if trio.beside_train is None else trio.beside_train.features
    figures.add(_floors(train, beside, n=len(generated)))
    if why := _why_no_fid(trio, width):
        figures.lack(why, *FID)
    elif train is None:
        figures.lack(NO_TRAINING_IMAGES, *FID)
    else:
        figures.values |= {"fid": fid(generated, test), "fid_floor": fid(train, test)}
    return figures


def _floors(train: Features | None, test: Features, *, n: int) -> Figures:
    """What real training images give; all but KID depend on how many there are, so they have to be n."""
    figures = Figures()
    if train is None:
        figures.lack(NO_TRAINING_IMAGES, *FLOORS)
    elif len(train) < LEAST:
        figures.lack(f"{len(train)} training images, needs at least {LEAST}", *FLOORS)
    elif len(train) < n:
        figures.values["kid_floor"] = kid(train, test)
        figures.lack(_too_few_for_floor(len(train), n), *FLOORS[1:])
    else:
        found = compare(train, test)
        figures.values |= {f"{metric}_floor": getattr(found, metric) for metric in COMPARED}
    return figures


def _too_few_for_floor(train: int, n: int) -> str:
    return f"{train} training images, its floor needs as many as the {n} generated ones"


def _why_no_fid(trio: Trio, width: int) -> str:
    for side, seen in (("test", trio.test), ("generated", trio.generated)):
        if len(seen) <= width:
            return f"{len(seen)} {side} images, needs more than the {width} features"
    if trio.train is not None and len(trio.train) < len(trio.generated):
        return _too_few_for_floor(len(trio.train), len(trio.generated))
    return ""


def scored(trio: Trio, *, extractor: str) -> Figures:
    """The Inception Score of the generated images, where the extractor has classes."""
    figures = Figures()
    logits = trio.generated.embedding.logits
    if logits is None:
        figures.lack(f"the {extractor} extractor tells no classes", "inception_score")
    elif len(logits) < LEAST:
        figures.lack(f"{len(logits)} generated images, needs at least {LEAST}", "inception_score")
    else:
        figures.values["inception_score"] = inception_score(logits)
    return figures
