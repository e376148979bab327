"""The same decoding step with as few operations as it takes: what is fastest for one token a row.

The first tokens are read by the model's own forward pass; from then on a step is spelled out over its weights. That
saves what modules cost at each of dozens of small operations, chooses each product's layout (`products`), reads a
source's keys and values once for all its beams, and treats a group of query heads as queries of their common key
head. `CachedState` is the definition; tests hold the two equal.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812  (the name that the field knows)
from torch import nn

from pellucid.decoding.products import Product
from pellucid.decoding.state import CachedState
from pellucid.nn import DecoderOnly, EncoderDecoder
from pellucid.nn.attend import attend
from pellucid.nn.embedding import Positioning
from pellucid.nn.feed_forward import ACTIVATIONS
from pellucid.nn.layers import DecoderLayer
from pellucid.nn.mask import AttentionMask, padding_mask
from pellucid.nn.positions import Rotation
from pellucid.nn.tensors import Float, Int, Tensor

Norm = Callable[[Tensor], Tensor]


@dataclass
class _Layer:
    """A decoder layer's products and norms."""

    query_key_value: Product
    output: Product
    self_norm: Norm
    cross_query: Product | None
    cross_output: Product | None
    cross_norm: Norm | None
    up: Product
    down: Product
    feed_forward_norm: Norm


class Weights:
    """A decoder's weights, in the layouts that steps need."""

    def __init__(self, model: EncoderDecoder | DecoderOnly) -> None:
        config = model.config
        self.matrix = model.target_embedding.detach()
        projection = self.matrix if model.output_weight is None else model.output_weight
        self.projection = Product(projection, model.output_bias)
        embedding: Positioning = model.decoder.embedding
        self.scale = embedding.scale
        self.position_table: Tensor | None = None
        if embedding.positions is not None:
            tables = [*embedding.positions.parameters(), *embedding.positions.buffers()]
            self.position_table = tables[0].detach()
        self.rotary = embedding.rotary
        self.embedding_norm = None if embedding.norm is None else _norm(embedding.norm)
        self.final_norm = None if model.decoder.norm is None else _norm(model.decoder.norm)
        self.activation = ACTIVATIONS.get(config.activation)
        self.pre_norm = config.norm_position == "pre"
        self.heads, self.groups, self.d_k = config.num_heads, config.num_key_value_heads, config.d_k
        self.layers = [_layer(layer) for layer in model.decoder.layers if isinstance(layer, DecoderLayer)]

    def feed_forward(self, layer: _Layer, x: Float[Tensor, "rows d_model"]) -> Float[Tensor, "rows d_model"]:
        """The feed-forward network of a layer."""
        if self.activation is None:
            gate, up = layer.up(x).chunk(2, dim=-1)
            return layer.down(F.silu(gate) * up)
        return layer.down(self.activation(layer.up(x)))


def _layer(layer: DecoderLayer) -> _Layer:
    cross = getattr(layer, "cross_attention", None)
    network = layer.feed_forward
    widening = network.gate_up if network.activation is None else network.up
    return _Layer(
        _product(layer.self_attention.query_key_value),
        _product(layer.self_attention.output),
        _norm(layer.self_attention_norm),
        None if cross is None else _product(cross.query),
        None if cross is None else _product(cross.output),
        None if cross is None else _norm(layer.cross_attention_norm),
        _product(widening),
        _product(network.down),
        _norm(layer.feed_forward_norm),
    )


def _product(linear: nn.Linear) -> Product:
    return Product(linear.weight, linear.bias)


def _norm(module: nn.Module) -> Norm:
    if isinstance(module, nn.LayerNorm):
        weight, shape = module.weight.detach(), module.normalized_shape
        bias, eps = None if module.bias is None else module.bias.detach(), module.eps
        return lambda x: F.layer_norm(x, shape, weight, bias, eps)
    assert isinstance(module, nn.RMSNorm)
    gain, size, added = module.weight.detach(), list(module.normalized_shape), module.eps
    return lambda x: F.rms_norm(x, size, gain, added)


_prepared: weakref.WeakKeyDictionary[nn.Module, tuple[tuple[tuple[int, int], ...], Weights]] = (
    weakref.WeakKeyDictionary()
)


def weights_of(model: EncoderDecoder | DecoderOnly) -> Weights:
    """A model's weights for steps, kept until a parameter is changed or the model is gone."""
    if any(parameter.is_inference() for parameter in model.parameters()):
        return Weights(model)  # such a parameter does not tell whether it was changed
    stamp = tuple((parameter.data_ptr(), parameter._version) for parameter in model.parameters())
    kept = _prepared.get(model)
    if kept is None or kept[0] != stamp:
        kept = (stamp, Weights(model))
        _prepared[model] = kept
    return kept[1]


