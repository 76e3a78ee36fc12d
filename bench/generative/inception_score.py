"""Inception Score: are single images sure of a class, and all of them spread over the classes?"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray


def inception_score(logits: NDArray[np.float64]) -> float:
    """The score exp E_x KL(p(y|x) ‖ p(y)) [Salimans et al. 1606.03498, section 4], over all images in one split.

    Args:
        logits: (N, K) of a classifier; with the ``domain`` extractor the K classes of the dataset.

    Returns:
        1…K.
    """
    log_p = torch.from_numpy(logits).log_softmax(dim=1)
    p = log_p.exp()
    divergence = (p * (log_p - p.mean(dim=0, keepdim=True).log())).nansum(dim=1)  # 0 · log 0 is 0
    return divergence.mean().exp().item()
