"""Fréchet distance between Gaussians fitted to two sets of features (FID)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def fid(generated: NDArray[np.float64], real: NDArray[np.float64]) -> float:
    """FID = |μ_g − μ_r|² + tr(Σ_g + Σ_r − 2 (Σ_g Σ_r)^½) [Heusel et al. 1706.08500, eq. 6].

    The trace of the root is taken from the symmetric Σ_g^½ Σ_r Σ_g^½, which has the same eigenvalues as Σ_g Σ_r and
    costs a fraction of them. Biased upward by about 1/n (Bińkowski et al. 1801.01401, section 4): compare only at
    the same n, beside the floor.

    Args:
        generated: (M, D), M ≥ 2; the covariance is singular where M ≤ D.
        real: (N, D), N ≥ 2.
    """
    mean_g, covariance_g = _moments(generated)
    mean_r, covariance_r = _moments(real)
    values, vectors = torch.linalg.eigh(covariance_g)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    of_product = torch.linalg.eigvalsh(root @ covariance_r @ root).clamp(min=0)
    apart = (mean_g - mean_r).square().sum()
    return (apart + covariance_g.trace() + covariance_r.trace() - 2 * of_product.sqrt().sum()).item()


def _moments(features: NDArray[np.float64]) -> tuple[Tensor, Tensor]:
    x = torch.from_numpy(features)
    mean = x.mean(dim=0)
    centred = x - mean
    return mean, centred.T @ centred / (len(x) - 1)
