"""The ``domain`` extractor: a small network that learns to tell the classes of the run's own training images.

It needs no file, and its features are of what matters in these images. Class-balanced batches and label-preserving
transforms keep it from learning the training images by heart, which would make copies look worse than fresh images.
Its architecture is none that is judged: strided convolutions and group normalisation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bench.generative.extractor import Embedding, Extractor, in_batches, tensors_hash
from bench.streams import stream_seed, torch_generator
from datasets import LabelledImages, cached
from methods.training.draws import Balanced
from methods.training.images import ImagePool
from methods.training.optimiser import adamw, scheduled
from methods.training.randomness import seeded
from methods.training.transforms import classic

DOMAIN_VERSION = 1
"""Goes up when the same images and seed would give another network."""

WIDTH = 64
"""Features: few, so that a covariance is of full rank from 65 images on, and FID means something in small classes."""

STEPS, BATCH, LEARNING_RATE = 200, 64, 3e-3
"""Few steps: after 400, on the cells' development part, rare classes' training images lay up to six times as far
from the test images as fresh ones did, in KID; after 200 they lie about as far."""


class DomainNetwork(nn.Module):
    """Strided 3×3 convolutions down to about 4 × 4, one hidden layer of 64 normalised features, one output layer.

    Args:
        channels: C of the images.
        classes: How many.
        size: Height and width of the images in pixels.
    """

    def __init__(self, *, channels: int, classes: int, size: int) -> None:
        super().__init__()
        stages = max(1, math.ceil(math.log2(size / 4)))
        layers: list[nn.Module] = []
        for stage in range(stages):
            inputs, outputs = (channels if stage == 0 else 32 if stage == 1 else 64), (32 if stage == 0 else 64)
            layers += [
                nn.Conv2d(
                    inputs, outputs, kernel_size=5 if stage == 0 else 3, stride=2, padding=2 if stage == 0 else 1
                ),
                nn.GroupNorm(8, outputs),
                nn.GELU(),
            ]
        self.trunk = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(min(4, max(1, size // 4))), nn.Flatten())
        with torch.no_grad():
            pixels = self.trunk(torch.zeros(1, channels, size, size)).shape[1]
        self.hidden = nn.Sequential(nn.Linear(pixels, WIDTH), nn.LayerNorm(WIDTH, elementwise_affine=False))
        self.head = nn.Sequential(nn.GELU(), nn.Linear(WIDTH, classes))

    def features(self, images: Tensor) -> Tensor:
        """(N, C, H, W) float32 in [−1, 1] → (N, 64), each row of mean 0 and variance 1."""
        return self.hidden(self.trunk(images))

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) float32 in [−1, 1] → (N, K) logits."""
        return self.head(self.features(images))


def train_network(
    train: LabelledImages, *, fingerprint: str, seed: int, device: torch.device, steps: int = STEPS
) -> DomainNetwork:
    """Trains the network from the streams ``domain-init``, ``domain-batches`` and ``domain-transforms``.

    Args:
        train: Real training images.
        fingerprint: Of the dataset.
        seed: The repetition.
        device: Where to compute.
        steps: Updates, of 64 images each.
    """

    def stream(name: str) -> int:
        return stream_seed(fingerprint, seed, f"domain-{name}")

    with seeded(stream("init")):
        network = DomainNetwork(channels=train.images.shape[1], classes=len(train.classes), size=train.images.shape[2])
    network = network.to(device).to(memory_format=torch.channels_last)
    pool, draws = ImagePool.of(train, device), Balanced(train.labels, torch_generator(stream("batches")))
    transforms = torch_generator(stream("transforms"))
    optimiser = adamw(network, learning_rate=LEARNING_RATE)
    schedule = scheduled(optimiser, steps=steps)
    for _ in range(steps):
        images, labels = pool.take(draws.take(BATCH))
        loss = nn.functional.cross_entropy(network(classic(images, transforms)), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval().requires_grad_(False)


class DomainExtractor(Extractor):
    """A trained network in evaluation mode.

    Args:
        network: As trained.
        device: Where it is.
    """

    name = "domain"
    resize = "none"
    width = WIDTH
    knows_classes = True

    def __init__(self, network: DomainNetwork, *, device: torch.device) -> None:
        self._network = network
        self._device = device
        self.hash = tensors_hash(network.state_dict())

    def embed(self, images: NDArray[np.uint8]) -> Embedding:
        """See `Extractor.embed`; the logits are of the dataset's classes."""
        features = in_batches(self._features, images)
        weights = torch.from_numpy(features).float().to(self._device)
        with torch.inference_mode():
            logits = self._network.head(weights)
        return Embedding(features, logits.double().cpu().numpy())

    @torch.inference_mode()
    def _features(self, batch: Tensor) -> Tensor:
        scaled = batch.to(self._device).float().div_(127.5).sub_(1.0)
        return self._network.features(scaled.contiguous(memory_format=torch.channels_last))


def cached_domain(
    train: LabelledImages, *, fingerprint: str, seed: int, device: torch.device, cache: Path
) -> DomainExtractor:
    """The extractor of a dataset and seed, trained by the first run that asks and kept for all that follow.

    Args:
        train: Real training images; what they are follows from fingerprint, seed and size.
        fingerprint: Of the dataset.
        seed: The repetition.
        device: Where to compute; devices and numbers of threads that round differently share nothing.
        cache: Folder to keep it in.
    """
    size = train.images.shape[2]
    split = stream_seed(fingerprint, seed, "split")
    where = f"{device.type}{torch.get_num_threads() if device.type == 'cpu' else ''}"
    key = f"domain-{DOMAIN_VERSION}-{fingerprint[:24]}-{size}-{split}-{where}"

    def weights() -> Mapping[str, NDArray[np.float32]]:
        network = train_network(train, fingerprint=fingerprint, seed=seed, device=device)
        return {name: tensor.cpu().contiguous().numpy() for name, tensor in network.state_dict().items()}

    kept = cached(cache, key, weights)
    network = DomainNetwork(channels=train.images.shape[1], classes=len(train.classes), size=size)
    network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in kept.items()})
    network = network.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
    return DomainExtractor(network, device=device)
