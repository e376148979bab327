"""Where a token stands: sinusoids and learned vectors that are added, rotations of queries and keys."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import nn

from pellucid.nn.tensors import Float, Int, Tensor
from pellucid.transformer import RotaryScaling, TransformerConfig


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


def rotary_frequencies(d_k: int, base: float, scaling: RotaryScaling | None = None) -> Float[Tensor, " half_d_k"]:
    """Radians a position, base^(−2i/d_k), stretched if asked (Su et al. 2021, §3.2; Llama 3.1).

    Args:
        d_k: width of a head.
        base: of the wavelengths.
        scaling: `None` for none.
    """
    frequencies = base ** -(torch.arange(0, d_k, 2, dtype=torch.float64) / d_k)
    if scaling is None:
        return frequencies
    stretched = frequencies / scaling.factor
    if scaling.kind == "linear":
        return stretched
    turns = scaling.original_length * frequencies / (2 * math.pi)
    low, high = scaling.low_frequency_factor, scaling.high_frequency_factor
    kept = ((turns - low) / (high - low)).clamp(0, 1)
    return kept * frequencies + (1 - kept) * stretched


class RotaryPositions(nn.Module):
    """Queries and keys are turned by angles pos · base^(−2i/d_k) (Su et al. 2021, RoFormer, §3.2).

    The features of a pair lie half a head apart, as in GPT-NeoX and in transformers' Llama. The table of turns grows
    with the sequences that come: a model may allow far longer ones than it ever sees.
    """

    _FIRST = 1024

    cosine: Tensor
    sine: Tensor

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.max_length = config.max_length
        self.frequencies = rotary_frequencies(config.d_k, config.rotary_base, config.rotary_scaling).tolist()
        self.register_buffer("cosine", torch.empty(0), persistent=False)
        self.register_buffer("sine", torch.empty(0), persistent=False)
        self._grow(min(config.max_length, self._FIRST))

    def _grow(self, n: int) -> None:
        frequencies = torch.tensor(self.frequencies, dtype=torch.float64)
        angles = torch.arange(n, dtype=torch.float64)[:, None] * frequencies
        self.cosine = torch.cat((angles, angles), -1).cos().float().to(self.cosine.device)
        self.sine = torch.cat((-angles, angles), -1).sin().float().to(self.sine.device)

    def forward(self, start: int, n: int, positions: Int[Tensor, "batch n"] | None) -> Rotation:
        """The turns of `positions`, or of the `n` from `start`."""
        needed = self.max_length if positions is not None else start + n
        if needed > len(self.cosine):
            self._grow(min(self.max_length, max(needed, 2 * len(self.cosine))))
        if positions is None:
            return Rotation(self.cosine[start : start + n], self.sine[start : start + n])
        return Rotation(self.cosine[positions].unsqueeze(1), self.sine[positions].unsqueeze(1))
