"""What searches compute with rows of logits, in PyTorch, where the logits are."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pellucid.arrays import Array
from pellucid.decoding.best import best, likeliest
from pellucid.nn.tensors import Bool, Float, Int, Shaped, Tensor


class TorchRows:
    """`pellucid.search.rows.RowMath` in PyTorch.

    Args:
        device: where the logits are.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def without(self, logits: Float[Tensor, "rows vocabulary"], token: int) -> Float[Tensor, "rows vocabulary"]:
        logits[:, token] = -torch.inf
        return logits

    def log_softmax(self, logits: Float[Tensor, "rows vocabulary"]) -> Float[Tensor, "rows vocabulary"]:
        return logits.log_softmax(dim=1)

    def cumulative(self, logits: Float[Tensor, "rows vocabulary"]) -> Float[Tensor, "rows vocabulary"]:
        return logits.double().softmax(dim=1).cumsum(dim=1)

    def falling(self, logits: Float[Tensor, "rows vocabulary"]) -> Float[Tensor, "rows vocabulary"]:
        return logits.sort(dim=1, descending=True).values

    def largest(self, logits: Float[Tensor, "rows vocabulary"]) -> Float[Tensor, "rows 1"]:
        return logits.amax(dim=1, keepdim=True)

    def best(
        self, logits: Float[Tensor, "rows vocabulary"], k: int
    ) -> tuple[Float[Tensor, "rows {k}"], Int[Tensor, "rows {k}"]]:
        return best(logits, k)

    def likeliest(self, logits: Float[Tensor, "rows vocabulary"]) -> Int[Tensor, " rows"]:
        return likeliest(logits)

    def where(self, condition: Bool[Tensor, "rows n"], one: Tensor | float, other: Tensor | float) -> Tensor:
        return torch.where(condition, one, other)

    def taken(self, rows: Float[Tensor, "rows m"], places: Int[Tensor, "rows n"]) -> Float[Tensor, "rows n"]:
        return rows.gather(1, places)

    def put(
        self, rows: Float[Tensor, "rows m"], places: Int[Tensor, "rows n"], values: Float[Tensor, "rows n"]
    ) -> Float[Tensor, "rows m"]:
        return rows.scatter(1, places, values)

    def integers(self, values: Sequence[Sequence[int]]) -> Int[Tensor, "rows n"]:
        return torch.tensor(values, device=self._device)

    def numbers(self, values: Sequence[Sequence[float]]) -> Float[Tensor, "rows n"]:
        return torch.tensor(values, dtype=torch.float64, device=self._device)

    def on_host(self, rows: Shaped[Tensor, "rows n"]) -> Array:
        array: Array = rows.cpu().numpy()
        return array
