"""The registry of datasets."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from datasets.base import Dataset
from datasets.registry import Registry

DATASETS: Registry[Dataset] = Registry("dataset", package="datasets", group="bench.datasets")

D = TypeVar("D", bound=Dataset)


def register(cls: type[D]) -> type[D]:
    """Class decorator that enters a dataset under ``cls.info.name``.

    Raises:
        SpecError: The name is taken.
    """
    cls.info = replace(cls.info, parameters=cls.describe())
    DATASETS.register(cls)
    return cls
