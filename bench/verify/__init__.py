"""Conformance: what every method and every dataset has to hold to, a plug-in's too."""

from bench.verify.checks import Outcome
from bench.verify.of_datasets import verify_dataset
from bench.verify.of_methods import toy_images, verify_method

__all__ = ["Outcome", "toy_images", "verify_dataset", "verify_method"]
