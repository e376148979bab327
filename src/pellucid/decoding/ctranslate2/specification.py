"""Our models in the terms of CTranslate2: which of its specifications a model is, and which weight goes where."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from pellucid.arrays import Array
from pellucid.decoding.ctranslate2.library import ctranslate2_library
from pellucid.errors import InputError
from pellucid.nn import DecoderOnly, EncoderDecoder
from pellucid.nn.attention import CrossAttention, SelfAttention
from pellucid.nn.embedding import Positioning
from pellucid.nn.feed_forward import FeedForward
from pellucid.nn.layers import DecoderLayer, Layer
from pellucid.transformer import TransformerConfig

_ACTIVATIONS = {"relu": "RELU", "gelu": "GELU", "gelu_tanh": "GELUTanh", "silu": "SWISH", "swiglu": "SWISH"}


def specification(model: EncoderDecoder | DecoderOnly) -> Any:
    """The specification of a model, its weights filled in.

    Returns:
        a `TransformerSpec` or a `TransformerDecoderModelSpec` of CTranslate2, without vocabularies.

    Raises:
        InputError: the model has a part that CTranslate2 has no word for.
        MissingExtraError: CTranslate2 is not installed.
    """
    specs = ctranslate2_library("export a model to it").specs
    config = model.config
    _refuse_inexpressible(config)
    options = _options(config, specs)
    decoder = specs.TransformerDecoderSpec(
        config.num_decoder_layers,
        config.num_heads,
        with_encoder_attention=config.is_encoder_decoder,
        **options,
    )
    _fill_decoder(decoder, model)
    if isinstance(model, DecoderOnly):
        result = specs.TransformerDecoderModelSpec(decoder)
    else:
        encoder = specs.TransformerEncoderSpec(config.num_encoder_layers, config.num_heads, **options)
        _fill_encoder(encoder, model)
        result = specs.TransformerSpec(encoder, decoder)
    result.config.layer_norm_epsilon = config.norm_eps
    return result


def _refuse_inexpressible(config: TransformerConfig) -> None:
    """Raises:
    InputError: CTranslate2 would compute something else.
    """
    if config.is_encoder_decoder and config.num_key_value_heads != config.num_heads:
        raise InputError(
            f"CTranslate2 cannot express cross-attention with {config.num_key_value_heads} key/value heads for "
            f"{config.num_heads} query heads; export a model whose num_key_value_heads equals num_heads."
        )
    if config.rotary_scaling is not None:
        raise InputError(
            f"the export to CTranslate2 does not write {config.rotary_scaling.kind} scaling of rotary positions; "
            "decode this model with PyTorch."
        )


def _options(config: TransformerConfig, specs: Any) -> dict[str, Any]:
    """What encoder and decoder specifications have in common."""
    options: dict[str, Any] = {
        "pre_norm": True,
        "no_final_norm": not config.final_norm,
        "activation": specs.Activation[_ACTIVATIONS[config.activation]],
        "layernorm_embedding": config.embedding_norm,
        "ffn_glu": config.activation == "swiglu",
        "rms_norm": config.norm == "rms_norm",
    }
    if config.num_key_value_heads != config.num_heads:
        options["num_heads_kv"] = config.num_key_value_heads
    if config.d_k * config.num_heads != config.d_model:
        options["head_dim"] = config.d_k
    if config.positions == "rotary":
        options |= {"rotary_dim": 0, "rotary_interleave": False, "rotary_base": config.rotary_base}
    return options


def _fill_encoder(spec: Any, model: EncoderDecoder) -> None:
    matrix = model.target_embedding if model.source_embedding is None else model.source_embedding
    spec.embeddings[0].weight = _array(matrix)
    _fill_stack(spec, model.encoder.embedding, model.encoder.norm, model.config)
    for layer_spec, layer in zip(spec.layer, model.encoder.layers, strict=True):
        assert isinstance(layer, Layer)
        _fill_layer(layer_spec, layer)


def _fill_decoder(spec: Any, model: EncoderDecoder | DecoderOnly) -> None:
    spec.embeddings.weight = _array(model.target_embedding)
    spec.projection.weight = _array(model.target_embedding if model.output_weight is None else model.output_weight)
    if model.output_bias is not None:
        spec.projection.bias = _array(model.output_bias)
    _fill_stack(spec, model.decoder.embedding, model.decoder.norm, model.config)
    for layer_spec, layer in zip(spec.layer, model.decoder.layers, strict=True):
        assert isinstance(layer, DecoderLayer)
        _fill_layer(layer_spec, layer)
        if model.config.is_encoder_decoder:
            _fill_attention(layer_spec.attention, layer.cross_attention)
            _fill_norm(layer_spec.attention.layer_norm, layer.cross_attention_norm)


def _fill_stack(spec: Any, embedding: Positioning, norm: nn.Module | None, config: TransformerConfig) -> None:
    """What stands around the layers: scale, positions, norms."""
    spec.scale_embeddings = config.scale_embeddings
    if embedding.positions is not None:
        parameters = [*embedding.positions.parameters(), *embedding.positions.buffers()]
        spec.position_encodings.encodings = _array(parameters[0])
    if embedding.norm is not None:
        _fill_norm(spec.layernorm_embedding, embedding.norm)
    if norm is not None:
        _fill_norm(spec.layer_norm, norm)
    # Specifications have no place for a final norm after post-norm layers; the engine reads it where it is.
    spec.pre_norm = config.norm_position == "pre"


def _fill_layer(spec: Any, layer: Layer) -> None:
    _fill_attention(spec.self_attention, layer.self_attention)
    _fill_norm(spec.self_attention.layer_norm, layer.self_attention_norm)
    _fill_feed_forward(spec.ffn, layer.feed_forward)
    _fill_norm(spec.ffn.layer_norm, layer.feed_forward_norm)


def _fill_attention(spec: Any, attention: SelfAttention | CrossAttention) -> None:
    if isinstance(attention, SelfAttention):
        products = [attention.query_key_value, attention.output]
    else:
        products = [attention.query, attention.key_value, attention.output]
    for linear_spec, linear in zip(spec.linear, products, strict=True):
        _fill_linear(linear_spec, linear.weight, linear.bias)


def _fill_feed_forward(spec: Any, network: FeedForward) -> None:
    if network.activation is None:
        gate, up = network.gate_up.weight.chunk(2)
        gate_bias, up_bias = (None, None) if network.gate_up.bias is None else network.gate_up.bias.chunk(2)
        _fill_linear(spec.linear_0, gate, gate_bias)
        _fill_linear(spec.linear_0_noact, up, up_bias)
    else:
        _fill_linear(spec.linear_0, network.up.weight, network.up.bias)
    _fill_linear(spec.linear_1, network.down.weight, network.down.bias)


def _fill_linear(spec: Any, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
    spec.weight = _array(weight)
    if bias is not None:
        spec.bias = _array(bias)


def _fill_norm(spec: Any, norm: nn.Module) -> None:
    weight, bias = norm.weight, getattr(norm, "bias", None)
    assert isinstance(weight, torch.Tensor)
    spec.gamma = _array(weight)
    if isinstance(norm, nn.LayerNorm):
        spec.beta = np.zeros_like(spec.gamma) if bias is None else _array(bias)


def _array(tensor: torch.Tensor) -> Array:
    # A copy: CTranslate2 quantises in place.
    array: Array = tensor.detach().to("cpu", torch.float32, copy=True).contiguous().numpy()
    return array
