"""The Transformer of "Attention Is All You Need" (Vaswani et al. 2017)."""

from __future__ import annotations

import torch
from torch import nn

from pellucid.nn.cache import KeyValueCache
from pellucid.nn.mask import padding_mask
from pellucid.nn.model import Model
from pellucid.nn.stacks import Encoder
from pellucid.nn.tensors import Bool, Float, Int, Tensor
from pellucid.transformer import TransformerConfig


class EncoderDecoder(Model):
    """An encoder reads the source, a decoder writes the target, token by token (§3).

    Targets are already shifted right: they begin with `bos_id`, and the logits at a position are of the token after
    it. Padding belongs at the end of a target, where nothing before it can see it; in a source it is masked.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        self.encoder = Encoder(config)
        self.source_embedding = (
            None if config.share_embeddings else nn.Parameter(torch.empty(config.source_vocab_size, config.d_model))
        )

    def forward(
        self,
        source: Int[Tensor, "batch n_source"],
        target: Int[Tensor, "batch n_target"],
        source_mask: Bool[Tensor, "batch n_source"] | None = None,
    ) -> Float[Tensor, "batch n_target vocabulary"]:
        """The logits of every next token.

        Args:
            source: token ids.
            target: token ids, shifted right.
            source_mask: true where a source token may be attended to; `None` for all.
        """
        return self.project(self.hidden(source, target, source_mask))

    def hidden(
        self,
        source: Int[Tensor, "batch n_source"],
        target: Int[Tensor, "batch n_target"],
        source_mask: Bool[Tensor, "batch n_source"] | None = None,
    ) -> Float[Tensor, "batch n_target d_model"]:
        """What `project` turns into logits; a loss need project only the positions that count."""
        return self.decode_hidden(target, self.encode(source, source_mask), source_mask)

    def encode(
        self, source: Int[Tensor, "batch n_source"], source_mask: Bool[Tensor, "batch n_source"] | None = None
    ) -> Float[Tensor, "batch n_source d_model"]:
        """The memory: the encoder's output."""
        matrix = self.target_embedding if self.source_embedding is None else self.source_embedding
        return self.encoder(source, matrix, padding_mask(source_mask))  # type: ignore[no-any-return]  # nn.Module's call

    def decode(
        self,
        target: Int[Tensor, "batch n_target"],
        memory: Float[Tensor, "batch n_source d_model"],
        source_mask: Bool[Tensor, "batch n_source"] | None = None,
        cache: KeyValueCache | None = None,
    ) -> Float[Tensor, "batch n_target vocabulary"]:
        """The logits of every next token.

        Args:
            target: token ids, shifted right; with a cache only those it does not hold.
            memory: the encoder's output.
            source_mask: that of the source.
            cache: from `new_cache`; takes in the target's tokens.
        """
        return self.project(self.decode_hidden(target, memory, source_mask, cache))

    def decode_hidden(
        self,
        target: Int[Tensor, "batch n_target"],
        memory: Float[Tensor, "batch n_source d_model"],
        source_mask: Bool[Tensor, "batch n_source"] | None = None,
        cache: KeyValueCache | None = None,
    ) -> Float[Tensor, "batch n_target d_model"]:
        """Like `decode`, before the projection to the vocabulary."""
        return self.decoder(  # type: ignore[no-any-return]  # nn.Module's call
            target,
            self.target_embedding,
            memory=memory,
            memory_mask=padding_mask(source_mask),
            cache=cache,
        )
