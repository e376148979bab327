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

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Generic, Protocol, runtime_checkable

import numpy as np

from pellucid.arrays import Array
from pellucid.attention import attention_output, attention_weights, dot_products, split_heads
from pellucid.derivation import AxesOf, Axis, Joined, Recorder, V
from pellucid.expressions import Name, Number, Quotient, SquareRoot
from pellucid.operations import (
    ACTIVATIONS,
    Add,
    AppendTokens,
    ArgMax,
    Centre,
    Copy,
    Gain,
    LastRow,
    Linear,
    LookUp,
    Mean,
    MeanSquare,
    Multiply,
    NegativeLogLikelihood,
    Normalise,
    Rotate,
    Scale,
    Softmax,
    SplitHeads,
)
from pellucid.transformer.cache import KeyValueCache
from pellucid.transformer.config import TransformerConfig
from pellucid.transformer.positions import PositionTables

_ADD, _MULTIPLY, _COPY, _LAST = Add(), Multiply(), Copy(), LastRow()
_LOOK_UP, _LINEAR, _PROJECTION = LookUp(), Linear(), Linear(transpose=True)
_MEAN, _CENTRE, _MEAN_SQUARE, _GAIN = Mean(), Centre(), MeanSquare(), Gain()
_ROTATE, _APPEND, _SILU = Rotate(), AppendTokens(), ACTIVATIONS["silu"]
_SOFTMAX = Softmax(asks=False)  # every token sees itself, and every source token
_ARGMAX = ArgMax()

_Axes = tuple[Axis, ...]
_FACTOR = Quotient(Number(Decimal(1)), SquareRoot(Name("d_k")))


@runtime_checkable
class Weights(Protocol[V]):
    """Where the network's weights come from."""

    def matrix(self, name: str) -> V:
        """A table with a row for each entry, as it is in files."""

    def vector(self, name: str) -> V | None:
        """A bias or a gain; `None` where the model has none."""

    def linear(self, names: Sequence[str]) -> Joined[V]:
        """Linear layers of these names, which read the same input."""

    def projection(self) -> Joined[V]:
        """From the width of the model to the vocabulary."""


class _Norm(Generic[V]):
    """LayerNorm or RMSNorm, step by step."""

    def __init__(self, weights: Weights[V], place: str, config: TransformerConfig) -> None:
        self.place = f"{place}."
        self.centres = config.norm == "layer_norm"
        self.normalise = Normalise(config.norm_eps)
        gain, bias = (weights.vector(f"{place}.{kind}") for kind in ("weight", "bias"))
        assert gain is not None
        self.operands = (gain,) if bias is None else (gain, bias)

    def __call__(self, recorder: Recorder[V], x: V) -> V:
        recorder.enter(self.place)
        if self.centres:
            mean = recorder.apply("mean", _MEAN, x, axes=_by_row)
            x = recorder.apply("centred", _CENTRE, x, mean, axes=_same)
        mean_square = recorder.apply("mean_square", _MEAN_SQUARE, x, axes=_by_row)
        normalised = recorder.apply("normalised", self.normalise, x, mean_square, axes=_same)
        return recorder.apply("output", _GAIN, normalised, *self.operands, axes=_same)


Rotation = tuple[V, V]
"""Cosines and sines of the turns of queries and keys."""


