"""Presets: named budgets, the same for every method of a study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from types import MappingProxyType

from bench.errors import UsageError
from datasets.registry import nearest
from methods import Budget

PRESETS: Mapping[str, Budget] = MappingProxyType(
    {
        "smoke": Budget(  # seconds, for tests: nothing is learnt
            size=16, batch=16, classifier_steps=20, classifier_width=8, generator_steps=20, generator_width=8
        ),
        "quick": Budget(  # a minute of one core for a classifier, some with a generator
            size=32, batch=32, classifier_steps=3000, classifier_width=16, generator_steps=3200, generator_width=32
        ),
        "standard": Budget(  # minutes on a GPU
            size=32, batch=64, classifier_steps=4000, classifier_width=64, generator_steps=20000, generator_width=64
        ),
        "paper": Budget(  # published widths and steps
            size=64, batch=128, classifier_steps=20000, classifier_width=64, generator_steps=100000, generator_width=64
        ),
    }
)
"""How `quick` was chosen: among six widths, batches and lengths, first on 30 % of the Chula smears drawn before
`part=develop` was fixed (so overlapping with `part=report`), then checked on the validation images of
`chula-rbc-4[part=develop]`, three seeds, at equal CPU time: 3,000 steps of width 16 gave `classic-balanced` .923 and
`none` .792, 1,300 steps of width 32 .856 and .790."""


def resolve_budget(preset: str, changes: Mapping[str, int | float]) -> Budget:
    """A preset's budget with some of it changed.

    Args:
        preset: Name of the preset.
        changes: Fields of ``Budget`` by name.

    Raises:
        UsageError: Unknown preset or field, or a value below one.
    """
    if preset not in PRESETS:
        raise UsageError(f"there is no preset {preset!r}; {nearest(preset, PRESETS)}")
    known = [field.name for field in fields(Budget)]
    for name, value in changes.items():
        if name not in known:
            raise UsageError(f"a budget has no {name!r}; {nearest(name, known)}")
        if value < 1 or value != int(value):
            raise UsageError(f"budget {name}={value:g} is no whole number from 1; write for example {name}=64.")
    return replace(PRESETS[preset], **{name: int(value) for name, value in changes.items()})


def parse_budget(text: str | None) -> dict[str, int | float]:
    """Reads ``size=64,generator_steps=20000``.

    Raises:
        UsageError: It is not a list of name=number.
    """
    changes: dict[str, int | float] = {}
    for item in (text or "").split(","):
        if not item.strip():
            continue
        name, equals, value = item.partition("=")
        try:
            changes[name.strip()] = int(float(value)) if float(value).is_integer() else float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise UsageError(f"--budget {item.strip()!r} is no name=number; write for example size=64.")
    return changes
