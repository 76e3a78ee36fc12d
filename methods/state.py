"""What a training has to keep so that it can go on in another process, to the bit.

PyTorch's own way: networks, optimisers and schedules have ``state_dict`` and ``load_state_dict``, and whatever else
changes from step to step gets them by naming its attributes. The suite writes and reads the files
(`Context.steps`); a method hardly knows of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor


class HasState(Protocol):
    """A network, an optimiser, a schedule, or one of ours."""

    def state_dict(self) -> dict[str, Any]:
        """Numbers, texts, tensors, and lists, tuples and dicts of them."""
        ...

    def load_state_dict(self, state: dict[str, Any], /) -> Any:
        """Takes them back."""
        ...


class Stateful:
    """Something whose state is that of some of its attributes.

    Attributes:
        changing: Names of the attributes that change in training. Those that have a state themselves (networks,
            optimisers, schedules, torch's random generators, other `Stateful` things, and lists and dicts of them)
            stay the objects that they are and get their content back; others (numbers, tensors) are replaced.
            Without names there is no state to be had.
    """

    changing: ClassVar[tuple[str, ...]] = ()

    def state_dict(self) -> dict[str, Any]:
        """The state by attribute.

        Raises:
            NotImplementedError: The attributes are not named.
        """
        if not self.changing:
            raise NotImplementedError(f"{type(self).__name__} does not name what changes in it; give it `changing`.")
        return {name: _state_of(getattr(self, name)) for name in self.changing}

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """Takes over a state that `state_dict` gave, in this process or another."""
        for name in self.changing:
            own = getattr(self, name)
            if _has_state(own):
                _load(own, state[name])
            elif isinstance(own, deque):
                own.clear()
                own.extend(state[name])
            else:
                setattr(self, name, state[name])


class Parts(Stateful):
    """Several things as one.

    Args:
        **parts: By name; each has a state.
    """

    changing = ("parts",)

    def __init__(self, **parts: HasState | torch.Generator) -> None:
        self.parts = parts


def _has_state(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_has_state, value))
    if isinstance(value, Mapping):
        return bool(value) and all(map(_has_state, value.values()))
    return isinstance(value, torch.Generator) or hasattr(value, "load_state_dict")


def _state_of(value: Any) -> Any:
    if not _has_state(value):
        return list(value) if isinstance(value, deque) else value
    if isinstance(value, torch.Generator):
        return value.get_state()
    if isinstance(value, list):
        return [_state_of(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _state_of(item) for key, item in value.items()}
    return value.state_dict()


def _load(value: Any, state: Any) -> None:
    match value:
        case torch.Generator():
            value.set_state(state)
        case list():
            for item, its in zip(value, state, strict=True):
                _load(item, its)
        case Mapping():
            for key, item in value.items():
                _load(item, state[key])
        case torch.optim.Optimizer():
            value.load_state_dict(state)
            _lay_out_as_weights(value)
        case _:
            value.load_state_dict(state)


def _lay_out_as_weights(optimiser: torch.optim.Optimizer) -> None:
    """Gives what an optimiser keeps beside each weight the weight's layout in memory, which fused steps rely on."""
    for weight, kept in optimiser.state.items():
        for name, value in kept.items():
            if isinstance(value, Tensor) and value.shape == weight.shape:
                kept[name] = torch.empty_like(weight, dtype=value.dtype).copy_(value)