class _Attention(Generic[V]):
    """Multi-head attention of a layer (§3.2.2): to its own tokens or to the encoder's memory."""

    def __init__(self, weights: Weights[V], place: str, config: TransformerConfig) -> None:
        self.place = f"{place}."
        names = [f"{place}.{name}" for name in ("query", "key", "value")]
        self.crosses = place.endswith("cross_attention")
        self.query = weights.linear(names[:1] if self.crosses else names)
        self.key_value = weights.linear(names[1:]) if self.crosses else None
        output = weights.linear([f"{place}.output"])
        self.output = output.parts[0]
        self.heads, self.groups = SplitHeads(config.num_heads), SplitHeads(config.num_key_value_heads)
        self.scaling = Scale(_FACTOR, {"d_k": config.d_k})

    def to_itself(
        self,
        recorder: Recorder[V],
        x: V,
        mask: Array | None,
        rotation: Rotation[V] | None,
        cache: KeyValueCache | None = None,
        layer: int = 0,
        seen: Callable[[], _Axes] = tuple,
    ) -> V:
        """Attention of the tokens to each other and to what the cache holds."""
        recorder.enter(self.place)
        x = recorder.apply("embeddings", _COPY, x, axes=_same)
        query, key, value = recorder.products(_QUERY_KEY_VALUE, x, self.query, _QUERY_KEY_VALUE_AXES)
        held = cache is not None and cache.length > 0
        turned = rotation is not None
        query = split_heads(recorder, query, "unturned_query" if turned else "query", self.heads, "d_k")
        new = "new_key" if held else "key"
        key = split_heads(recorder, key, "unturned_key" if turned else new, self.groups, "d_k")
        value = split_heads(recorder, value, "new_value" if held else "value", self.groups, "d_v")
        if rotation is not None:
            query = recorder.apply("query", _ROTATE, query, *rotation, axes=_same)
            key = recorder.apply(new, _ROTATE, key, *rotation, axes=_same)
        if cache is not None:
            key, value = self._remembered(recorder, key, value, cache, layer, seen)
        return self._attend(recorder, query, key, value, mask)

    def _remembered(
        self, recorder: Recorder[V], key: V, value: V, cache: KeyValueCache, layer: int, seen: Callable[[], _Axes]
    ) -> tuple[V, V]:
        """The keys and values of the tokens before, then the new ones. With a cache, values are arrays."""
        if not (recorder.keeps and cache.length):
            keys, values = cache.append(layer, key, value)  # type: ignore[arg-type]  # see above
            # What was just computed is the same, and the step that a recorder knows.
            return (keys, values) if cache.length else (key, value)  # type: ignore[return-value]  # likewise
        earlier_keys, earlier_values = cache.before(layer)
        keys, values = cache.append(layer, key, value)  # type: ignore[arg-type]  # likewise

        def axes_of(width: str) -> AxesOf:
            return lambda: (Axis("head", keys.shape[0]), *seen(), Axis(width, keys.shape[2]))

        earlier = recorder.given("earlier_key", earlier_keys, axes_of("d_k"), note=_EARLIER)
        key = recorder.known("key", _APPEND, earlier, key, value=lambda: keys, axes=_appended)
        earlier = recorder.given("earlier_value", earlier_values, axes_of("d_v"), note=_EARLIER)
        return key, recorder.known("value", _APPEND, earlier, value, value=lambda: values, axes=_appended)

    def to_memory(
        self, recorder: Recorder[V], x: V, memory: V, cache: KeyValueCache | None = None, layer: int = 0
    ) -> V:
        """Attention of the target's tokens to the encoder's memory (§3.2.3), whose keys are computed once."""
        recorder.enter(self.place)
        assert self.key_value is not None
        x = recorder.apply("embeddings", _COPY, x, axes=_same)
        (query,) = recorder.products(("projected_query",), x, self.query, _QUERY_KEY_VALUE_AXES[:1])
        query = split_heads(recorder, query, "query", self.heads, "d_k")
        known = None if cache is None else cache.cross[layer]
        if known is not None and not recorder.keeps:
            return self._attend(recorder, query, known[2], known[3], None)  # type: ignore[arg-type]  # arrays, as above
        memory = recorder.apply("memory", _COPY, memory, axes=_same)
        if known is None:
            projected = recorder.products(_QUERY_KEY_VALUE[1:], memory, self.key_value, _QUERY_KEY_VALUE_AXES[1:])
        else:
            projected = [
                recorder.known(name, _LINEAR, memory, *part, value=_holding(array), axes=axes)
                for name, part, array, axes in zip(
                    _QUERY_KEY_VALUE[1:], self.key_value.parts, known, _QUERY_KEY_VALUE_AXES[1:], strict=False
                )
            ]
        key = split_heads(recorder, projected[0], "key", self.groups, "d_k")
        value = split_heads(recorder, projected[1], "value", self.groups, "d_v")
        if cache is not None and known is None:
            cache.cross[layer] = (*projected, key, value)  # type: ignore[assignment]  # arrays, as above
        return self._attend(recorder, query, key, value, None)

    def _attend(self, recorder: Recorder[V], query: V, key: V, value: V, mask: Array | None) -> V:
        scores = dot_products(recorder, query, key)
        masking = None if mask is None else recorder.given("mask", mask, _mask_axes(mask))
        weights = attention_weights(recorder, scores, scaling=self.scaling, mask=masking, softmax=_SOFTMAX)
        return attention_output(recorder, weights, value, *self.output)


