"""What a conformance check is, and how a row of them is gone through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome:
    """How one check came out.

    Attributes:
        promise: What was checked.
        passed: Whether it holds.
        reason: Why not; empty when it holds.
    """

    promise: str
    passed: bool
    reason: str = ""


@dataclass(frozen=True)
class Check(Generic[T]):
    """A promise and the function that holds something to it."""

    promise: str
    hold: Callable[[T], None]


def promise(check: Callable[[T], None]) -> Check[T]:
    """The check whose promise is the function's docstring."""
    return Check((check.__doc__ or check.__name__).strip().rstrip("."), check)


def held(checks: Sequence[Check[T]], trial: T) -> Iterator[Outcome]:
    """Goes through checks one by one; whatever a check raises is its reason."""
    for check in checks:
        try:
            check.hold(trial)
        except AssertionError as error:
            yield Outcome(check.promise, False, str(error))
        except Exception as error:
            yield Outcome(check.promise, False, f"{type(error).__name__}: {error}")
        else:
            yield Outcome(check.promise, True)
