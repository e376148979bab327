"""Scaled dot-product attention, softmax(Q Kᵀ / √d_k) V (Vaswani et al. 2017, §3.2.1), by two paths of one arithmetic.

`fused` is PyTorch's `scaled_dot_product_attention`; `explicit` multiplies, adds the mask, takes the softmax and
multiplies again. Tests hold them equal; `pellucid.nn.precision` chooses.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812  (the name that the field knows)

from pellucid.nn.dropout import dropout as drop
from pellucid.nn.mask import AttentionMask
from pellucid.nn.precision import attention_path
from pellucid.nn.tensors import Float, Tensor


def attend(
    query: Float[Tensor, "batch heads n_q d_k"],
    key: Float[Tensor, "batch key_value_heads n_k d_k"],
    value: Float[Tensor, "batch key_value_heads n_k d_v"],
    mask: AttentionMask | None = None,
    dropout: float = 0.0,
) -> Float[Tensor, "batch heads n_q d_v"]:
    """The weighted sums of the values, by the path that is faster here.

    Args:
        query: for every head.
        key: for every key/value head; each serves as many neighbouring query heads.
        value: likewise.
        mask: `None` when every query sees every key.
        dropout: probability with which a weight is dropped.
    """
    path = fused if attention_path(query, key.shape[2], dropout) == "fused" else explicit
    return path(query, key, value, mask, dropout)


def fused(
    query: Float[Tensor, "batch heads n_q d_k"],
    key: Float[Tensor, "batch key_value_heads n_k d_k"],
    value: Float[Tensor, "batch key_value_heads n_k d_v"],
    mask: AttentionMask | None = None,
    dropout: float = 0.0,
) -> Float[Tensor, "batch heads n_q d_v"]:
    """By PyTorch's kernel, which keeps no weights."""
    output = F.scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=None if mask is None else mask.allowed,
        dropout_p=dropout,
        is_causal=mask is not None and mask.allowed is None,
        enable_gqa=query.shape[1] != key.shape[1],
    )
    return _erase_empty(output, mask)


def explicit(
    query: Float[Tensor, "batch heads n_q d_k"],
    key: Float[Tensor, "batch key_value_heads n_k d_k"],
    value: Float[Tensor, "batch key_value_heads n_k d_v"],
    mask: AttentionMask | None = None,
    dropout: float = 0.0,
) -> Float[Tensor, "batch heads n_q d_v"]:
    """By two batched products with the weights between them."""
    batch, heads, n_q, d_k = query.shape
    _, groups, n_k, d_v = value.shape
    rows = batch * groups
    # The queries of all heads that share a key/value head lie below each other: keys and values are never repeated.
    queries = query.reshape(rows, heads // groups * n_q, d_k)
    keys = key.reshape(rows, n_k, d_k).transpose(1, 2)
    if mask is None:
        bias, beta = queries.new_zeros(()), 0.0  # beta 0: read by no one
    else:
        bias, beta = mask.bias(query, groups, n_k), 1.0
    scores = torch.baddbmm(bias, queries, keys, beta=beta, alpha=1 / math.sqrt(d_k))
    weights = drop(scores.softmax(dim=-1), dropout)
    output = torch.bmm(weights, value.reshape(rows, n_k, d_v)).view(batch, heads, n_q, d_v)
    return _erase_empty(output, mask)


def _erase_empty(output: Tensor, mask: AttentionMask | None) -> Tensor:
    return output if mask is None or mask.empty is None else output.masked_fill(mask.empty, 0.0)