class _FeedForward(Generic[V]):
    """down(activation(up(x))), or for SwiGLU down(silu(gate(x)) × up(x)) (§3.3; Shazeer 2020)."""

    def __init__(self, weights: Weights[V], place: str, config: TransformerConfig) -> None:
        self.place = f"{place}."
        self.activation = ACTIVATIONS.get(config.activation)
        names = ("gate", "up") if self.activation is None else ("up",)
        self.names, self.wide = names, (_wide,) * len(names)
        self.up = weights.linear([f"{place}.{name}" for name in names])
        self.down = weights.linear([f"{place}.down"])

    def __call__(self, recorder: Recorder[V], x: V) -> V:
        recorder.enter(self.place)
        widened = recorder.products(self.names, x, self.up, self.wide)
        if self.activation is None:
            gate = recorder.apply("activated_gate", _SILU, widened[0], axes=_same)
            hidden = recorder.apply("hidden", _MULTIPLY, gate, widened[1], axes=_same)
        else:
            hidden = recorder.apply("hidden", self.activation, widened[0], axes=_same)
        (output,) = recorder.products(("output",), hidden, self.down, (_narrow,))
        return output


class _Layer(Generic[V]):
    """Sub-layers, each with a residual connection and a norm (§3.1), before it or after the sum."""

    def __init__(self, weights: Weights[V], place: str, config: TransformerConfig, *, crosses: bool) -> None:
        self.place = f"{place}."
        self.pre_norm = config.norm_position == "pre"
        names = ("self_attention", *(("cross_attention",) if crosses else ()), "feed_forward")
        self.norms = {name: _Norm(weights, f"{place}.{name}_norm", config) for name in names}
        self.self_attention = _Attention(weights, f"{place}.self_attention", config)
        self.cross_attention = _Attention(weights, f"{place}.cross_attention", config) if crosses else None
        self.feed_forward = _FeedForward(weights, f"{place}.feed_forward", config)

    def before(self, recorder: Recorder[V], x: V, name: str) -> V:
        """What a sub-layer reads."""
        return self.norms[name](recorder, x) if self.pre_norm else x

    def join(self, recorder: Recorder[V], x: V, output: V, name: str, title: str) -> V:
        """X + Sublayer(…), and when post-norm its norm."""
        recorder.enter(self.place)
        x = recorder.apply(title, _ADD, x, output, axes=_same)
        return x if self.pre_norm else self.norms[name](recorder, x)


class _Embedding(Generic[V]):
    """From ids to vectors: embedding, scale, position, norm (§3.4, §3.5)."""

    def __init__(self, weights: Weights[V], stack: str, matrix: V, config: TransformerConfig) -> None:
        self.place = f"{stack}.embedding."
        self.matrix = matrix
        self.scale = (
            Scale(SquareRoot(Name("d_model")), {"d_model": config.d_model}) if config.scale_embeddings else None
        )
        learned = config.positions == "learned"
        self.table = weights.matrix(f"{stack}.embedding.positions.weight") if learned else None
        self.norm = _Norm(weights, f"{stack}.embedding.norm", config) if config.embedding_norm else None

    def __call__(
        self, recorder: Recorder[V], ids: Array, start: int, tables: PositionTables, axes: AxesOf
    ) -> tuple[V, Rotation[V] | None]:
        """The input of the first layer, and the turns for every layer when positions are rotary."""
        recorder.enter(self.place)
        wanted = recorder.indices("ids", ids, axes)
        x = recorder.apply("embeddings", _LOOK_UP, wanted, self.matrix, axes=_looked_up)
        if self.scale is not None:
            x = recorder.apply("scaled_embeddings", self.scale, x, axes=_same)
        positions = tables.added(recorder, start, ids.shape[-1], x, self.table)
        if positions is not None:
            x = recorder.apply("x", _ADD, x, positions, axes=_same)
        rotation = tables.turns(recorder, start, ids.shape[-1], x)
        return (x if self.norm is None else self.norm(recorder, x)), rotation


