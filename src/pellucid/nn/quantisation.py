"""Weights as 8-bit integers, each row with a scale of its own."""

from __future__ import annotations

import torch

from pellucid.nn.tensors import Float, Shaped, Tensor


def quantise_rows(
    weight: Float[Tensor, "rows columns"],
) -> tuple[Shaped[Tensor, "rows columns"], Float[Tensor, " rows"]]:
    """Integers from −127 to 127 and the scales by which they are multiplied; the error is half a scale at most."""
    weight = weight.float()
    scale = weight.abs().amax(dim=1) / 127
    rounded = (weight / torch.where(scale > 0, scale, 1.0)[:, None]).round()  # a row of zeros has scale 0
    return rounded.clamp(-127, 127).to(torch.int8), scale


def dequantise_rows(
    integers: Shaped[Tensor, "rows columns"], scale: Float[Tensor, " rows"], dtype: torch.dtype = torch.float32
) -> Float[Tensor, "rows columns"]:
    """The numbers that the integers stand for."""
    return (integers.float() * scale.float()[:, None]).to(dtype)
