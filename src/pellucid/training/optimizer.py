"""Optimizers, and their state as named tensors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pellucid.errors import CheckpointError
from pellucid.training.distributed import like_parameter
from pellucid.training.muon import Muon
from pellucid.training.recipe import OptimizerSection


class Optimizer:
    """One optimizer or two, for different parameters of one model.

    Args:
        model: whose parameters are updated.
        section: of the recipe.
    """

    def __init__(self, model: nn.Module, section: OptimizerSection) -> None:
        self._names = {parameter: name for name, parameter in model.named_parameters()}
        matrices = set(_hidden_matrices(model)) if section.kind == "muon" else set()
        others = [parameter for parameter in self._names if parameter not in matrices]
        decayed = [parameter for parameter in others if parameter.ndim >= 2]
        kept = [parameter for parameter in others if parameter.ndim < 2]
        settings: dict[str, Any] = {
            "lr": section.learning_rate,
            "betas": section.betas,
            "eps": section.eps,
            "fused": True,
        }
        self.parts: list[torch.optim.Optimizer] = []
        if section.kind == "adam":
            self.parts.append(torch.optim.Adam(others, **settings))
        else:
            # Weight decay pulls matrices towards nothing; gains and biases are left alone.
            groups = [{"params": decayed, "weight_decay": section.weight_decay}, {"params": kept, "weight_decay": 0.0}]
            self.parts.append(torch.optim.AdamW([group for group in groups if group["params"]], **settings))
        if matrices:
            self.parts.append(
                Muon(
                    [parameter for parameter in self._names if parameter in matrices],
                    lr=section.muon_learning_rate,
                    momentum=section.muon_momentum,
                    weight_decay=section.weight_decay,
                )
            )
        self._rates = [[group["lr"] for group in part.param_groups] for part in self.parts]

    def set_factor(self, factor: float) -> float:
        """Set every learning rate to that share of the recipe's; returns the first."""
        for part, rates in zip(self.parts, self._rates, strict=True):
            for group, rate in zip(part.param_groups, rates, strict=True):
                group["lr"] = rate * factor
        return float(self.parts[0].param_groups[0]["lr"])

    def step(self) -> None:
        """Update the parameters by their gradients."""
        for part in self.parts:
            part.step()

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for part in self.parts:
            part.zero_grad(set_to_none=True)

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """The state, each tensor under a name made of its own and its parameter's."""
        for part in self.parts:
            for parameter, state in part.state.items():
                assert isinstance(parameter, nn.Parameter)
                for key, value in state.items():
                    yield f"{key}/{self._names[parameter]}", value

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take up a state that `tensors` gave.

        Raises:
            CheckpointError: it does not belong to this model.
        """
        parameters = {name: parameter for parameter, name in self._names.items()}
        owners = {p: part for part in self.parts for group in part.param_groups for p in group["params"]}
        for full_name, tensor in tensors.items():
            key, _, name = full_name.partition("/")
            parameter = parameters.get(name)
            if parameter is None or tensor.shape not in (parameter.shape, torch.Size([])):
                raise CheckpointError(f"the checkpoint's state of the optimizer for {name!r} does not fit this model.")
            value = tensor.clone() if tensor.ndim == 0 else like_parameter(tensor, parameter)
            owners[parameter].state[parameter][key] = value


def _hidden_matrices(model: nn.Module) -> Iterable[nn.Parameter]:
    """The matrices inside the layers; embeddings and the projection to the vocabulary are none of them."""
    for module in model.modules():
        if isinstance(module, nn.ModuleList):
            yield from (parameter for parameter in module.parameters() if parameter.ndim == 2)
