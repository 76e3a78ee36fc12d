"""A fixed piece of work by which times of different machines, and of one machine at different loads, can be compared.

It is shaped like a training step (convolutions forth and back, in the run's own precision), so that what slows a
run slows it too. The clock runs it between the steps of a run and keeps its time out of theirs.
"""

from __future__ import annotations

import functools

import torch
from torch import nn

from methods import Precision
from methods.training.precision import autocast

BATCH, CHANNELS, SIZE = 32, 32, 16
WARM_UP = 10
"""Calls until the work takes as long as ever after: libraries choose their kernels, memory is mapped."""


class Calibration:
    """The work; a call does it once, in some milliseconds of one core. Draws no random numbers.

    Args:
        device: Where runs compute.
        precision: What they compute in.
    """

    def __init__(self, device: torch.device, precision: Precision) -> None:
        self._device = device
        self._precision: Precision = precision
        rest = torch.linspace(-1, 1, BATCH * CHANNELS * SIZE * SIZE).reshape(BATCH, CHANNELS, SIZE, SIZE)
        self._images = rest.to(device).contiguous(memory_format=torch.channels_last)
        weights = torch.linspace(-0.1, 0.1, CHANNELS * CHANNELS * 9).reshape(CHANNELS, CHANNELS, 3, 3)
        self._weights = [weights.to(device).clone().requires_grad_() for _ in range(3)]

    def __call__(self) -> None:
        """Three convolutions with their gradients."""
        with torch.enable_grad():
            with autocast(self._device, self._precision):
                features = self._images
                for weight in self._weights:
                    features = nn.functional.leaky_relu(nn.functional.conv2d(features, weight, padding=1), 0.2)
            torch.autograd.grad(features.float().square().mean(), self._weights)


@functools.cache
def warm_up(device: torch.device, precision: Precision) -> None:
    """Does the work until its time holds still; once a process, for a later run finds everything warm."""
    work = Calibration(device, precision)
    for _ in range(WARM_UP):
        work()
