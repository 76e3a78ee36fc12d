"""Where images come from: readers, generators of images, splits.

Imports nothing of the other packages. A `Dataset` is a name with parameters; `open` makes it a `Source`, whose
`split` gives one seed's train, validation and test images. The syntax and the registry that methods share live here
as well, since this is the ground floor.
"""

from datasets.base import (
    SPLIT_VERSION,
    Dataset,
    DatasetInfo,
    LabelledImages,
    Places,
    Pool,
    Source,
    Split,
    SplitRule,
)
from datasets.cache import cached, fingerprint
from datasets.catalogue import DATASETS, register
from datasets.component import Component, Parameter
from datasets.errors import DatasetError
from datasets.guards import leaks
from datasets.registry import PluginError, Registry, load_plugin
from datasets.sources import Collected, Collection, Drawn
from datasets.spec import SpecError
from datasets.splits import Part, divide, in_part

DISTRIBUTION = "augbench"
"""Tells this package from a foreign one of the same name."""

__all__ = [
    "DATASETS",
    "DISTRIBUTION",
    "SPLIT_VERSION",
    "Collected",
    "Collection",
    "Component",
    "Dataset",
    "DatasetError",
    "DatasetInfo",
    "Drawn",
    "LabelledImages",
    "Parameter",
    "Part",
    "Places",
    "PluginError",
    "Pool",
    "Registry",
    "Source",
    "SpecError",
    "Split",
    "SplitRule",
    "cached",
    "divide",
    "fingerprint",
    "in_part",
    "leaks",
    "load_plugin",
    "register",
]
