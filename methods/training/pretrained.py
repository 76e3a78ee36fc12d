"""Weights to start from: read from a file, and put into a network."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from methods.base import NotApplicable
from methods.classifiers.head import head_of


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name; of weights that `bench run --keep-weights` left, those of the classifier.

    A ``.pt`` file is read as tensors only; nothing in it is run.

    Raises:
        NotApplicable: It cannot be read.
    """
    try:
        if path.suffix == ".safetensors":
            tensors = safetensors.torch.load_file(path)
        else:
            tensors = torch.load(path, map_location="cpu", weights_only=True)
            tensors = tensors.get("state_dict", tensors)
    except (OSError, RuntimeError, AttributeError, pickle.UnpicklingError, safetensors.SafetensorError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise NotApplicable(f"the weights file {path.name} cannot be read ({reason}); give another.") from error
    if "classifier_offset" in tensors:
        prefix = "classifier."
        tensors = {name.removeprefix(prefix): of for name, of in tensors.items() if name.startswith(prefix)}
    return tensors


def adopt(network: nn.Module, tensors: Mapping[str, Tensor], *, source: str) -> None:
    """Starts a network from weights; its head stays as it is where it is of another size, or not among them.

    Args:
        network: Whose weights are replaced.
        tensors: By the network's names.
        source: Of the weights, for messages.

    Raises:
        NotApplicable: A weight outside the head is missing or has another shape.
    """
    head, _ = head_of(network)
    own = network.state_dict()
    fitting: dict[str, Tensor] = {}
    for name, value in own.items():
        given = tensors.get(name)
        if isinstance(given, Tensor) and given.shape == value.shape:
            fitting[name] = given
        elif name.rpartition(".")[0] != head and not name.endswith("num_batches_tracked"):
            found = "lacks it" if given is None else f"has {_shape(given)}"
            raise NotApplicable(
                f"{source} does not fit the classifier: {name} is {_shape(value)} and the file {found}; "
                "give weights of the same architecture, width and image size."
            )
    network.load_state_dict({**own, **fitting})


def _shape(value: object) -> str:
    return " × ".join(map(str, value.shape)) or "a number" if isinstance(value, Tensor) else type(value).__name__
