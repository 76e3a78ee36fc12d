"""The last linear layer of a classifier: what stands before it are features, what it gives are logits."""

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
