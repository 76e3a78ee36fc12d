"""R1: the gradient penalty on real images alone [Mescheder et al. 1801.04406, eq. 9]."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

PENALTY, EVERY = 0.02, 8
"""γ, and once in how many discriminator updates it is added, then as many times as strong [lazy regularisation, Karras
et al. 1912.04958]."""


def r1(score: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """½ E ‖∇ score(x)‖².

    The gradient is taken of the sum of all scores. It is that of each image's own score where this depends on no other
    image. Where the discriminator sees how far class-mates spread (``cgan-diffaug``, ``vitgan``, ``unified``), it also
    holds what an image does to the scores of its class-mates in the batch: not quite the published penalty.

    Args:
        score: (B, C, H, W) → (B,).
        real: (B, C, H, W).

    Returns:
        0-d, in float32 whatever networks compute in. Attention is computed step by step here, since the fused one
        has no second derivative.
    """
    real = real.detach().float().requires_grad_()
    with torch.autocast(real.device.type, enabled=False), sdpa_kernel(SDPBackend.MATH):
        (gradient,) = torch.autograd.grad(score(real).sum(), real, create_graph=True)
        return 0.5 * gradient.square().flatten(1).sum(dim=1).mean()
