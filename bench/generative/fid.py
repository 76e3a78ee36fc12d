"""Fréchet distance between Gaussians fitted to two sets of features (FID)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bench.generative.extractor import Features


def fid(generated: Features, real: Features) -> float:
    """FID = |μ_g − μ_r|² + tr(Σ_g + Σ_r − 2 (Σ_g Σ_r)^½) [Heusel et al. 1706.08500, eq. 6], in float64.

    With Σ_g = RᵀR (R from a QR decomposition of the centred features), Σ_g Σ_r has the same eigenvalues as the
    symmetric R Σ_r Rᵀ, and the trace of the root is the sum of their roots. Biased upward by about 1/n
    (Bińkowski et al. 1801.01401, section 4): compare only at the same n, beside the floor.

    Args:
        generated: (M, D), M ≥ 2; the covariance is singular where M ≤ D.
        real: (N, D), N ≥ 2.
    """
    mean_g, centred_g = _centred(generated)
    mean_r, centred_r = _centred(real)
    root_g = torch.linalg.qr(centred_g, mode="r")[1]
    covariance_r = centred_r.T @ centred_r
    eigenvalues = np.linalg.eigvalsh((root_g @ covariance_r @ root_g.T).numpy())
    trace_of_root = float(np.sqrt(eigenvalues.clip(min=0)).sum())
    apart = (mean_g - mean_r).square().sum() + centred_g.square().sum() + centred_r.square().sum()
    return apart.item() - 2 * trace_of_root


def _centred(features: Features) -> tuple[Tensor, Tensor]:
    """The mean, and rows whose inner products are the covariance."""
    x = torch.from_numpy(features).double()
    mean = x.mean(dim=0)
    return mean, (x - mean).div_((len(x) - 1) ** 0.5)
