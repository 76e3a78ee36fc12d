"""Where images come from: readers, generators of images, splits.

Imports nothing of the other packages. A `Dataset` is a name with parameters; `open` makes it a `Source`, whose
`split` gives one seed's train, validation and test images. The syntax and the registry that methods share live here
as well, since this is the ground floor.
"""

from datasets.base import (
    SPLIT_VERSION,
    Dataset,
    DatasetError,
    DatasetInfo,
    LabelledImages,
    Places,
    Source,
    Split,
    SplitRule,
)
from datasets.catalogue import DATASETS, register
from datasets.component import Component, Parameter
from datasets.registry import PluginError, Registry, load_plugin
from datasets.spec import SpecError

DISTRIBUTION = "augbench"
"""Tells this package from a foreign one of the same name."""

__all__ = [
    "DATASETS",
    "DISTRIBUTION",
    "SPLIT_VERSION",
    "Component",
    "Dataset",
    "DatasetError",
    "DatasetInfo",
    "LabelledImages",
    "Parameter",
    "Places",
    "PluginError",
    "Registry",
    "Source",
    "SpecError",
    "Split",
    "SplitRule",
    "load_plugin",
    "register",
]
