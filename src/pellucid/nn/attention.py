"""Multi-head attention (Vaswani et al. 2017, §3.2.2), also grouped-query (Ainslie et al. 2023).

Projections that read the same input are one matrix, so that they are one product. Weights files keep them apart
under the paper's names; `pellucid.nn.weight_names` says how.
"""

from __future__ import annotations

import torch
from torch import nn

from pellucid.nn.attend import attend
from pellucid.nn.cache import KeyValueCache
from pellucid.nn.linear import Linear
from pellucid.nn.mask import AttentionMask
from pellucid.nn.positions import Rotation
from pellucid.nn.tensors import Float, Tensor
from pellucid.transformer import TransformerConfig


def split_heads(x: Float[Tensor, "batch n width"], d_k: int) -> Float[Tensor, "batch heads n d_k"]:
    """The heads, which lie side by side, behind each other."""
    return x.view(*x.shape[:-1], -1, d_k).transpose(1, 2)


def concatenate_heads(x: Float[Tensor, "batch heads n d_k"]) -> Float[Tensor, "batch n width"]:
    """The heads side by side."""
    return x.transpose(1, 2).flatten(2)


class SelfAttention(nn.Module):
    """Queries, keys and values all come from `x`."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.d_k = config.d_k
        self.heads = (config.num_heads, config.num_key_value_heads)
        self.dropout = config.attention_dropout
        num_projected = config.num_heads + 2 * config.num_key_value_heads
        self.query_key_value = Linear(config.d_model, num_projected * self.d_k, bias=config.attention_bias)
        self.output = Linear(config.num_heads * self.d_k, config.d_model, bias=config.attention_bias)

    def forward(
        self,
        x: Float[Tensor, "batch n_q d_model"],
        mask: AttentionMask | None,
        rotation: Rotation | None = None,
        cache: KeyValueCache | None = None,
        layer: int = 0,
    ) -> Float[Tensor, "batch n_q d_model"]:
        """Attention of `x` to itself and to what the cache holds.

        Args:
            x: the tokens.
            mask: over the keys, those of the cache first.
            rotation: turns queries and keys; `None` without rotary positions.
            cache: keys and values of earlier tokens; takes in those of `x`.
            layer: whose keys and values in the cache.
        """
        projected = split_heads(self.query_key_value(x), self.d_k)
        query_heads, key_heads = self.heads
        if rotation is None:
            query, key, value = torch.split(projected, [query_heads, key_heads, key_heads], dim=1)
        else:
            turned, value = torch.split(projected, [query_heads + key_heads, key_heads], dim=1)
            query, key = torch.split(rotation(turned), [query_heads, key_heads], dim=1)
        if cache is not None:
            key, value = cache.append(layer, key, value)
        heads = attend(query, key, value, mask, self.dropout if self.training else 0.0)
        return self.output(concatenate_heads(heads))  # type: ignore[no-any-return]  # nn.Module's call


class CrossAttention(nn.Module):
    """Queries come from `x`, keys and values from the encoder's memory (§3.2.3)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.d_k = config.d_k
        self.dropout = config.attention_dropout
        width = config.num_heads * self.d_k
        key_value_width = 2 * config.num_key_value_heads * self.d_k
        self.query = Linear(config.d_model, width, bias=config.attention_bias)
        self.key_value = Linear(config.d_model, key_value_width, bias=config.attention_bias)
        self.output = Linear(width, config.d_model, bias=config.attention_bias)

    def forward(
        self,
        x: Float[Tensor, "batch n_q d_model"],
        memory: Float[Tensor, "batch n_k d_model"],
        mask: AttentionMask | None,
        cache: KeyValueCache | None = None,
        layer: int = 0,
    ) -> Float[Tensor, "batch n_q d_model"]:
        """Attention of `x` to `memory`.

        Args:
            x: the target's tokens.
            memory: the encoder's output; looked at only once when there is a cache.
            mask: over the tokens of the source.
            cache: takes in the keys and values of `memory` the first time and gives them back from then on.
            layer: whose keys and values in the cache.
        """
        projected = None if cache is None else cache.cross(layer)
        if projected is None:
            key, value = split_heads(self.key_value(memory), self.d_k).chunk(2, dim=1)
            if cache is not None:
                key, value = cache.set_cross(layer, key, value)
        else:
            key, value = projected
        query = split_heads(self.query(x), self.d_k)
        heads = attend(query, key, value, mask, self.dropout if self.training else 0.0)
        return self.output(concatenate_heads(heads))  # type: ignore[no-any-return]  # nn.Module's call
