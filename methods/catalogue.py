"""The registry of methods."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from datasets import Registry
from methods.base import Method, Tier

METHODS: Registry[Method] = Registry("method", package="methods", group="bench.methods")

register = METHODS.register
"""Class decorator that enters a method under ``cls.info.name``; a name that is taken is a ``SpecError``."""


def expand(names: Iterable[str]) -> list[str]:
    """Puts the members in the place of ``all`` and of the tiers' names; other names stay as they are.

    ``unified`` is the method, not the tier of that name: a resolved study has to mean the same when it is run again.
    """
    tiers = {"all", *get_args(Tier)} - set(METHODS.names())
    expanded: list[str] = []
    for name in names:
        if name in tiers:
            expanded += [cls.info.name for cls in METHODS.classes() if name in ("all", cls.info.tier)]
        else:
            expanded.append(name)
    return list(dict.fromkeys(expanded))
