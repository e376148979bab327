"""Averages of weights over the steps of a training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from pellucid.errors import CheckpointError
from pellucid.training.checkpoint import read_tensors


class MovingAverage:
    """The exponential moving average of a model's parameters.

    After step n the weight of the past is min(decay, (1 + n) / (10 + n)), so that the first steps are soon forgotten.

    Args:
        model: whose parameters are averaged.
        decay: of the past, at least 0 and less than 1.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self._parameters = dict(model.named_parameters())
        self.tensors = {name: parameter.detach().clone() for name, parameter in self._parameters.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the parameters after a step."""
        decay = min(self.decay, (1 + step) / (10 + step))
        parameters = [parameter.detach() for parameter in self._parameters.values()]
        torch._foreach_lerp_(list(self.tensors.values()), parameters, 1 - decay)


def mean_of_files(paths: Sequence[Path]) -> dict[str, Tensor]:
    """The mean of the weights in several files (Vaswani et al. 2017, §6.1).

    Raises:
        CheckpointError: there are none, or they cannot be read or do not hold the same tensors.
    """
    if not paths:
        raise CheckpointError("there are no snapshots to average; training.snapshot_every is more than the steps.")
    sums: dict[str, Tensor] = {}
    for path in paths:
        tensors, _ = read_tensors(path)
        if sums and {n: t.shape for n, t in tensors.items()} != {n: t.shape for n, t in sums.items()}:
            raise CheckpointError(f"{path} does not hold the same weights as the snapshots before it.")
        for name, tensor in tensors.items():
            sums[name] = sums[name] + tensor.double() if name in sums else tensor.double()
    return {name: (total / len(paths)).float() for name, total in sums.items()}
