"""Numbers and names as words."""

from __future__ import annotations

import textwrap
import unicodedata

from report.aggregate import Spread

NOTHING = "–"
_OVERRIDES = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


def clean(text: str) -> str:
    """Makes text from outside fit for one line: no line breaks, control characters or reversals of direction."""
    words = " ".join(text.split())
    return "".join(c for c in words if unicodedata.category(c) not in ("Cc", "Cs") and ord(c) not in _OVERRIDES)


def short(text: str, most: int = 300) -> str:
    """Clean text, cut where it is too long."""
    cleaned = clean(text)
    return cleaned if len(cleaned) <= most else f"{cleaned[: most - 1].rstrip()}…"


def wrapped(name: str, width: int = 30) -> str:
    """A long name on several lines, broken where a parameter ends."""
    if len(name) <= width:
        return name
    head, bracket, rest = name.partition("[")
    lines = textwrap.wrap(head, width)
    if bracket:
        parts = (bracket + rest).replace(",", ", ")
        lines += textwrap.wrap(parts, width, break_on_hyphens=False)
    return "\n".join(lines)


def score(spread: Spread | None) -> str:
    """``0.885 ± 0.012``; without ± for one seed."""
    if spread is None:
        return NOTHING
    return f"{spread.mean:.3f}" if spread.sd is None else f"{spread.mean:.3f} ± {spread.sd:.3f}"


def difference(spread: Spread | None) -> str:
    """``+0.021 ± 0.008``, with a true minus."""
    if spread is None:
        return NOTHING
    mean = f"{spread.mean:+.3f}".replace("-", "−")
    return mean if spread.sd is None else f"{mean} ± {spread.sd:.3f}"


def seconds(spread: Spread | None) -> str:
    """``12.3 ± 0.4``, with three significant digits."""
    if spread is None:
        return NOTHING
    return amount(spread.mean) if spread.sd is None else f"{amount(spread.mean)} ± {amount(spread.sd)}"


def amount(value: float) -> str:
    """A size with three significant digits, thousands apart: ``0.12``, ``12.3``, ``1 234``."""
    if abs(value) >= 100:
        return f"{value:,.0f}".replace(",", "\u202f")
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def plural(n: int, noun: str) -> str:
    """``1 seed``, ``2 seeds``, ``2 classes``."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}{'es' if noun.endswith('s') else 's'}"


def outcome(counts: dict[str, int]) -> str:
    """Runs of one arm: ``3 ok``, or with what else became of them: ``2 ok, 1 diverged``."""
    others = [f"{n} {status}" for status, n in counts.items() if n and status != "ok"]
    return ", ".join([f"{counts.get('ok', 0)} ok", *others])
