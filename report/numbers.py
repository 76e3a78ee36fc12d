"""Differences, shares and p's as words: points with a true minus, and nothing that rounding would invent."""

from __future__ import annotations

import re

from report.text import NOTHING, amount

Interval = tuple[float, float] | None


def minus(text: str) -> str:
    """True minus signs; what rounds to zero has none."""
    return re.sub(r"[+-](0\.0+)(?!\d)", r"\1", text).replace("-", "−")


def bare(value: float) -> str:
    """Hundredths: 0.0312 is ``3.1``."""
    return f"{100 * value:.1f}"


def points(value: float) -> str:
    """``3.1 points``."""
    return f"{minus(bare(value))} points"


def signed_points(value: float, interval: Interval) -> str:
    """``+3.1 points (95 % interval 1.0 to 5.2)``."""
    return f"{minus(f'{100 * value:+.1f}')} points {band(interval)}"


def band(interval: Interval, *, sign: int = 1) -> str:
    """``(95 % interval 1.0 to 5.2)``, in points; with ``sign`` −1 the interval of the opposite difference."""
    if interval is None:
        return "(no interval)"
    low, high = sorted(sign * end for end in interval)
    return minus(f"(95 % interval {100 * low:.1f} to {100 * high:.1f})")


def span(sizes: list[float]) -> str:
    """``1.2`` or ``1.2 to 3.4``, in points."""
    low, high = bare(min(sizes)), bare(max(sizes))
    return low if low == high else f"{low} to {high}"


def difference(value: float | None, interval: Interval = None) -> str:
    """``+0.031 [+0.010, +0.052]``."""
    if value is None:
        return NOTHING
    mean = minus(f"{value:+.3f}")
    return mean if interval is None else f"{mean} [{minus(f'{interval[0]:+.3f}, {interval[1]:+.3f}')}]"


def p_words(value: float | None) -> str:
    """``0.0312``, or ``<0.0001``."""
    if value is None:
        return NOTHING
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"


def share(value: float | None) -> str:
    """``0.95``."""
    return NOTHING if value is None else f"{value:.2f}"


def percent(value: float | None) -> str:
    """``95 %``."""
    return NOTHING if value is None else f"{100 * value:.0f} %"


def ratio(value: float | None, interval: Interval = None) -> str:
    """``×1.31 [1.20, 1.43]``."""
    if value is None:
        return NOTHING
    return (
        f"×{amount(value)}" if interval is None else f"×{amount(value)} [{amount(interval[0])}, {amount(interval[1])}]"
    )
