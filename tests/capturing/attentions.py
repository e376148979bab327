"""Attention as people write it, and random matrices whose sizes all differ."""

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

BATCH, HEADS, QUERIES, KEYS, D_K, D_V = 2, 3, 5, 7, 4, 6


def matrices(seed: int = 0, dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shapes = ((BATCH, HEADS, QUERIES, D_K), (BATCH, HEADS, KEYS, D_K), (BATCH, HEADS, KEYS, D_V))
    q, k, v = (torch.randn(shape, generator=generator).to(dtype) for shape in shapes)
    return q, k, v


MASK = torch.tensor(
    [
        [1, 1, 0, 1, 1, 0, 1],
        [1, 1, 1, 1, 0, 1, 1],
        [0, 0, 1, 0, 1, 1, 0],
        [1, 0, 1, 1, 1, 1, 1],
        [0, 1, 0, 1, 1, 1, 0],
    ]
).bool()
BIAS = torch.linspace(-1, 2, HEADS * QUERIES * KEYS).reshape(1, HEADS, QUERIES, KEYS)
SINK = torch.tensor([0.5, -1.0, 2.0]).reshape(1, HEADS, 1, 1)


class Function(nn.Module):
    """A function of query, key and value as a module, named as attention is."""

    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, q, k, v):
        return self.function(q, k, v)


class SomeAttention(Function):
    pass


def side_by_side(heads):
    return heads.transpose(1, 2).flatten(2)


def plain(q, k, v):
    return side_by_side((q @ k.transpose(-1, -2) / math.sqrt(D_K)).softmax(-1) @ v)


def scaled_before(q, k, v):
    return side_by_side(((q * 0.5) @ k.transpose(-1, -2)).softmax(-1) @ v)


def masked(q, k, v):
    return side_by_side((q @ k.mT * 0.5).masked_fill(~MASK, -math.inf).softmax(-1) @ v)


def masked_with_numbers(q, k, v):
    return side_by_side((q @ k.mT * 0.5 + (1 - MASK.to(q.dtype)) * torch.finfo(q.dtype).min).softmax(-1) @ v)


def masked_where(q, k, v):
    return side_by_side(torch.where(MASK, q @ k.mT * 0.5, torch.tensor(-1e4)).softmax(-1) @ v)


def biased(q, k, v):
    return side_by_side((q @ k.mT * 0.5).add_(BIAS).softmax(-1) @ v)


def capped(q, k, v):
    return side_by_side((torch.tanh(q @ k.mT * 0.5 / 1.5) * 1.5).masked_fill(~MASK, -math.inf).softmax(-1) @ v)


def with_sink(q, k, v):
    scores = q @ k.mT * 0.5
    scores = torch.cat([scores, SINK.expand(BATCH, HEADS, QUERIES, 1)], -1)
    scores = scores - scores.max(-1, keepdim=True).values
    return side_by_side(scores.softmax(-1)[..., :-1] @ v)


def by_einsum(q, k, v):
    weights = torch.einsum("bhid,bhjd->ijbh", q, k).mul(0.5).softmax(1)
    return torch.einsum("ijbh,bhjd->bihd", weights, v).flatten(2)


def einsum_heads_last(q, k, v):
    q, k, v = (matrix.transpose(1, 2) for matrix in (q, k, v))
    weights = torch.einsum("bqhd,bkhd->bhqk", q, k).mul(0.5).softmax(-1)
    return torch.einsum("bhqk,bkhv->bqhv", weights, v).flatten(2)


def einsum_multi_query(q, k, v):
    weights = torch.einsum("bhqd,bkd->bhqk", q, k[:, 0]).mul(0.5).softmax(-1)
    return torch.einsum("bhqk,bkv->bqhv", weights, v[:, 0]).flatten(2)


def einsum_groups(q, k, v):
    weights = torch.einsum("bghqd,bgkd->bghqk", torch.stack([q, -q], 2), k).mul(0.5).softmax(-1)
    return torch.einsum("bghqk,bgkv->bqghv", weights, v).flatten(2)


def flattened(q, k, v):
    scores = torch.bmm(q.flatten(0, 1), k.flatten(0, 1).mT) * 0.5
    out = torch.bmm(F.softmax(scores, -1, dtype=torch.float32), v.flatten(0, 1))
    return side_by_side(out.view(BATCH, HEADS, QUERIES, D_V))


def stacked_heads(q, k, v):
    """Heads that share keys lie below each other, as in multi-query attention."""
    queries = q.reshape(BATCH, HEADS * QUERIES, D_K)
    weights = torch.baddbmm(queries.new_zeros(()), queries, k[:, 0].mT, beta=0, alpha=0.5).softmax(-1)
    out = torch.bmm(weights, v[:, 0]).view(BATCH, HEADS, QUERIES, D_V)
    return side_by_side(out)


def fused(q, k, v):
    return side_by_side(F.scaled_dot_product_attention(q, k, v[..., :D_K]))


def fused_causal(q, k, v):
    return side_by_side(F.scaled_dot_product_attention(q, k, v[..., :D_K], is_causal=True, scale=0.7))


def fused_mask(q, k, v):
    return side_by_side(F.scaled_dot_product_attention(q, k, v[..., :D_K], attn_mask=MASK))


def fused_wide(q, k, v):
    return side_by_side(F.scaled_dot_product_attention(q, k, v, attn_mask=BIAS))


def fused_groups(q, k, v):
    return side_by_side(F.scaled_dot_product_attention(torch.cat([q, -q], 1), k, v[..., :D_K], enable_gqa=True))


EVERY = {
    function.__name__: function
    for function in (
        plain,
        scaled_before,
        masked,
        masked_with_numbers,
        masked_where,
        biased,
        capped,
        with_sink,
        by_einsum,
        einsum_heads_last,
        einsum_multi_query,
        einsum_groups,
        flattened,
        stacked_heads,
        fused,
        fused_causal,
        fused_mask,
        fused_wide,
        fused_groups,
    )
}
