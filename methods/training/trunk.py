"""A classifier's trunk, as every method of a seed starts it, and a discriminator built on it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from datasets import LabelledImages
from methods.base import Context, NotApplicable
from methods.networks.convolutions import strided
from methods.networks.discriminator import Discriminator, PlainHead, SourceHead
from methods.networks.vit import Mean, Trunk
from methods.training.classifier import initial_network


class MapTokens(nn.Module):
    """The places of a convolutional trunk's last map as tokens.

    Args:
        layers: (N, C, H, W) → (N, dim, h, w).
    """

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) → (N, h w, dim)."""
        return self.layers(images).flatten(2).transpose(1, 2)


def trunk_and_head(classifier: str, *, train: LabelledImages, context: Context) -> tuple[nn.Module, nn.Linear]:
    """A classifier as every method of this seed starts it, cut before the mean over its tokens.

    Args:
        classifier: Name in the registry: ``vit`` or ``cnn``, with parameters.
        train: Its images' shape and classes.
        context: What the engine offers.

    Returns:
        The trunk, (N, C, H, W) → (N, T, dim), and the last layer.

    Raises:
        NotApplicable: The classifier is not a trunk, a mean and a linear layer.
    """
    network = initial_network(classifier, train=train, context=context)
    match list(network.children()):
        case [Trunk() as trunk, Mean(), nn.Linear() as linear]:
            return trunk, linear
        case [*layers, nn.AdaptiveAvgPool2d(), nn.Flatten(), nn.Linear() as linear]:
            return MapTokens(nn.Sequential(*layers)), linear
        case _:
            raise NotApplicable(
                f"classifier {classifier!r} cannot be a discriminator's trunk, for it is no mean of places with one "
                "linear layer on it; use vit or cnn."
            )


def discriminator(
    trunk: nn.Module, *, train: LabelledImages, width: int, projected: int, classify: PlainHead | None
) -> Discriminator:
    """A discriminator on a trunk.

    Args:
        trunk: See `trunk_and_head`.
        train: Its images' shape.
        width: Channels of the convolutions beside the trunk: half of it, all of it, twice as many.
        projected: Classes in the source head; 0 for none.
        classify: The class head, if any.
    """
    channels = train.images.shape[1]
    local = strided([channels, max(width // 2, 1), width, 2 * width])
    with torch.no_grad():
        image = next(trunk.parameters()).new_zeros(1, *train.images.shape[1:])
        _, tokens, dim = trunk.eval()(image).shape
        inputs = tokens * dim + local(image.cpu()).shape[1]
    source = SourceHead(local, inputs=inputs, features=4 * width, classes=projected)
    return Discriminator(trunk.train(), source, classify)
