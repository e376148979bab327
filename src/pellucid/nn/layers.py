"""The layers of encoder and decoder: sub-layers, each with a residual connection and a norm (§3.1)."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from pellucid.nn.attention import CrossAttention, SelfAttention
from pellucid.nn.cache import KeyValueCache
from pellucid.nn.dropout import add_dropped
from pellucid.nn.feed_forward import FeedForward
from pellucid.nn.mask import AttentionMask
from pellucid.nn.normalisation import make_norm
from pellucid.nn.positions import Rotation
from pellucid.nn.tensors import Float, Tensor
from pellucid.transformer import TransformerConfig


class Layer(nn.Module):
    """What every layer has: self-attention, a feed-forward network, and the way sub-layers are joined."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.pre_norm = config.norm_position == "pre"
        self.dropout = config.dropout
        self.self_attention = SelfAttention(config)
        self.self_attention_norm = make_norm(config)
        self.feed_forward = FeedForward(config)
        self.feed_forward_norm = make_norm(config)

    def join(
        self, x: Float[Tensor, "batch n d_model"], norm: nn.Module, sublayer: Callable[[Tensor], Tensor]
    ) -> Float[Tensor, "batch n d_model"]:
        """Norm(x + Dropout(Sublayer(x))) (§3.1, §5.4), or when pre-norm x + Dropout(Sublayer(Norm(x)))."""
        if self.pre_norm:
            return add_dropped(x, sublayer(norm(x)), self.dropout, self.training)
        return norm(add_dropped(x, sublayer(x), self.dropout, self.training))  # type: ignore[no-any-return]  # nn.Module's call


class EncoderLayer(Layer):
    """Self-attention, then feed-forward."""

    def forward(
        self, x: Float[Tensor, "batch n d_model"], mask: AttentionMask | None, rotation: Rotation | None
    ) -> Float[Tensor, "batch n d_model"]:
        """One layer of the encoder."""
        x = self.join(x, self.self_attention_norm, lambda y: self.self_attention(y, mask, rotation))
        return self.join(x, self.feed_forward_norm, self.feed_forward)


class DecoderLayer(Layer):
    """Causal self-attention, cross-attention to the memory if there is one, then feed-forward."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        if config.is_encoder_decoder:
            self.cross_attention = CrossAttention(config)
            self.cross_attention_norm = make_norm(config)

    def forward(
        self,
        x: Float[Tensor, "batch n_q d_model"],
        mask: AttentionMask | None,
        rotation: Rotation | None,
        memory: Float[Tensor, "batch n_k d_model"] | None = None,
        memory_mask: AttentionMask | None = None,
        cache: KeyValueCache | None = None,
        layer: int = 0,
    ) -> Float[Tensor, "batch n_q d_model"]:
        """One layer of the decoder."""
        x = self.join(x, self.self_attention_norm, lambda y: self.self_attention(y, mask, rotation, cache, layer))
        if memory is not None:
            x = self.join(
                x, self.cross_attention_norm, lambda y: self.cross_attention(y, memory, memory_mask, cache, layer)
            )
        return self.join(x, self.feed_forward_norm, self.feed_forward)
