"""What a training's state is made of, as one safetensors file: tensors as such, all else as JSON beside them."""

from __future__ import annotations

import json
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

ENTRY = "augbench-checkpoint"
"""The metadata entry of the file."""


def pack(content: Any) -> bytes:
    """Numbers, texts, tensors, and lists, tuples and dicts of them as a safetensors file; no pickle."""
    tensors: dict[str, Tensor] = {}

    def plain(value: Any) -> Any:
        match value:
            case Tensor():
                name = str(len(tensors))
                tensors[name] = value.detach().cpu().contiguous().clone()  # two may share one memory
                return {"tensor": name, "device": value.device.type}
            case dict():
                return {"dict": [[plain(key), plain(item)] for key, item in value.items()]}
            case tuple():
                return {"tuple": [plain(item) for item in value]}
            case list():
                return [plain(item) for item in value]
            case None | bool() | int() | float() | str():
                return value
        raise NotImplementedError(f"a {type(value).__name__} among its state cannot be written.")

    described = json.dumps(plain(content))
    return safetensors.torch.save(tensors, metadata={ENTRY: described})


def unpack(data: bytes, device: torch.device) -> Any:
    """The way back from `pack`.

    Args:
        data: The file.
        device: Where tensors go that did not lie on the CPU.

    Raises:
        SafetensorError, ValueError, KeyError, TypeError: It is no such file.
    """
    tensors = safetensors.torch.load(data)

    def original(value: Any) -> Any:
        match value:
            case {"tensor": name, "device": where}:
                return tensors[name] if where == "cpu" else tensors[name].to(device)
            case {"dict": items}:
                return {original(key): original(item) for key, item in items}
            case {"tuple": items}:
                return tuple(original(item) for item in items)
            case list():
                return [original(item) for item in value]
        return value

    return original(json.loads(_metadata(data)[ENTRY]))


def _metadata(data: bytes) -> dict[str, str]:
    """What stands in a safetensors file beside the tensors: 8 bytes of length, then JSON."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length])["__metadata__"]
