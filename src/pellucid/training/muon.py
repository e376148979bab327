"""Muon: momentum whose matrices are made orthogonal (Jordan et al. 2024, "Muon: An optimizer for hidden layers").

PyTorch has a Muon, but it works matrix by matrix and in bfloat16, which processors without instructions for it
multiply ten times slower than float32. Here matrices of one shape are worked on together, in the precision that
autocast asks for: that of the training.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from pellucid.nn.tensors import Float
from pellucid.training.distributed import like_parameter, whole

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic whose repetition drives singular values into about 0.7 to 1.2 (Jordan et al. 2024)."""

_STEPS = 5


def orthogonalised(matrices: Float[Tensor, "count rows columns"]) -> Float[Tensor, "count rows columns"]:
    """Matrices with the same singular vectors and singular values near 1, by Newton–Schulz iteration."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    a, b, c = _COEFFICIENTS
    for _ in range(_STEPS):
        product = x @ x.mT
        polynomial = torch.baddbmm(product, product, product, beta=b, alpha=c)
        x = torch.baddbmm(x, polynomial, x, beta=a)
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum and decoupled weight decay.

    Args:
        parameters: matrices.
        lr: how far an orthogonal step goes; of a matrix with more rows than columns √(rows / columns) times as far.
        momentum: of the gradients.
        weight_decay: as AdamW's.
    """

    def __init__(
        self, parameters: Iterable[Tensor], lr: float = 0.02, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Update the parameters that have gradients."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[Tensor]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape.setdefault(parameter.shape, []).append(parameter)
            for parameters in by_shape.values():
                self._update(parameters, group)

    def _update(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        directions = []
        for parameter in parameters:
            gradient, state = parameter.grad, self.state[parameter]
            assert gradient is not None
            if "momentum_buffer" not in state:
                state["momentum_buffer"] = torch.zeros_like(gradient)
            buffer = state["momentum_buffer"].lerp_(gradient, 1 - group["momentum"])
            directions.append(whole(gradient.lerp(buffer, group["momentum"])))
        rows, columns = parameters[0].shape
        rate = group["lr"] * math.sqrt(max(1.0, rows / columns))
        for parameter, step in zip(parameters, orthogonalised(torch.stack(directions)), strict=True):
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.sub_(like_parameter(step, parameter), alpha=rate)
