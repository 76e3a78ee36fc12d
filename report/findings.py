"""The comparisons in words. Nothing is said that the figures do not carry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from report.compare import RANKING
from report.comparison import Comparison
from report.document import Code, Items, Paragraph, Span, Strong, Text, listed
from report.frame import METRICS, direction
from report.numbers import band, bare, p_words, points, share, signed_points, span
from report.robustness import Widened, sentences
from report.statistics.sign_flip import NO_CLAIM_BELOW
from report.statistics.verdict import EQUIVALENT_FROM, Word
from report.text import amount, plural, short

SIDES: tuple[Word, ...] = ("better", "worse", "equivalent", "undecided")
EACH_UP_TO = 8
"""Methods of which each gets a sentence; of more, only those with a claim do."""


def findings(
    found: Sequence[Comparison], dataset: str, *, rope: float, clock: str, widened: Sequence[Widened] = ()
) -> Iterator[Paragraph | Items]:
    """Plain findings on one dataset.

    Args:
        found: Comparisons of a study.
        dataset: Which.
        rope: Half-width of practical equivalence.
        clock: What cost is measured in: ``GPU`` or ``CPU``.
        widened: Verdicts from few seeds, judged again with the spread of their test images.
    """
    here = [one for one in found if one.dataset == dataset]
    if not here:
        yield Paragraph(("On ", Code(dataset), " no method has a reference arm, so there is nothing to judge."))
        return
    main = [one for one in here if one.metric == here[0].metric]
    yield Paragraph(("On ", Code(dataset), *_tally(main)))
    yield Items(tuple(_sentences(main, rope=rope, clock=clock)))
    yield from _provisos(here, widened)
    if few := _few_seeds(main):
        yield Paragraph(few)


def one_or_two(
    found: Sequence[Comparison], dataset: str, *, rope: float, clock: str, widened: Sequence[Widened] = ()
) -> Iterator[Paragraph | Items]:
    """The unified tier against the two-stage one, head to head; nothing where no two of them share a classifier.

    Args:
        found: Of ``head_to_head``.
        dataset: Which.
        rope: Half-width of practical equivalence.
        clock: What cost is measured in.
        widened: Verdicts from few seeds, judged again with the spread of their test images.
    """
    here = [one for one in found if one.dataset == dataset]
    if not here:
        return
    main = [one for one in here if one.metric == here[0].metric]
    alone = plural(len(main), "comparison")
    yield Paragraph(
        ("One process or two, on ", Code(dataset), f", in {METRICS[main[0].metric]} (a family of {alone}):")
    )
    yield Items(tuple(_finding(one, rope=rope, clock=clock, against=True) for one in main))
    yield from _provisos(here, widened, against=True)


def own_five_percent(found: Sequence[Comparison]) -> Text:
    """What the error rate holds for; empty where there is one question only."""
    metrics = list(dict.fromkeys(METRICS[one.metric] for one in found))
    datasets = {one.dataset for one in found}
    if len(metrics) < 2 and len(datasets) < 2:
        return ""
    each = [f"metric ({' and '.join(metrics)})"] if len(metrics) > 1 else []
    each += ["dataset"] if len(datasets) > 1 else []
    return (
        f"Each {' and each '.join(each)} is a question of its own: Holm's adjustment keeps false claims to 5 % within "
        "a family of methods for each of them, not over all of them together."
    )


def _provisos(
    here: Sequence[Comparison], widened: Sequence[Widened], *, against: bool = False
) -> Iterator[Paragraph | Items]:
    """What to know beside the sentences on the first metric: Holm, luck of few seeds, and what the ranking says."""
    main = [one for one in here if one.metric == here[0].metric]
    if any(one.word == "undecided" and _leaves_zero_out(one.interval) for one in main):
        yield Paragraph(
            (
                "Each interval is that of one comparison alone; ",
                Strong("better"),
                " and ",
                Strong("worse"),
                " also allow for how many are made (Holm), so one can be undecided though its interval leaves zero "
                "out.",
            )
        )
    if said := tuple(sentences(widened, against=against)):
        yield Items(said)
    if here[0].metric == RANKING:
        return
    ranking = {(one.method, one.reference): one for one in here if one.metric == RANKING}
    both = [(one, ranking.get((one.method, one.reference))) for one in main]
    if apart := tuple(
        _disagreement(one, other, against=against) for one, other in both if other and _apart(one, other)
    ):
        yield Items(apart)


def _leaves_zero_out(interval: tuple[float, float] | None) -> bool:
    return interval is not None and (interval[0] > 0 or interval[1] < 0)


def _sentences(main: Sequence[Comparison], *, rope: float, clock: str) -> Iterator[Text]:
    for side in SIDES:
        members = [one for one in main if one.word == side]
        if len(main) <= EACH_UP_TO or side in ("better", "worse"):
            yield from (_finding(one, rope=rope, clock=clock) for one in members)
        elif members:
            yield _together(side, members)


def _together(side: Word, members: Sequence[Comparison]) -> Text:
    """One sentence for many methods without a claim."""
    shown = sorted(members, key=lambda one: -direction(one.metric) * (one.difference or 0))
    spans: list[Span] = [Strong(side.capitalize()), ": "]
    for i, one in enumerate(shown):
        gain = (
            "no pairs" if one.difference is None else signed_points(one.difference, None).removesuffix(" (no interval)")
        )
        spans += [", " if i else "", Code(one.method), f" ({gain}{one.when})"]
    needed = [one.seeds_needed for one in members if one.seeds_needed is not None and one.seeds_needed > one.n]
    settled = (
        f" From {min(needed)} seeds on some would be settled if mean and spread stay as they are." if needed else ""
    )
    return (*spans, ".", settled if side == "undecided" else "")


def _tally(main: Sequence[Comparison]) -> tuple[Span, ...]:
    arms = list(dict.fromkeys(one.reference for one in main))
    counted = [f"{n} {side}" for side in SIDES if (n := sum(one.word == side for one in main))]
    held = plural(len(main), "method")
    verb = "is" if len(main) == 1 else "are"
    less = ", of which less is better" if direction(main[0].metric) < 0 else ""
    each = (
        ""
        if len(arms) == 1
        else "the arm of its own classifier, "
        if verb == "is"
        else "the arms of their own classifiers, "
    )
    spans = (f", {held} {verb} held against {each}", *listed(arms), f", in {METRICS[main[0].metric]}{less}: ")
    return (*spans, Strong(", ".join(counted)), ".")


def _finding(one: Comparison, *, rope: float, clock: str, against: bool = False) -> Text:
    name = Code(one.method)
    than: tuple[Span, ...] = (
        " than " if one.word in ("better", "worse") else " to " if one.word == "equivalent" else " beside ",
    )
    to: tuple[Span, ...] = (*than, Code(one.reference)) if against else ()
    size = one.difference or 0.0
    words: list[Span] = [name, " is ", Strong(one.word), *to, one.when]
    if one.reason:
        observed = "" if one.difference is None else f" (observed: {points(one.difference)})"
        words += [f": {short(one.reason)}{observed}."]
    elif one.word in ("better", "worse"):
        words += [f" by {points(abs(size))} {band(one.interval, sign=-1 if size < 0 else 1)}."]
        if abs(size) < rope:
            surely = one.p_equivalent is not None and one.p_equivalent >= EQUIVALENT_FROM
            what = "The difference is real but" if surely else "The mean difference is"
            words.append(f" {what} within the ±{bare(rope)} points that count as equivalent.")
    elif one.word == "equivalent":
        within = f"within ±{bare(rope)} points with probability {share(one.p_equivalent)}"
        words += [f": {within}; {signed_points(size, one.interval)}."]
    else:
        words += [f": {signed_points(size, one.interval)}.{_to_settle(one)}"]
    return (*words, _cost_words(one, clock, against=against), _dropped(one))


def _to_settle(one: Comparison) -> str:
    if one.seeds_needed is None:
        floors = {
            "resampled": "the seeds share images, so the interval has a floor",
            "fixed-test": "the seeds share their test images, so the interval has a floor",
        }
        why = floors.get(one.rule or "", "the difference is too close to the margin")
        return f" No number of seeds would settle it if mean and spread stay as they are: {why}."
    if one.seeds_needed <= one.n:
        return ""
    return f" About {one.seeds_needed} seeds would settle it if mean and spread stay as they are."


def _cost_words(one: Comparison, clock: str, *, against: bool) -> str:
    if one.cost_ratio is None:
        return ""
    interval = one.cost_interval
    told = [] if interval is None else [f"{amount(interval[0])} to {amount(interval[1])}"]
    told += [plural(one.n_cost, "pair")] if one.n_cost < one.n else []
    known = f" ({', '.join(told)})" if told else ""
    costs = f"costs {amount(one.cost_ratio)} times the {clock} seconds"
    if one.better_and_cheaper:
        return f" It is better and cheaper: it {costs}{known}."
    if one.cheaper and one.word == "equivalent":
        return f" It does the same for less: it {costs}{known}."
    return f" It {costs} {'of it' if against else 'of the reference'}{known}."


def _dropped(one: Comparison) -> str:
    return f" {plural(one.n_dropped, 'seed')} without a pair left out." if one.n_dropped else ""


def _apart(one: Comparison, other: Comparison) -> bool:
    """Whether one metric has a claim that the other does not share."""
    claims = ("better", "worse")
    return one.word != other.word and (one.word in claims or other.word in claims)


def _disagreement(one: Comparison, other: Comparison, *, against: bool) -> Text:
    figures = "no figures" if other.difference is None else signed_points(other.difference, other.interval)
    beside: tuple[Span, ...] = (" beside ", Code(one.reference)) if against else ()
    spans: tuple[Span, ...] = (
        "The metrics disagree on ",
        Code(one.method),
        *beside,
        f": {one.word} in {METRICS[one.metric]}, {other.word} in {METRICS[other.metric]} ({figures}).",
    )
    if one.metric == "balanced_accuracy" and one.word == "better":
        why = (
            " Balanced accuracy rises when the operating point moves towards the rare classes, as mere re-balancing "
            "does; macro AP has no operating point. A real gain shows in both."
        )
    elif other.word in ("better", "worse") and one.metric == "balanced_accuracy":
        why = (
            " Macro AP looks at the ranking alone, which can change while the classes called at the operating point "
            "do not."
        )
    else:
        why = " They measure different things; a real gain shows in both."
    return (*spans, why)


def _few_seeds(main: Sequence[Comparison]) -> Text:
    tested = [one for one in main if one.n >= 2]
    if not tested:
        return ""
    least = min(one.n for one in tested)
    if least >= NO_CLAIM_BELOW:
        return ""
    fewest = [one for one in tested if one.n == least]
    whose: tuple[Span, ...] = () if len(fewest) == len(tested) else (" (", *listed([one.method for one in fewest]), ")")
    sizes = [one.minimum_detectable for one in fewest if one.minimum_detectable is not None]
    return (
        f"With {plural(least, 'pair')}",
        *whose,
        f" a sign-flip test cannot go below p = {p_words(fewest[0].p_smallest)}, whatever the difference."
        f"{_could_have_found(plural(least, 'pair'), sizes)}",
    )


def _could_have_found(pairs: str, sizes: Sequence[float]) -> str:
    """In words, the differences that would have been found four times in five; no score can differ by over 1."""
    possible = [size for size in sizes if size < 1]
    if not sizes:
        return ""
    if not possible:
        return f" With this spread, {pairs} cannot be relied on to find any difference: not even one of 100 points."
    rest = len(sizes) - len(possible)
    but = f" ({plural(rest, 'method')} not counted: there not even one of 100 points)" if rest else ""
    above = span(possible)
    each = ", by method" if " to " in above else ""
    return f" With this spread, {pairs} find a true difference four times in five only above {above} points{each}{but}."
