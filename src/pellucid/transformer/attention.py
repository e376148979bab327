"""Multi-head attention of a layer (Vaswani et al. 2017, §3.2.2) as steps, with its key/value cache."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Generic

from pellucid.arrays import Array
from pellucid.attention import attention_output, attention_weights, dot_products, split_heads
from pellucid.derivation import AxesOf, Axis, Recorder, V
from pellucid.expressions import Name, Number, Quotient, SquareRoot
from pellucid.operations import AppendTokens, Copy, Linear, Rotate, Scale, Softmax, SplitHeads
from pellucid.transformer.axes import QUERY_KEY_VALUE_AXES, Axes, appended, mask_axes, same
from pellucid.transformer.cache import KeyValueCache
from pellucid.transformer.config import TransformerConfig
from pellucid.transformer.weights import Weights

_COPY, _LINEAR, _ROTATE, _APPEND = Copy(), Linear(), Rotate(), AppendTokens()
_SOFTMAX = Softmax(asks=False)  # every token sees itself, and every source token
_FACTOR = Quotient(Number(Decimal(1)), SquareRoot(Name("d_k")))
_EARLIER = "Computed when earlier tokens were read."
_QUERY_KEY_VALUE = ("projected_query", "projected_key", "projected_value")

Rotation = tuple[V, V]
"""Cosines and sines of the turns of queries and keys."""


class Attention(Generic[V]):
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
        seen: Callable[[], Axes] = tuple,
    ) -> V:
        """Attention of the tokens to each other and to what the cache holds."""
        recorder.enter(self.place)
        x = recorder.apply("embeddings", _COPY, x, axes=same)
        query, key, value = recorder.products(_QUERY_KEY_VALUE, x, self.query, QUERY_KEY_VALUE_AXES)
        held = cache is not None and cache.length > 0
        turned = rotation is not None
        query = split_heads(recorder, query, "unturned_query" if turned else "query", self.heads, "d_k")
        new = "new_key" if held else "key"
        key = split_heads(recorder, key, "unturned_key" if turned else new, self.groups, "d_k")
        value = split_heads(recorder, value, "new_value" if held else "value", self.groups, "d_v")
        if rotation is not None:
            query = recorder.apply("query", _ROTATE, query, *rotation, axes=same)
            key = recorder.apply(new, _ROTATE, key, *rotation, axes=same)
        if cache is not None:
            key, value = self._remembered(recorder, key, value, cache, layer, seen)
        return self._attend(recorder, query, key, value, mask)

    def _remembered(
        self, recorder: Recorder[V], key: V, value: V, cache: KeyValueCache, layer: int, seen: Callable[[], Axes]
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
        key = recorder.known("key", _APPEND, earlier, key, value=lambda: keys, axes=appended)
        earlier = recorder.given("earlier_value", earlier_values, axes_of("d_v"), note=_EARLIER)
        return key, recorder.known("value", _APPEND, earlier, value, value=lambda: values, axes=appended)

    def to_memory(
        self, recorder: Recorder[V], x: V, memory: V, cache: KeyValueCache | None = None, layer: int = 0
    ) -> V:
        """Attention of the target's tokens to the encoder's memory (§3.2.3), whose keys are computed once."""
        recorder.enter(self.place)
        assert self.key_value is not None
        x = recorder.apply("embeddings", _COPY, x, axes=same)
        (query,) = recorder.products(("projected_query",), x, self.query, QUERY_KEY_VALUE_AXES[:1])
        query = split_heads(recorder, query, "query", self.heads, "d_k")
        known = None if cache is None else cache.cross[layer]
        if known is not None and not recorder.keeps:
            return self._attend(recorder, query, known[2], known[3], None)  # type: ignore[arg-type]  # arrays, as above
        memory = recorder.apply("memory", _COPY, memory, axes=same)
        if known is None:
            projected = recorder.products(_QUERY_KEY_VALUE[1:], memory, self.key_value, QUERY_KEY_VALUE_AXES[1:])
        else:
            projected = [
                recorder.known(name, _LINEAR, memory, *part, value=_holding(array), axes=axes)
                for name, part, array, axes in zip(
                    _QUERY_KEY_VALUE[1:], self.key_value.parts, known, QUERY_KEY_VALUE_AXES[1:], strict=False
                )
            ]
        key = split_heads(recorder, projected[0], "key", self.groups, "d_k")
        value = split_heads(recorder, projected[1], "value", self.groups, "d_v")
        if cache is not None and known is None:
            cache.cross[layer] = (*projected, key, value)  # type: ignore[assignment]  # arrays, as above
        return self._attend(recorder, query, key, value, None)

    def _attend(self, recorder: Recorder[V], query: V, key: V, value: V, mask: Array | None) -> V:
        scores = dot_products(recorder, query, key)
        masking = None if mask is None else recorder.given("mask", mask, mask_axes(mask))
        weights = attention_weights(recorder, scores, scaling=self.scaling, mask=masking, softmax=_SOFTMAX)
        return attention_output(recorder, weights, value, *self.output)


def _holding(array: Array) -> Callable[[], Array]:
    return lambda: array
