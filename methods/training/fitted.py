"""What training a classifier, a generator, or both leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from methods.base import Fitted, Precision
from methods.training.images import copied, to_float, to_uint8
from methods.training.precision import autocast

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
            torch.softmax(self.network(to_float(copied(images[start : start + BATCH], self.device))) + self.offset, 1)
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


@dataclass(frozen=True, eq=False)
class FittedGenerator:
    """A trained generator in evaluation mode.

    Attributes:
        network: (N, latent) noise and (N,) labels → (N, C, H, W) in [−1, 1].
        latent: Numbers of noise an image.
        device: Where it computes.
        precision: What it computes in.
    """

    network: nn.Module
    latent: int
    device: torch.device
    precision: Precision

    @torch.inference_mode()
    def sample(self, labels: NDArray[np.int64], generator: torch.Generator) -> NDArray[np.uint8]:
        """Draws an image for each label; see `Fitted.sample`. Needs at least one label."""
        parts = []
        for some in torch.tensor(labels).split(BATCH):
            noise = torch.randn(len(some), self.latent, generator=generator).to(self.device)
            with autocast(self.device, self.precision):
                parts.append(to_uint8(self.network(noise, some.to(self.device))))
        return np.concatenate(parts)

    def state(self) -> dict[str, Tensor]:
        """The network's tensors under ``generator.``, on the CPU."""
        tensors = self.network.state_dict().items()
        return {f"generator.{name}": value.detach().cpu().contiguous() for name, value in tensors}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Takes over the weights of another training; whatever else is in the state is left alone."""
        self.network.load_state_dict(under("generator.", state))


@dataclass(frozen=True, eq=False)
class FittedPair(Fitted):
    """A classifier that is judged and the generator that helped to train it."""

    classifier: FittedClassifier
    generator: FittedGenerator

    def predict_proba(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Fitted.predict_proba`."""
        return self.classifier.predict_proba(images)

    def sample(self, labels: NDArray[np.int64], generator: torch.Generator) -> NDArray[np.uint8]:
        """See `Fitted.sample`."""
        return self.generator.sample(labels, generator)

    def state(self) -> dict[str, Tensor]:
        """See `Fitted.state`."""
        return {**self.classifier.state(), **self.generator.state()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """See `Fitted.load`."""
        self.classifier.load(state)
        self.generator.load(state)


def under(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
