"""Where a token stands: sinusoids and learned vectors that are added, rotations of queries and keys."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from pellucid.nn.tensors import Float, Int, Tensor


def sinusoids(
    max_length: int, d_model: int, layout: Literal["interleaved", "halves"] = "interleaved"
) -> Float[Tensor, "max_length d_model"]:
    """PE(pos, 2i) = sin(pos / 10000^(2i/d_model)), PE(pos, 2i+1) = cos(the same) (Vaswani et al. 2017, §3.5).

    Args:
        max_length: positions 0 … max_length − 1.
        d_model: width.
        layout: "interleaved" as in the paper; "halves" has all sines first.
    """
    pairs = torch.arange(0, d_model, 2, dtype=torch.float64)
    angles = torch.arange(max_length, dtype=torch.float64)[:, None] / 10000.0 ** (pairs / d_model)
    table = torch.empty(max_length, d_model, dtype=torch.float64)
    sines, cosines = (slice(0, None, 2), slice(1, None, 2))
    if layout == "halves":
        sines, cosines = slice(0, len(pairs)), slice(len(pairs), None)
    table[:, sines] = angles.sin()
    table[:, cosines] = angles[:, : d_model // 2].cos()
    return table.float()


class SinusoidalPositions(nn.Module):
    """Sinusoids, added to the embeddings; nothing of them is learned or saved."""

    table: Tensor

    def __init__(self, max_length: int, d_model: int, layout: Literal["interleaved", "halves"]) -> None:
        super().__init__()
        self.register_buffer("table", sinusoids(max_length, d_model, layout), persistent=False)

    def forward(self, start: int, n: int, positions: Int[Tensor, "batch n"] | None) -> Float[Tensor, "... n d_model"]:
        """The vectors of `positions`, or of the `n` from `start`."""
        return self.table[start : start + n] if positions is None else self.table[positions]


class LearnedPositions(nn.Module):
    """One learned vector a position, added to the embeddings."""

    def __init__(self, max_length: int, d_model: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(max_length, d_model))

    def forward(self, start: int, n: int, positions: Int[Tensor, "batch n"] | None) -> Float[Tensor, "... n d_model"]:
        """The vectors of `positions`, or of the `n` from `start`."""
        if positions is None:
            return self.weight[start : start + n]
        return nn.functional.embedding(positions, self.weight)


class Rotation:
    """The turns of some positions, ready to be applied to every layer's queries and keys.

    Args:
        cosine: of every feature's angle.
        sine: likewise, negated for the first half of the features.
    """

    def __init__(self, cosine: Float[Tensor, "... n d_k"], sine: Float[Tensor, "... n d_k"]) -> None:
        self.cosine, self.sine = cosine, sine

    def __call__(self, x: Float[Tensor, "batch heads n d_k"]) -> Float[Tensor, "batch heads n d_k"]:
        """Feature i of the first half is turned together with feature i of the second half."""
        half = x.shape[-1] // 2
        swapped = torch.cat((x[..., half:], x[..., :half]), dim=-1)
        return torch.addcmul(x * self.cosine.to(x.dtype), swapped, self.sine.to(x.dtype))


class RotaryPositions(nn.Module):
    """Queries and keys are turned by angles pos / base^(2i/d_k) (Su et al. 2021, RoFormer, §3.2).

    The features of a pair lie half a head apart, as in GPT-NeoX and in transformers' Llama.
    """

    cosine: Tensor
    sine: Tensor

    def __init__(self, max_length: int, d_k: int, base: float) -> None:
        super().__init__()
        angles = torch.arange(max_length, dtype=torch.float64)[:, None] / base ** (
            torch.arange(0, d_k, 2, dtype=torch.float64) / d_k
        )
        self.register_buffer("cosine", torch.cat((angles, angles), -1).cos().float(), persistent=False)
        self.register_buffer("sine", torch.cat((-angles, angles), -1).sin().float(), persistent=False)

    def forward(self, start: int, n: int, positions: Int[Tensor, "batch n"] | None) -> Rotation:
        """The turns of `positions`, or of the `n` from `start`."""
        if positions is None:
            return Rotation(self.cosine[start : start + n], self.sine[start : start + n])
        return Rotation(self.cosine[positions].unsqueeze(1), self.sine[positions].unsqueeze(1))
