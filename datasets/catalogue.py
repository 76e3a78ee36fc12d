"""The registry of datasets."""

from __future__ import annotations

from datasets.base import Dataset
from datasets.registry import Registry

DATASETS: Registry[Dataset] = Registry("dataset", package="datasets", group="bench.datasets")

register = DATASETS.register
"""Class decorator that enters a dataset under ``cls.info.name``; a name that is taken is a ``SpecError``."""
