"""Two budgets in one phase: which step updates what."""

from __future__ import annotations


def interleave(class_updates: int, source_updates: int) -> list[tuple[bool, bool]]:
    """As many steps as the larger budget has updates, the smaller one's spread evenly over them.

    Args:
        class_updates: Of the class loss.
        source_updates: Of the discriminator's source loss.

    Returns:
        For each step (whether the class loss is due, whether the source loss is due).
    """
    steps = max(class_updates, source_updates)
    return [(_due(class_updates, step, steps), _due(source_updates, step, steps)) for step in range(steps)]


def _due(updates: int, step: int, steps: int) -> bool:
    return (step + 1) * updates // steps > step * updates // steps
