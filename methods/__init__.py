"""What is compared: the Method interface, the registry, and the methods in their three tiers.

Imports `datasets` and nothing else of ours. A `Method` is a name with parameters; `fit` sees training and validation
images and a `Context`, and leaves a `Fitted` that predicts and, where it can, samples. It never scores itself.
"""

from methods.base import (
    Budget,
    Context,
    Diverged,
    Fitted,
    Method,
    MethodInfo,
    NotApplicable,
    Phase,
    Precision,
    SampleImages,
)
from methods.catalogue import METHODS, expand, register
from methods.state import HasState, Parts, Stateful

DISTRIBUTION = "augbench"
"""Tells this package from a foreign one of the same name."""

__all__ = [
    "DISTRIBUTION",
    "METHODS",
    "Budget",
    "Context",
    "Diverged",
    "Fitted",
    "HasState",
    "Method",
    "MethodInfo",
    "NotApplicable",
    "Parts",
    "Phase",
    "Precision",
    "SampleImages",
    "Stateful",
    "expand",
    "register",
]
