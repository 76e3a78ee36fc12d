"""From figures to one of four words."""

from __future__ import annotations

from typing import Literal, TypeAlias

Word: TypeAlias = Literal["better", "worse", "equivalent", "undecided"]

SIGNIFICANT_TO = 0.05
EQUIVALENT_FROM = 0.95


def word(*, difference: float | None, p_holm: float | None, p_equivalent: float | None) -> Word:
    """The verdict on one comparison.

    Args:
        difference: Mean of method minus reference.
        p_holm: Corrected t's p, adjusted within its family.
        p_equivalent: Posterior mass within ±rope.

    Returns:
        ``better`` or ``worse`` for p ≤ 0.05, be the difference ever so small; else ``equivalent`` where the posterior
        holds at least 95 % within ±rope; else ``undecided``.
    """
    if difference is not None and p_holm is not None and p_holm <= SIGNIFICANT_TO and difference != 0:
        return "better" if difference > 0 else "worse"
    if p_equivalent is not None and p_equivalent >= EQUIVALENT_FROM:
        return "equivalent"
    return "undecided"


def when(*arms: tuple[str, int, int]) -> str:
    """What stands behind a verdict where runs diverged: `` when it trains (9 of 10)``; else nothing.

    Args:
        arms: Of each, what it is called, how many runs are ok and how many diverged.
    """
    shares = [f"{who} trains ({trained} of {trained + diverged})" for who, trained, diverged in arms if diverged]
    return f" when {' and '.join(shares)}" if shares else ""