class FusedState(CachedState):
    """Like `CachedState`, faster."""

    def __init__(
        self,
        model: EncoderDecoder | DecoderOnly,
        sources: Sequence[Sequence[int]] | None,
        prompts: Sequence[Sequence[int]],
        max_new: int,
    ) -> None:
        self._weights = weights_of(model)
        super().__init__(model, sources, prompts, max_new)
        config, cache = model.config, self.cache
        self._length = cache.length
        self._held: list[Tensor] = []  # of each layer: (rows, key heads and then value heads, room, d_k)
        self._cross: list[tuple[Tensor, Tensor]] = []  # of each layer: keys and values of each source
        shape = (len(prompts), 2 * config.num_key_value_heads, cache.max_length, config.d_k)
        for layer in range(config.num_decoder_layers):
            none = self.logits.new_zeros(shape[0], config.num_key_value_heads, 0, config.d_k)
            keys, values = cache.append(layer, none.to(model.target_embedding.dtype), none)
            held = keys.new_empty(shape)
            held[:, :, : self._length] = torch.cat((keys, values), dim=1)
            self._held.append(held)
            cross = cache.cross(layer)
            if cross is not None:
                self._cross.append(cross)
        self._cross_mask = padding_mask(self.source_mask)
        del self.cache

    def advance(self, tokens: Sequence[int]) -> None:
        """Take in one token a row; `logits` are then those after it."""
        self._count(len(tokens))
        w = self._weights
        x = self._embed(self._indices(tokens))
        mask = None if self.keep is None else AttentionMask(self.keep[:, None, None, :])
        rotation = self._rotation()
        for index, layer in enumerate(w.layers):
            if w.pre_norm:
                x = self._self_attention(index, layer, layer.self_norm(x), mask, rotation).add_(x)
                if layer.cross_norm is not None:
                    x = self._cross_attention(index, layer, layer.cross_norm(x)).add_(x)
                x = w.feed_forward(layer, layer.feed_forward_norm(x)).add_(x)
            else:
                x = layer.self_norm(self._self_attention(index, layer, x, mask, rotation).add_(x))
                if layer.cross_norm is not None:
                    x = layer.cross_norm(self._cross_attention(index, layer, x).add_(x))
                x = layer.feed_forward_norm(w.feed_forward(layer, x).add_(x))
        self._length += 1
        self.logits = w.projection(x if w.final_norm is None else w.final_norm(x)).float()

    def _select(self, rows: Int[Tensor, " new_rows"], sources: Int[Tensor, " new_sources"] | None) -> None:
        n = self._length
        if len(rows) != len(self._held[0]):
            for index, held in enumerate(self._held):
                chosen = held.new_empty(len(rows), *held.shape[1:])
                chosen[:, :, :n] = held[:, :, :n].index_select(0, rows)
                self._held[index] = chosen
        else:
            moved = (rows != torch.arange(len(rows), device=rows.device)).nonzero().squeeze(1)
            if len(moved):
                origins = rows[moved]
                for held in self._held:
                    held[moved, :, :n] = held[:, :, :n].index_select(0, origins)
        if self.keep is not None:
            self.keep = self.keep.index_select(0, rows)
            self.positions = self.positions.index_select(0, rows)
        if sources is not None and self._cross:
            self._cross = [(k.index_select(0, sources), v.index_select(0, sources)) for k, v in self._cross]
            if self.source_mask is not None:
                self.source_mask = self.source_mask.index_select(0, sources)
                self._cross_mask = padding_mask(self.source_mask)

    def expand(self, beams: int) -> None:
        """Every row becomes so many rows, which share their source's keys and values."""
        self.select([row for row in range(len(self._held[0])) for _ in range(beams)])

    def _embed(self, tokens: Int[Tensor, " rows"]) -> Float[Tensor, "rows d_model"]:
        w = self._weights
        x = F.embedding(tokens, w.matrix)
        if w.scale != 1.0:
            x = x * w.scale
        if w.position_table is not None:
            x = x + w.position_table[self._length if self.keep is None else self.positions[:, 0]]
        return x if w.embedding_norm is None else w.embedding_norm(x)

    def _rotation(self) -> Rotation | None:
        rotary = self._weights.rotary
        return None if rotary is None else rotary(self._length, 1, None if self.keep is None else self.positions)

    def _self_attention(
        self,
        index: int,
        layer: _Layer,
        x: Float[Tensor, "rows d_model"],
        mask: AttentionMask | None,
        rotation: Rotation | None,
    ) -> Float[Tensor, "rows d_model"]:
        heads, groups, d_k = self._weights.heads, self._weights.groups, self._weights.d_k
        projected = layer.query_key_value(x).view(len(x), heads + 2 * groups, d_k)
        if rotation is not None:
            turned = rotation(projected[:, : heads + groups].unsqueeze(2)).squeeze(2)
            projected = torch.cat((turned, projected[:, heads + groups :]), dim=1)
        held, end = self._held[index], self._length + 1
        held[:, :, self._length] = projected[:, heads:]
        # The query heads of a group stand as so many queries of its one key head.
        query = projected[:, :heads].reshape(len(x), groups, heads // groups, d_k)
        output = attend(query, held[:, :groups, :end], held[:, groups:, :end], mask)
        return layer.output(output.reshape(len(x), heads * d_k))

    def _cross_attention(
        self, index: int, layer: _Layer, x: Float[Tensor, "rows d_model"]
    ) -> Float[Tensor, "rows d_model"]:
        heads, groups, d_k = self._weights.heads, self._weights.groups, self._weights.d_k
        key, value = self._cross[index]
        assert layer.cross_query is not None
        assert layer.cross_output is not None
        sources, shared = len(key), heads // groups
        beams = len(x) // sources
        # The beams of a source, and the query heads of a group, are so many queries of the source's one key head.
        query = layer.cross_query(x).view(sources, beams, groups, shared, d_k).transpose(1, 2)
        output = attend(query.reshape(sources, groups, beams * shared, d_k), key, value, self._cross_mask)
        output = output.view(sources, groups, beams, shared, d_k).transpose(1, 2)
        return layer.cross_output(output.reshape(len(x), heads * d_k))
