"""The encoder and the decoder: embeddings in, N layers, a final norm where there is one (§3.1)."""

from __future__ import annotations

from torch import nn

from pellucid.nn.cache import KeyValueCache
from pellucid.nn.embedding import Positioning
from pellucid.nn.layers import DecoderLayer, EncoderLayer
from pellucid.nn.mask import AttentionMask, causal_mask
from pellucid.nn.normalisation import make_norm
from pellucid.nn.tensors import Bool, Float, Int, Tensor
from pellucid.transformer import TransformerConfig


class Encoder(nn.Module):
    """N layers of self-attention and feed-forward."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.embedding = Positioning(config)
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.num_encoder_layers))
        self.norm = make_norm(config) if config.final_norm else None

    def forward(
        self, ids: Int[Tensor, "batch n"], matrix: Float[Tensor, "vocabulary d_model"], mask: AttentionMask | None
    ) -> Float[Tensor, "batch n d_model"]:
        """The memory that the decoder attends to."""
        x, rotation = self.embedding(ids, matrix)
        for layer in self.layers:
            x = layer(x, mask, rotation)
        return x if self.norm is None else self.norm(x)  # type: ignore[no-any-return]  # nn.Module's call


class Decoder(nn.Module):
    """N layers of causal self-attention, cross-attention if there is an encoder, and feed-forward."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.embedding = Positioning(config)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.num_decoder_layers))
        self.norm = make_norm(config) if config.final_norm else None

    def forward(
        self,
        ids: Int[Tensor, "batch n_q"],
        matrix: Float[Tensor, "vocabulary d_model"],
        mask: Bool[Tensor, "batch n_q n_k"] | None = None,
        positions: Int[Tensor, "batch n_q"] | None = None,
        memory: Float[Tensor, "batch n_source d_model"] | None = None,
        memory_mask: AttentionMask | None = None,
        cache: KeyValueCache | None = None,
    ) -> Float[Tensor, "batch n_q d_model"]:
        """Hidden states, one projection away from logits."""
        seen, n = (0 if cache is None else cache.length), ids.shape[1]
        x, rotation = self.embedding(ids, matrix, seen, positions)
        causal = causal_mask(n, seen + n, ids.device, mask)
        for index, layer in enumerate(self.layers):
            x = layer(x, causal, rotation, memory, memory_mask, cache, index)
        if cache is not None:
            cache.advance(n)
        return x if self.norm is None else self.norm(x)  # type: ignore[no-any-return]  # nn.Module's call
