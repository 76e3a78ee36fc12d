"""What training a classifier leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from methods.base import Fitted
from methods.training.images import to_device, to_float

BATCH = 256


@dataclass(frozen=True, eq=False)
class FittedClassifier(Fitted):
    """A trained network in evaluation mode.

    Attributes:
        network: (N, C, H, W) float32 in [−1, 1] → (N, K) logits.
        offset: (K,) float32 that is added to the logits (prior correction after training); zeros for none.
        device: Where it computes.
    """

    network: nn.Module
    offset: Tensor
    device: torch.device

    @torch.inference_mode()
    def predict_proba(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Fitted.predict_proba`; in float32, whatever the network was trained in."""
        parts = [
            torch.softmax(
                self.network(to_float(to_device(images[start : start + BATCH], self.device))) + self.offset, 1
            )
            for start in range(0, len(images), BATCH)
        ]
        return torch.cat(parts).cpu().numpy() if parts else np.empty((0, len(self.offset)), dtype=np.float32)

    def state(self) -> dict[str, Tensor]:
        """See `Fitted.state`: the network's tensors under ``classifier.``, and ``classifier_offset``."""
        tensors = {f"classifier.{name}": value for name, value in self.network.state_dict().items()}
        tensors["classifier_offset"] = self.offset
        return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """See `Fitted.load`; whatever else is in the state is left alone."""
        self.network.load_state_dict(under("classifier.", state))
        self.offset.copy_(state["classifier_offset"])


def under(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
