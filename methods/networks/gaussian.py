"""The best denoiser of classes that were Gaussian: what means and covariances of the training images say by themselves.

Of x_t = √ᾱ x₀ + √(1 − ᾱ) ε with x₀ ~ N(μ_y, Σ_y) it gives E[x₀ | x_t], Wiener's filter. The classes have common
principal components [Flury, J. Am. Stat. Assoc. 79 (1984) 892]: directions V for all, along which each class has its
own variances λ_y, and one variance for all other directions [Tipping & Bishop, J. R. Stat. Soc. B 61 (1999) 611].
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEAST_VARIANCE = 1e-6
"""Where pixels never vary: without it the filter is 0 / 0 without noise."""


class Gaussian(nn.Module):
    """Classes 0…K−1, and K, which is all of them together.

    Args:
        means: (K + 1, D) μ.
        directions: (D, R) V, orthonormal.
        variances: (K + 1, R + 1) λ along them, and the mean variance along all the others.
    """

    means: Tensor
    directions: Tensor
    variances: Tensor

    def __init__(self, means: Tensor, directions: Tensor, variances: Tensor) -> None:
        super().__init__()
        self.register_buffer("means", means)
        self.register_buffer("directions", directions)
        self.register_buffer("variances", variances)

    @classmethod
    def fit(cls, images: Tensor, labels: Tensor, *, classes: int, rank: int) -> Gaussian:
        """Means and variances of these images along the principal components of their deviations from class means.

        Draws from torch's global generator: the decomposition is a randomised one [Halko et al. 0909.4061].

        Args:
            images: (N, C, H, W) float32.
            labels: (N,) int64; a class without images is taken for all together.
            classes: K.
            rank: R, at most; fewer where there are fewer images or pixels.
        """
        x = images.flatten(1)
        present = labels.unique().tolist()
        means = x.mean(dim=0).expand(classes + 1, -1).clone()
        for label in present:
            means[label] = x[labels == label].mean(dim=0)
        within = x - means[labels]
        rank = min(rank, *(side - 1 for side in x.shape))
        _, _, directions = torch.svd_lowrank(within, q=rank)

        def variances(deviations: Tensor) -> Tensor:
            along = (deviations @ directions).square().mean(dim=0)
            others = (deviations.square().sum(dim=1).mean() - along.sum()) / (x.shape[1] - rank)
            return torch.cat([along, others[None]]).clamp(min=LEAST_VARIANCE)

        each = {label: variances(within[labels == label]) for label in present}
        together = variances(x - means[classes])
        return cls(means, directions, torch.stack([each.get(k, together) for k in range(classes + 1)]))

    def forward(self, noisy: Tensor, share: Tensor, labels: Tensor) -> Tensor:
        """E[x₀ | x_t] = μ + √ᾱ Σ (ᾱ Σ + (1 − ᾱ) I)⁻¹ (x_t − √ᾱ μ).

        Args:
            noisy: (N, C, H, W) x_t, float32.
            share: (N,) ᾱ.
            labels: (N,) int64 0…K.

        Returns:
            The same shape as ``noisy``, float32 whatever networks compute in.
        """
        with torch.autocast(noisy.device.type, enabled=False):
            share, means, variances = share[:, None], self.means[labels], self.variances[labels]
            gains = share.sqrt() * variances / (share * variances + (1.0 - share))
            deviations = noisy.flatten(1) - share.sqrt() * means
            along = (deviations @ self.directions) * (gains[:, :-1] - gains[:, -1:])
            clean = means + gains[:, -1:] * deviations + along @ self.directions.mT
        return clean.unflatten(1, noisy.shape[1:])
