"""Masks in the forms that attention needs, made once for all layers of a forward pass."""

from __future__ import annotations

import torch

from pellucid.nn.tensors import Bool, Float, Tensor


class AttentionMask:
    """Which keys each query may attend to; boolean, true = may attend.

    A query with nothing to attend to gets zero weights and a zero output. A softmax over nothing is not a number,
    in the forward pass and in every gradient, so such a row is opened to all keys and its output is then erased.

    Args:
        allowed: one mask for all heads, sizes of 1 standing for "the same for all"; `None` with `causal` when nothing
            else is masked.
        causal: `allowed` is, or stands for, the plain lower triangle: fused kernels need no mask for it.
    """

    def __init__(self, allowed: Bool[Tensor, "#batch 1 #n_q n_k"] | None, *, causal: bool = False) -> None:
        self.causal = causal
        self.empty: Tensor | None = None
        self.allowed = allowed
        self._bias: dict[tuple[torch.dtype, int, int, int, int], Tensor] = {}
        if allowed is not None and not causal:
            empty = ~allowed.any(dim=-1, keepdim=True)
            # Asking costs nothing on a CPU; elsewhere it would wait for the device, and in a compiled graph break it.
            if torch.compiler.is_compiling() or allowed.device.type != "cpu" or bool(empty.any()):
                self.empty, self.allowed = empty, allowed | empty

    def bias(
        self, like: Float[Tensor, "batch heads n_q d_k"], groups: int, n_k: int
    ) -> Float[Tensor, "rows_of_heads queries n_k"]:
        """What is added to the scores: 0 where attention is allowed, −∞ elsewhere.

        Args:
            like: the queries, for their sizes and number type.
            groups: key/value heads; the queries of the heads that share one lie below each other.
            n_k: number of keys.
        """
        batch, heads, n_q, _ = like.shape
        key = (like.dtype, groups, batch, n_q, n_k)
        if key not in self._bias:
            self._bias[key] = self._make_bias(like, groups, n_k, heads // groups)
        return self._bias[key]

    def _make_bias(self, like: Tensor, groups: int, n_k: int, shared: int) -> Tensor:
        batch, _, n_q, _ = like.shape
        allowed = self.allowed
        if allowed is None:
            allowed = torch.ones(n_q, n_k, dtype=torch.bool, device=like.device).tril_()[None, None]
        zero = torch.zeros((), dtype=like.dtype, device=like.device)
        bias = torch.where(allowed, zero, -torch.inf)
        if shared > 1:
            bias = bias.unsqueeze(2).expand(batch, groups, shared, n_q, n_k)
            return bias.reshape(batch * groups, shared * n_q, n_k)
        if bias.shape[0] == 1:
            return bias[0].expand(batch * groups, n_q, n_k)
        bias = bias.expand(batch, groups, bias.shape[2], n_k).reshape(batch * groups, -1, n_k)
        return bias.expand(batch * groups, n_q, n_k)


def padding_mask(mask: Bool[Tensor, "batch n_k"] | None) -> AttentionMask | None:
    """Every query sees the keys where `mask` is true."""
    return None if mask is None else AttentionMask(mask[:, None, None, :])


def causal_mask(
    n_q: int, n_k: int, device: torch.device, mask: Bool[Tensor, "batch n_q n_k"] | None = None
) -> AttentionMask | None:
    """Every token sees itself and the tokens before it (Vaswani et al. 2017, §3.2.3).

    Args:
        n_q: number of queries, the last of the n_k tokens.
        n_k: number of keys.
        device: where the mask is to be.
        mask: what else is forbidden; a query sees a key that both allow.

    Returns:
        `None` when nothing is masked, as for the one new token of a cached step.
    """
    if mask is None and n_q == 1:
        return None
    if mask is None and n_q == n_k:
        return AttentionMask(None, causal=True)
    triangle = torch.ones(n_q, n_k, dtype=torch.bool, device=device).tril_(n_k - n_q)
    if mask is None:
        return AttentionMask(triangle[None, None])
    return AttentionMask((mask & triangle)[:, None])
