"""The Transformer as named steps (Vaswani et al. 2017, §3): one code for computing, for keeping every step, and for
exact decimals. What takes in the steps decides which (`pellucid.derivation.Recorder`).

Steps are named after the places of `pellucid.nn` and of weights files:

    decoder.embedding.embeddings … x
    decoder.layers.0.self_attention_norm.mean … output
    decoder.layers.0.self_attention.query … scores … output
    decoder.layers.0.self_attention_sum
    decoder.layers.0.feed_forward.up … output
    decoder.norm.output → logits

so that what stands behind one place is a chain like any other: `query, key, value → scores → … → output`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic

import numpy as np

from pellucid.arrays import Array
from pellucid.derivation import Axis, Recorder, V
from pellucid.operations import ArgMax, LastRow, NegativeLogLikelihood, Softmax
from pellucid.transformer.axes import Axes, by_row, last_token, same, tokens, vocabulary
from pellucid.transformer.cache import KeyValueCache
from pellucid.transformer.config import TransformerConfig
from pellucid.transformer.embedding import Embedding
from pellucid.transformer.layer import Layer
from pellucid.transformer.normalisation import Norm
from pellucid.transformer.positions import PositionTables
from pellucid.transformer.weights import Weights

_LAST, _ARGMAX = LastRow(), ArgMax()
_SOFTMAX = Softmax(asks=False)  # every token sees itself, and every source token


class Network(Generic[V]):
    """Encoder and decoder, or a decoder alone, over one kind of values."""

    def __init__(self, weights: Weights[V], config: TransformerConfig, tables: PositionTables) -> None:
        self.config, self.tables = config, tables
        self.causal: dict[tuple[int, int], Array] = {}
        matrix = weights.matrix("target_embedding")
        self.encoder_layers: list[Layer[V]] = []
        self.encoder_norm: Norm[V] | None = None
        if config.is_encoder_decoder:
            source = matrix if config.share_embeddings else weights.matrix("source_embedding")
            self.source_embedding = Embedding(weights, "encoder", source, config)
            self.encoder_layers = [
                Layer(weights, f"encoder.layers.{index}", config, crosses=False)
                for index in range(config.num_encoder_layers)
            ]
            self.encoder_norm = Norm(weights, "encoder.norm", config) if config.final_norm else None
        self.target_embedding = Embedding(weights, "decoder", matrix, config)
        self.decoder_layers = [
            Layer(weights, f"decoder.layers.{index}", config, crosses=config.is_encoder_decoder)
            for index in range(config.num_decoder_layers)
        ]
        self.decoder_norm = Norm(weights, "decoder.norm", config) if config.final_norm else None
        self.projection = weights.projection()

    def encode(self, recorder: Recorder[V], ids: Array, labels: Sequence[str] | None = None) -> V:
        """The memory that the decoder attends to, (n, d_model).

        Args:
            recorder: takes in the steps.
            ids: of the source's tokens.
            labels: the tokens, for readers.
        """
        x, rotation = self.source_embedding(recorder, ids, 0, self.tables, tokens(ids, labels, 0))
        for layer in self.encoder_layers:
            read = layer.before(recorder, x, "self_attention")
            output = layer.self_attention.to_itself(recorder, read, None, rotation)
            x = layer.join(recorder, x, output, "self_attention", "self_attention_sum")
            output = layer.feed_forward(recorder, layer.before(recorder, x, "feed_forward"))
            x = layer.join(recorder, x, output, "feed_forward", "feed_forward_sum")
        return x if self.encoder_norm is None else self.encoder_norm(recorder, x)

    def decode(
        self,
        recorder: Recorder[V],
        ids: Array,
        memory: V | None = None,
        cache: KeyValueCache | None = None,
        labels: Sequence[str] | None = None,
        *,
        last: bool = False,
    ) -> V:
        """The logits of every next token, (n, vocabulary).

        Args:
            recorder: takes in the steps.
            ids: of the target's tokens; with a cache only those it does not hold. (sequences, n) with a cache of so
                many sequences.
            memory: the encoder's output.
            cache: takes in the tokens.
            labels: all tokens so far, for readers.
            last: only of the last token's successor.
        """
        start, n = 0 if cache is None else cache.length, ids.shape[-1]
        x, rotation = self.target_embedding(recorder, ids, start, self.tables, tokens(ids, labels, start))
        mask = None if n == 1 else self._mask(n, start + n)

        def seen() -> Axes:
            return (Axis("key", start, None if labels is None else tuple(labels[:start])),)

        for index, layer in enumerate(self.decoder_layers):
            read = layer.before(recorder, x, "self_attention")
            output = layer.self_attention.to_itself(recorder, read, mask, rotation, cache, index, seen)
            x = layer.join(recorder, x, output, "self_attention", "self_attention_sum")
            if layer.cross_attention is not None and memory is not None:
                read = layer.before(recorder, x, "cross_attention")
                output = layer.cross_attention.to_memory(recorder, read, memory, cache, index)
                x = layer.join(recorder, x, output, "cross_attention", "cross_attention_sum")
            output = layer.feed_forward(recorder, layer.before(recorder, x, "feed_forward"))
            x = layer.join(recorder, x, output, "feed_forward", "feed_forward_sum")
        if cache is not None:
            cache.advance(n)
        if last and n > 1:
            recorder.enter("decoder.")
            x = recorder.apply("last", _LAST, x, axes=last_token)
        if self.decoder_norm is not None:
            x = self.decoder_norm(recorder, x)
        recorder.enter("")
        (logits,) = recorder.products(("logits",), x, self.projection, (vocabulary,))
        return logits

    def choose(self, recorder: Recorder[V], logits: V, right: int | None = None) -> V:
        """The id of the likeliest next token of each row: the largest of the softmax of its logits (§3.4).

        Args:
            recorder: takes in the steps.
            logits: of the next token.
            right: the id of the right one, whose loss is computed besides.
        """
        recorder.enter("")
        probabilities = recorder.apply("probabilities", _SOFTMAX, logits, axes=same)
        if right is not None:
            recorder.apply("loss", NegativeLogLikelihood(right), probabilities, axes=by_row)
        return recorder.apply("choice", _ARGMAX, probabilities, axes=by_row)

    def _mask(self, n_q: int, n_k: int) -> Array:
        """Every token sees itself and the tokens before it (§3.2.3)."""
        if (n_q, n_k) not in self.causal:
            self.causal.clear()
            self.causal[n_q, n_k] = np.tril(np.ones((n_q, n_k), dtype=bool), n_k - n_q)
        return self.causal[n_q, n_k]
