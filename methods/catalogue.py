"""The registry of methods."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar, get_args

from datasets import Registry
from methods.base import Method, Tier

METHODS: Registry[Method] = Registry("method", package="methods", group="bench.methods")

M = TypeVar("M", bound=Method)


def register(cls: type[M]) -> type[M]:
    """Class decorator that enters a method under ``cls.info.name``.

    Raises:
        SpecError: The name is taken.
    """
    cls.info = replace(cls.info, parameters=cls.describe())
    METHODS.register(cls)
    return cls


def expand(names: Iterable[str]) -> list[str]:
    """Puts the members in the place of ``all`` and of the tiers' names; other names stay as they are."""
    expanded: list[str] = []
    for name in names:
        if name == "all" or name in get_args(Tier):
            expanded += [cls.info.name for cls in METHODS.classes() if name in ("all", cls.info.tier)]
        else:
            expanded.append(name)
    return list(dict.fromkeys(expanded))
