"""The discriminator on a classifier's trunk: a source head and, in the unified tier, the class head that is judged."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from methods.networks.convolutions import spread

TOKEN_SCALE = 0.1
"""Of tokens beside the convolutions' features, which begin that small: else φ would hardly hear the convolutions."""


class Answer(NamedTuple):
    """What the discriminator says of images.

    Attributes:
        source: (N,) float32 scores, high for real.
        logits: (N, K) float32 of the class head; None where the discriminator has none.
        features: (N, dim) float32, of unit norm.
        tokens: (N, T, dim) of the trunk.
    """

    source: Tensor
    logits: Tensor | None
    features: Tensor
    tokens: Tensor

    def halves(self) -> tuple[Answer, Answer]:
        """What it says of the first and of the second half of the images."""
        first, second = zip(*((None, None) if part is None else part.chunk(2) for part in self), strict=True)
        return Answer(*first), Answer(*second)


class PlainHead(nn.Module):
    """Logits W f + b.

    Args:
        linear: The classifier's own last layer.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear

    def forward(self, features: Tensor) -> Tensor:
        """(N, dim) → (N, K)."""
        return self.linear(features)


class NormHead(PlainHead):
    """Logits W f̂ + b of features that are scaled to the norm √dim [Kang et al. 2111.01118, section 3.2: unit norm].

    A raw AC-GAN head breaks by cross-entropy gradients that grow with the features; here their norm is fixed. √dim is
    about what features have after the trunk's LayerNorm, so that the head starts as the plain classifier's does.
    """

    def forward(self, features: Tensor) -> Tensor:
        """(N, dim) → (N, K)."""
        return super().forward(nn.functional.normalize(features, dim=1) * features.shape[1] ** 0.5)


class SourceHead(nn.Module):
    """Score ψ(φ(x)) + e_y · φ(x) [Miyato & Koyama 1802.05637, eq. 4]; φ is one layer on all that is known of places.

    That is the trunk's tokens and what a few strided convolutions beside the trunk make of the image: a small trunk
    sees too little of textures to be a discriminator, and its size is the classifier's. Places stay apart, for on
    their mean, as the class head has it, the score would be blind to how patches are arranged. And φ sees how far the
    convolutions' features spread over class-mates, so that a class that is drawn as one image is found out
    [after Karras et al. 1710.10196, section 3].

    Args:
        local: (N, C, H, W) → (N, F), beside the trunk.
        inputs: Numbers that tokens and ``local`` give together.
        features: Of φ.
        classes: How many are projected; 0 for none (the score knows no class then, nor does the spread).
    """

    def __init__(self, local: nn.Module, *, inputs: int, features: int, classes: int) -> None:
        super().__init__()
        self.local = local
        self.phi = nn.Sequential(nn.Linear(inputs + 1, features), nn.LeakyReLU(0.2))
        self.psi = nn.Linear(features, 1)
        self.embedding = nn.Embedding(classes, features) if classes else None
        if self.embedding is not None:
            nn.init.normal_(self.embedding.weight, 0.0, 0.1)

    def forward(self, images: Tensor, tokens: Tensor, labels: Tensor, mates: Tensor) -> Tensor:
        """What it scores.

        Args:
            images: (N, C, H, W).
            tokens: (N, T, dim) of the same images.
            labels: (N,) int64.
            mates: (N,) int64, the same number for images whose spread is measured together: those of one class where
                classes are projected, else all of a batch.

        Returns:
            (N,).
        """
        local = self.local(images)
        phi = self.phi(torch.cat([TOKEN_SCALE * tokens.flatten(1).to(local.dtype), local, spread(local, mates)], dim=1))
        score = self.psi(phi).squeeze(1)
        return score if self.embedding is None else score + (self.embedding(labels) * phi).sum(dim=1)


class Discriminator(nn.Module):
    """Trunk, source head, and class head if there is one.

    Args:
        trunk: (N, C, H, W) → (N, T, dim).
        source: The source head.
        classify: The class head, if any.
    """

    def __init__(self, trunk: nn.Module, source: SourceHead, classify: PlainHead | None) -> None:
        super().__init__()
        self.trunk, self.source, self.classify = trunk, source, classify

    def forward(self, images: Tensor, close: Tensor, labels: Tensor, *, share: float = 1.0, batches: int = 1) -> Answer:
        """What it says of images.

        Args:
            images: (N, C, H, W) in [−1, 1].
            close: The same shape, what the convolutions beside the trunk see of the same images.
            labels: (N,) int64.
            share: Of the source score's gradient, what goes on into the trunk.
            batches: How many the images are, of the same length, one after the other: real ones and generated ones.
        """
        answer = self.classified(images)
        seen = _passing_on(share, answer.tokens)
        return answer._replace(source=self.source(close, seen, labels, self.mates(labels, batches=batches)).float())

    def mates(self, labels: Tensor, *, batches: int = 1) -> Tensor:
        """(N,) int64, see `SourceHead.forward`; the batches, all of the same length, lie one after the other."""
        batch = torch.arange(batches, device=labels.device).repeat_interleave(len(labels) // batches)
        return batch if self.source.embedding is None else labels * batches + batch

    def classified(self, images: Tensor) -> Answer:
        """What it says of the class alone; scores are not numbers."""
        tokens = self.trunk(images)
        features = tokens.mean(dim=1)
        logits = None if self.classify is None else self.classify(features).float()
        source = torch.full((len(images),), torch.nan, device=images.device)
        return Answer(source, logits, nn.functional.normalize(features.float(), dim=1), tokens)


def _passing_on(share: float, tokens: Tensor) -> Tensor:
    """The same numbers, which hand a share of their gradient on; none is none, not a gradient of zeros."""
    if share in (0.0, 1.0):
        return tokens if share else tokens.detach()
    return share * tokens + (1.0 - share) * tokens.detach()


class Judged(nn.Module):
    """The trunk and the class head alone: (N, C, H, W) → (N, K) logits.

    Args:
        trunk: (N, C, H, W) → (N, T, dim).
        classify: (N, dim) → (N, K), of the mean over the T tokens.
    """

    def __init__(self, trunk: nn.Module, classify: PlainHead) -> None:
        super().__init__()
        self.trunk, self.classify = trunk, classify

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) → (N, K)."""
        return self.classify(self.trunk(images).mean(dim=1))
