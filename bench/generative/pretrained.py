"""The ``inception`` and ``dinov2`` extractors: published networks, from a weights file that the user has.

Nothing is downloaded. A file is used only if its SHA-256 is the published one's, and is loaded as tensors alone.
"""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bench.errors import UsageError
from bench.generative.extractor import Embedding, Extractor, in_batches

BATCH = 32


@dataclass(frozen=True)
class Weights:
    """A published file of weights.

    Attributes:
        file: Its name.
        sha256: Of its bytes.
        url: Where to get it.
    """

    file: str
    sha256: str
    url: str


INCEPTION = Weights(
    file="weights-inception-2015-12-05-6726825d.pth",
    sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    url="https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
)
DINOV2 = Weights(
    file="dinov2_vits14_pretrain.pth",
    sha256="b938bf1bc15cd2ec0feacfe3a1bb553fe8ea9ca46a7e1d8d00217f29aef60cd9",
    url="https://dl.fbaipublicfiles.com/dinov2/dinov2_vits14/dinov2_vits14_pretrain.pth",
)


class InceptionExtractor(Extractor):
    """Inception-v3 as FID has always been measured with: torch-fidelity's network, 2048 features, 1008 classes.

    Args:
        weights: Folder with the file; None for ``BENCH_WEIGHTS``.
        device: Where to compute.

    Raises:
        UsageError: The file is missing or not the published one, or torch-fidelity is not installed.
    """

    name = "inception"
    resize = "bilinear to 299 as TensorFlow 1 does"
    width = 2048

    def __init__(self, *, weights: Path | None, device: torch.device) -> None:
        self.hash, tensors = load(INCEPTION, weights, extractor=self.name)
        try:
            from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
        except ImportError as error:
            raise UsageError(
                "the extractor inception needs torch-fidelity for its network; install it: pip install torch-fidelity"
            ) from error
        # It unpickles whatever file it is given, so it is given one that was written here from plain tensors.
        plain = io.BytesIO()
        torch.save(tensors, plain)
        plain.seek(0)
        network = FeatureExtractorInceptionV3(
            "inception-v3-compat", ["2048", "logits_unbiased"], feature_extractor_weights_path=plain
        )
        self._network = network.to(device)
        self._device = device

    def embed(self, images: NDArray[np.uint8]) -> Embedding:
        """See `Extractor.embed`; the logits, of ImageNet's classes, are without bias, as the Inception Score's."""

        @torch.inference_mode()
        def both(batch: Tensor) -> Tensor:
            return torch.cat(self._network(_coloured(batch).to(self._device)), dim=1)

        found = in_batches(both, images, batch=BATCH)
        return Embedding(found[:, : self.width], found[:, self.width :])


class Dinov2Extractor(Extractor):
    """DINOv2 ViT-S/14: timm's network, the 384 features of its class token [Oquab et al. 2304.07193].

    Args:
        weights: Folder with the file; None for ``BENCH_WEIGHTS``.
        device: Where to compute.

    Raises:
        UsageError: The file is missing or not the published one.
    """

    name = "dinov2"
    resize = "bicubic, antialiased, to 224"
    width = 384

    def __init__(self, *, weights: Path | None, device: torch.device) -> None:
        import timm
        from timm.models.vision_transformer import checkpoint_filter_fn

        self.hash, tensors = load(DINOV2, weights, extractor=self.name)
        network = timm.create_model("vit_small_patch14_dinov2", num_classes=0, img_size=224)
        network.load_state_dict(checkpoint_filter_fn(tensors, network))  # pyright: ignore[reportArgumentType]
        self._network = network.to(device).eval().requires_grad_(False)
        self._device = device

    def embed(self, images: NDArray[np.uint8]) -> Embedding:
        """See `Extractor.embed`; without logits."""
        mean, std = (torch.tensor(of, device=self._device)[:, None, None] for of in (_IMAGENET_MEAN, _IMAGENET_STD))

        @torch.inference_mode()
        def class_token(batch: Tensor) -> Tensor:
            scaled = _coloured(batch).to(self._device).float() / 255
            large = nn.functional.interpolate(scaled, size=(224, 224), mode="bicubic", antialias=True).clamp(0, 1)
            return self._network((large - mean) / std)

        return Embedding(in_batches(class_token, images, batch=BATCH))


_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def place_of(weights: Weights, folder: Path | None = None) -> Path | None:
    """Where a published file should lie, in ``BENCH_WEIGHTS`` by default; None where no folder is named."""
    place = folder or (Path(given) if (given := os.environ.get("BENCH_WEIGHTS")) else None)
    return None if place is None else place / weights.file


def load(weights: Weights, folder: Path | None, *, extractor: str) -> tuple[str, dict[str, Tensor]]:
    """Finds, checks and reads a published file.

    Args:
        weights: Which.
        folder: Where it lies; None for ``BENCH_WEIGHTS``.
        extractor: Named in errors.

    Returns:
        The first 12 digits of its hash, and its tensors.

    Raises:
        UsageError: It is not there, or is another file.
    """
    path = place_of(weights, folder)
    if path is None or not path.is_file():
        where = "the folder that --weights or BENCH_WEIGHTS names" if path is None else f"{path.parent}"
        raise UsageError(f"the extractor {extractor} needs {weights.file}; get it from {weights.url} into {where}.")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != weights.sha256:
        raise UsageError(
            f"{path} is not the published file (its SHA-256 is {found[:12]}…, not {weights.sha256[:12]}…); "
            f"get it again from {weights.url}."
        )
    return found[:12], torch.load(path, map_location="cpu", weights_only=True)


def _coloured(batch: Tensor) -> Tensor:
    """Grey images with three like channels."""
    return batch if batch.shape[1] == 3 else batch.expand(-1, 3, -1, -1)
