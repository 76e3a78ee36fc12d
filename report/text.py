"""Numbers and names as words."""

from __future__ import annotations

import re
import textwrap

from report.aggregate import Spread

NOTHING = "–"
_SPACES = re.compile("[^\\S\u00a0\u202f]+")
_UNWANTED = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]"
)
_LEFTWARD = "[\u0590-\u08ff\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]"
_LEFTWARD_RUN = re.compile(rf"{_LEFTWARD}(?:[\w\s'\"-]*{_LEFTWARD})?")
LEFT_TO_RIGHT = "\u200e"


def clean(text: str) -> str:
    """Makes text from outside fit for one line: no line breaks, control characters or reversals of direction."""
    if text.isprintable() and "  " not in text:  # most is, and long tables have much of it
        return text.strip()
    return re.sub(" +", " ", _UNWANTED.sub("", _SPACES.sub(" ", text))).strip()


def one_line(text: str) -> str:
    """A part of a line as all documents show it: clean, with the spaces at its ends kept.

    Words of a right-to-left script get the left-to-right mark, so that a figure after one of them stays after it.
    """
    kept = clean(text)
    before, after = " " * text[:1].isspace(), " " * text[-1:].isspace()
    if not kept:
        return before
    return before + (kept if kept.isascii() else _LEFTWARD_RUN.sub(f"\\g<0>{LEFT_TO_RIGHT}", kept)) + after


def short(text: str, most: int = 300) -> str:
    """Clean text, cut where it is too long."""
    cleaned = clean(text)
    return cleaned if len(cleaned) <= most else f"{cleaned[: most - 1].rstrip()}…"


def wrapped(name: str, width: int = 30) -> str:
    """A long name on several lines, broken after the commas of its parameters, or before them, where that will do."""
    if len(name) <= width:
        return name
    words = name.replace(",", ", ")
    if len(words.split()[0]) > width:
        words = words.replace("[", " [", 1)
    return "\n".join(textwrap.wrap(words, width, break_on_hyphens=False))


def score(spread: Spread | None) -> str:
    """``0.885 ± 0.012``; without ± for one seed."""
    if spread is None:
        return NOTHING
    mean = f"{spread.mean:.3f}".replace("-", "−")
    return mean if spread.sd is None else f"{mean} ± {spread.sd:.3f}"


def difference(spread: Spread | None) -> str:
    """``+0.021 ± 0.008``, with a true minus."""
    if spread is None:
        return NOTHING
    mean = "0.000" if abs(spread.mean) < 0.0005 else f"{spread.mean:+.3f}".replace("-", "−")
    return mean if spread.sd is None else f"{mean} ± {spread.sd:.3f}"


def seconds(spread: Spread | None) -> str:
    """``12.3 ± 0.4``: as many decimals as the mean needs for three digits."""
    if spread is None:
        return NOTHING
    mean = amount(spread.mean)
    return mean if spread.sd is None else f"{mean} ± {amount(spread.sd, like=spread.mean)}"


def amount(value: float, *, like: float | None = None) -> str:
    """A size with three digits, thousands apart: ``0.12``, ``12.3``, ``1 234``.

    Args:
        value: The size.
        like: Another size, whose decimals are taken.
    """
    size = abs(value if like is None else like)
    decimals = 0 if size >= 99.95 else 1 if size >= 9.995 else 2
    return f"{value:,.{decimals}f}".replace(",", "\u202f")


def plural(n: int, noun: str) -> str:
    """``1 seed``, ``2 seeds``, ``2 classes``."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}{'es' if noun.endswith('s') else 's'}"


def outcome(counts: dict[str, int]) -> str:
    """Runs of one arm: ``3 ok``, or with what else became of them: ``2 ok, 1 diverged``."""
    others = [f"{n} {status}" for status, n in counts.items() if n and status != "ok"]
    return ", ".join([f"{counts.get('ok', 0)} ok", *others])