class Network(Generic[V]):
    """Encoder and decoder, or a decoder alone, over one kind of values."""

    def __init__(self, weights: Weights[V], config: TransformerConfig, tables: PositionTables) -> None:
        self.config, self.tables = config, tables
        self.causal: dict[tuple[int, int], Array] = {}
        matrix = weights.matrix("target_embedding")
        self.encoder_layers: list[_Layer[V]] = []
        self.encoder_norm: _Norm[V] | None = None
        if config.is_encoder_decoder:
            source = matrix if config.share_embeddings else weights.matrix("source_embedding")
            self.source_embedding = _Embedding(weights, "encoder", source, config)
            self.encoder_layers = [
                _Layer(weights, f"encoder.layers.{index}", config, crosses=False)
                for index in range(config.num_encoder_layers)
            ]
            self.encoder_norm = _Norm(weights, "encoder.norm", config) if config.final_norm else None
        self.target_embedding = _Embedding(weights, "decoder", matrix, config)
        self.decoder_layers = [
            _Layer(weights, f"decoder.layers.{index}", config, crosses=config.is_encoder_decoder)
            for index in range(config.num_decoder_layers)
        ]
        self.decoder_norm = _Norm(weights, "decoder.norm", config) if config.final_norm else None
        self.projection = weights.projection()

    def encode(self, recorder: Recorder[V], ids: Array, labels: Sequence[str] | None = None) -> V:
        """The memory that the decoder attends to, (n, d_model).

        Args:
            recorder: takes in the steps.
            ids: of the source's tokens.
            labels: the tokens, for readers.
        """
        x, rotation = self.source_embedding(recorder, ids, 0, self.tables, _tokens(ids, labels, 0))
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
        x, rotation = self.target_embedding(recorder, ids, start, self.tables, _tokens(ids, labels, start))
        mask = None if n == 1 else self._mask(n, start + n)

        def seen() -> _Axes:
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
            x = recorder.apply("last", _LAST, x, axes=_last)
        if self.decoder_norm is not None:
            x = self.decoder_norm(recorder, x)
        recorder.enter("")
        (logits,) = recorder.products(("logits",), x, self.projection, (_vocabulary,))
        return logits

    def choose(self, recorder: Recorder[V], logits: V, right: int | None = None) -> V:
        """The id of the likeliest next token of each row: the largest of the softmax of its logits (§3.4).

        Args:
            recorder: takes in the steps.
            logits: of the next token.
            right: the id of the right one, whose loss is computed besides.
        """
        recorder.enter("")
        probabilities = recorder.apply("probabilities", _SOFTMAX, logits, axes=_same)
        if right is not None:
            recorder.apply("loss", NegativeLogLikelihood(right), probabilities, axes=_by_row)
        return recorder.apply("choice", _ARGMAX, probabilities, axes=_by_row)

    def _mask(self, n_q: int, n_k: int) -> Array:
        """Every token sees itself and the tokens before it (§3.2.3)."""
        if (n_q, n_k) not in self.causal:
            self.causal.clear()
            self.causal[n_q, n_k] = np.tril(np.ones((n_q, n_k), dtype=bool), n_k - n_q)
        return self.causal[n_q, n_k]


_EARLIER = "Computed when earlier tokens were read."
_QUERY_KEY_VALUE = ("projected_query", "projected_key", "projected_value")


def _holding(array: Array) -> Callable[[], Array]:
    return lambda: array


def _tokens(ids: Array, labels: Sequence[str] | None, start: int) -> AxesOf:
    def axes() -> _Axes:
        n = ids.shape[-1]
        return (Axis("token", n, None if labels is None else tuple(labels[start : start + n])),)

    return axes


def _same(first: _Axes, *others: _Axes) -> _Axes:
    return first


def _by_row(x: _Axes) -> _Axes:
    return x[:-1]


def _looked_up(ids: _Axes, matrix: _Axes) -> _Axes:
    return (*ids, matrix[1])


def _query_columns(x: _Axes, weight: _Axes, *bias: _Axes) -> _Axes:
    return (x[0].renamed("query"), weight[1].renamed("heads·d_k"))


def _key_columns(x: _Axes, weight: _Axes, *bias: _Axes) -> _Axes:
    return (x[0].renamed("key"), weight[1].renamed("heads·d_k"))


_QUERY_KEY_VALUE_AXES = (_query_columns, _key_columns, _key_columns)


def _wide(x: _Axes, weight: _Axes, *bias: _Axes) -> _Axes:
    return (x[0], weight[1].renamed("d_ff"))


def _narrow(x: _Axes, weight: _Axes, *bias: _Axes) -> _Axes:
    return (x[0], weight[1].renamed("d_model"))


def _vocabulary(x: _Axes, weight: _Axes, *bias: _Axes) -> _Axes:
    return (x[0], weight[0].renamed("vocabulary"))


def _last(x: _Axes) -> _Axes:
    (tokens, width) = x
    labels = None if tokens.labels is None else tokens.labels[-1:]
    return (Axis(tokens.name, 1, labels), width)


def _appended(earlier: _Axes, new: _Axes) -> _Axes:
    head, before, width = earlier
    after = new[1]
    labels = None if before.labels is None or after.labels is None else (*before.labels, *after.labels)
    return (head, Axis("key", before.size + after.size, labels), width)


def _mask_axes(mask: Array) -> _Axes:
    return (Axis("query", mask.shape[0]), Axis("key", mask.shape[1]))
