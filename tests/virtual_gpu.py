"""A GPU that is not there: tensors are computed on the CPU and remember on which device they would lie.

What a real GPU refuses is refused: tensors of two devices in one operation, a GPU tensor turned into an array or
pinned, a CPU generator that draws on the GPU. Speed, memory, streams and reduced precision are not imitated.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

GPU, CPU = torch.device("cuda", 0), torch.device("cpu")
FREE = {"copy_", "_has_compatible_shallow_copy_type", "__set__", "__deepcopy__"}
"""May be given tensors of two devices."""


def device_of(tensor: Tensor) -> torch.device:
    """Where it would lie."""
    return GPU if tensor.__dict__.get("on_gpu") else CPU


ASKED: dict[Any, Callable[[torch.device], Any]] = {
    Tensor.device: lambda device: device,
    Tensor.is_cuda: lambda device: device == GPU,
    Tensor.is_cpu: lambda device: device == CPU,
}
"""What a tensor says of its device, by attribute."""


def _lay(result: Any, device: torch.device) -> Any:
    def lay(leaf: Any) -> Any:
        if isinstance(leaf, Tensor):
            leaf.__dict__["on_gpu"] = device == GPU
        return leaf

    return pytree.tree_map(lay, result)


class VirtualGpu(TorchFunctionMode):
    """Within it, ``torch.device("cuda:0")`` can be computed on."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        kwargs = dict(kwargs or {})
        name, owner = getattr(func, "__name__", str(func)), getattr(func, "__self__", None)
        if name == "__get__" and owner in ASKED:
            return ASKED[owner](device_of(args[0]))
        if name == "__get__" and owner is Tensor.grad:
            gradient = func(*args)
            return gradient if gradient is None else _lay(gradient, device_of(args[0]))
        if name == "__set__" and owner is Tensor.data:
            func(*args)
            _lay(args[0], device_of(args[1]))
            return None
        if name in ("to", "cpu", "cuda") and args and isinstance(args[0], Tensor):
            return self._to(name, func, args, kwargs)
        if name == "pin_memory":
            if device_of(args[0]) == GPU:
                raise RuntimeError("cannot pin a GPU tensor: only dense CPU tensors can be pinned")
            return args[0]
        if name in ("numpy", "__array__") and device_of(args[0]) == GPU:
            raise TypeError("can't convert a GPU tensor to numpy; use .cpu() first")
        asked = kwargs.get("device")
        if asked is not None:
            kwargs["device"] = CPU
        device = torch.device(asked) if asked is not None else None
        tensors = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        self._refused(name, args, tensors)
        if device is None:
            lead = tensors[:1] if name in {*FREE, "__getitem__", "__setitem__"} else tensors
            device = GPU if any(device_of(tensor) == GPU for tensor in lead) else CPU
        generators = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, torch.Generator)]
        if device == GPU and generators:
            raise RuntimeError(f"{name}: expected a 'cuda' device type for generator but found 'cpu'")
        return _lay(func(*args, **kwargs), device)

    @staticmethod
    def _refused(name: str, args: Any, tensors: list[Tensor]) -> None:
        if name in FREE:
            return
        if name in ("__getitem__", "__setitem__"):
            index = [leaf for leaf in pytree.tree_leaves(args[1]) if isinstance(leaf, Tensor) and leaf.dim()]
            if device_of(args[0]) == CPU and any(device_of(leaf) == GPU for leaf in index):
                raise RuntimeError("indices should be either on cpu or on the same device as the indexed tensor")
            tensors = [args[0], *(leaf for leaf in args[2:] if isinstance(leaf, Tensor))]
        devices = {device_of(tensor) for tensor in tensors if tensor.dim()}
        alone = {device_of(tensor) for tensor in tensors}
        if len(devices) > 1 or (len(alone) > 1 and devices == {CPU}):
            shapes = [(tuple(tensor.shape), str(device_of(tensor))) for tensor in tensors]
            raise RuntimeError(f"{name}: expected all tensors to be on the same device, but found {shapes}")

    @staticmethod
    def _to(name: str, func: Any, args: Any, kwargs: Any) -> Tensor:
        tensor, device = args[0], device_of(args[0])
        if name != "to":
            target, result = CPU if name == "cpu" else GPU, tensor
        else:
            target, rest = device, []
            if "device" in kwargs:
                target = torch.device(kwargs.pop("device") or device)
            for arg in args[1:]:
                if isinstance(arg, torch.device | str):
                    target = torch.device(arg)
                elif isinstance(arg, Tensor):
                    target = device_of(arg)
                    rest.append(arg.dtype)
                elif arg is not None:
                    rest.append(arg)
            rest = [arg for arg in rest if not isinstance(arg, bool)]
            kwargs.pop("non_blocking", None)
            result = func(tensor, *rest, **kwargs) if rest or kwargs else tensor
        if result is tensor and torch.device(target).type == device.type:
            return tensor
        return _lay(result.clone() if result is tensor else result, GPU if target.type == "cuda" else CPU)


class _Event:
    """A mark in a queue that is always empty: its time is when it is set."""

    def __init__(self, *, enable_timing: bool) -> None:
        assert enable_timing, "an event without a time cannot be measured between"

    def record(self, _: object) -> None:
        self.at = time.perf_counter()

    def elapsed_time(self, end: _Event) -> float:
        return 1e3 * (end.at - self.at)


@contextlib.contextmanager
def virtual_gpu(monkeypatch: pytest.MonkeyPatch, *, memory: int = 10**10) -> Iterator[torch.device]:
    """The device; what torch.cuda is asked beside tensors answers too.

    Args:
        monkeypatch: Of the test.
        memory: Free bytes.
    """
    state = torch.zeros(8, dtype=torch.uint8)
    for name, answer in {
        "mem_get_info": lambda *_: (memory, memory),
        "get_rng_state": lambda *_: state,
        "set_rng_state": lambda *_: None,
        "manual_seed": lambda *_: None,
        "synchronize": lambda *_: None,
        "device": lambda *_: contextlib.nullcontext(),
        "device_count": lambda: 1,
        "get_device_name": lambda *_: "a GPU that is not there",
        "is_bf16_supported": lambda **_: False,
        "current_stream": lambda *_: None,
        "Event": _Event,
        "reset_peak_memory_stats": lambda *_: None,
        "max_memory_allocated": lambda *_: 2**20,
    }.items():
        monkeypatch.setattr(torch.cuda, name, answer)
    copied = torch.nn.Parameter.__deepcopy__
    monkeypatch.setattr(
        torch.nn.Parameter, "__deepcopy__", lambda self, memo: _lay(copied(self, memo), device_of(self))
    )
    with VirtualGpu():
        yield GPU
