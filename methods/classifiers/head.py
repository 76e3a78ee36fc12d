"""The last linear layer of a classifier: what enters it are features, what it gives are logits."""

from __future__ import annotations

from torch import nn

from methods.base import NotApplicable


def head_of(network: nn.Module) -> tuple[str, nn.Linear]:
    """Name and module of the last linear layer.

    Raises:
        NotApplicable: The network has none.
    """
    layers = [(name, module) for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    if not layers:
        raise NotApplicable(f"{type(network).__name__} has no linear layer to take features from; choose another.")
    return layers[-1]


def replace_head(network: nn.Module, outputs: int) -> nn.Module:
    """Puts a new last linear layer into a network, initialised from torch's global generator.

    Args:
        network: Is changed.
        outputs: Of the new layer.

    Returns:
        The same network.

    Raises:
        NotApplicable: The network has no linear layer.
    """
    name, old = head_of(network)
    where, _, own = name.rpartition(".")
    setattr(network.get_submodule(where), own, nn.Linear(old.in_features, outputs))
    return network
