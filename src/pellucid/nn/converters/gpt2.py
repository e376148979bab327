"""transformers' GPT2LMHeadModel (Radford et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from pellucid.nn.converters.converter import (
    Needs,
    Tensors,
    Values,
    layer_names,
    rename,
    their_activation,
    with_all_biases,
    with_all_key_value_heads,
    without_prefix,
)
from pellucid.transformer import TransformerConfig

MODEL_TYPE = "gpt2"
CLASS = "GPT2LMHeadModel"

_NEEDS = (
    Needs("architecture", ("decoder-only",)),
    Needs("norm", ("layer_norm",)),
    Needs("norm_position", ("pre",)),
    Needs("final_norm", (True,)),
    Needs("embedding_norm", (False,)),
    Needs("positions", ("learned",)),
    Needs("activation", ("gelu_tanh", "gelu", "relu", "silu")),
    Needs("scale_embeddings", (False,)),
    Needs("output_bias", (False,)),
)


def config_from(values: Mapping[str, Any]) -> TransformerConfig:
    """Our configuration for theirs.

    Raises:
        ConfigError: it uses what our models do not have.
    """
    theirs = Values(values, "GPT-2")
    theirs.refuse("scale_attn_weights", True)
    theirs.refuse("scale_attn_by_inverse_layer_idx", False)
    theirs.refuse("add_cross_attention", False)
    end = theirs.token("eos_token_id", "bos_token_id")
    return TransformerConfig.from_mapping(
        {
            "architecture": "decoder-only",
            "vocab_size": theirs["vocab_size"],
            "d_model": theirs["n_embd"],
            "d_ff": theirs.get("n_inner", 4 * theirs["n_embd"]),
            "num_heads": theirs["n_head"],
            "num_decoder_layers": theirs["n_layer"],
            "max_length": theirs.get("n_positions", 1024),
            "norm_position": "pre",
            "norm_eps": theirs.get("layer_norm_epsilon", 1e-5),
            "positions": "learned",
            "activation": theirs.activation("activation_function", "gelu_new"),
            "attention_bias": True,
            "tie_embeddings": theirs.get("tie_word_embeddings", True),
            "scale_embeddings": False,
            "dropout": theirs.get("resid_pdrop", 0.1),
            "attention_dropout": theirs.get("attn_pdrop", 0.1),
            "pad_id": theirs.pad(otherwise=end),
            "bos_id": theirs.token("bos_token_id", default=end),
            "eos_id": end,
        },
        where="the GPT-2 configuration",
    )


def config_to(config: TransformerConfig) -> dict[str, Any]:
    """Their configuration for ours."""
    return {
        "vocab_size": config.vocab_size,
        "n_positions": config.max_length,
        "n_embd": config.d_model,
        "n_layer": config.num_decoder_layers,
        "n_head": config.num_heads,
        "n_inner": config.d_ff,
        "activation_function": their_activation(config.activation),
        "resid_pdrop": config.dropout,
        "embd_pdrop": config.dropout,
        "attn_pdrop": config.attention_dropout,
        "layer_norm_epsilon": config.norm_eps,
        "tie_word_embeddings": config.tie_embeddings,
        "pad_token_id": config.pad_id,
        "bos_token_id": config.bos_id,
        "eos_token_id": config.eos_id,
    }


def _names(config: TransformerConfig) -> dict[str, str]:
    """Theirs for ours, the query, key and value projections of a layer already in one."""
    names = {
        "target_embedding": "wte.weight",
        "decoder.embedding.positions.weight": "wpe.weight",
        "decoder.norm.weight": "ln_f.weight",
        "decoder.norm.bias": "ln_f.bias",
        "output_weight": "lm_head.weight",
    }
    parts = {
        "self_attention_norm": "ln_1",
        "self_attention.query_key_value": "attn.c_attn",
        "self_attention.output": "attn.c_proj",
        "feed_forward_norm": "ln_2",
        "feed_forward.up": "mlp.c_fc",
        "feed_forward.down": "mlp.c_proj",
    }
    return names | layer_names(parts, config.num_decoder_layers, "decoder.layers", "h")


def tensors_from(tensors: Tensors, config: TransformerConfig) -> Tensors:
    """Our names and layouts for theirs: their matrices are (in, out), their projections one matrix.

    Raises:
        WeightsError: a tensor is none of that class.
    """
    tensors = without_prefix(tensors, "transformer.")
    if config.tie_embeddings:
        tensors.pop("lm_head.weight", None)
    names = {theirs: ours for ours, theirs in _names(config).items()}
    renamed = rename(tensors, names, "GPT-2", ("attn.bias", "attn.masked_bias"))
    result: Tensors = {}
    for name, tensor in renamed.items():
        straight = tensor.T if ".layers." in name and tensor.ndim == 2 else tensor
        if "query_key_value" in name:
            for part, piece in zip(("query", "key", "value"), straight.chunk(3), strict=True):
                result[name.replace("query_key_value", part)] = piece
        else:
            result[name] = straight
    return result


def tensors_to(tensors: Tensors, config: TransformerConfig) -> Tensors:
    """Their names and layouts for ours."""
    tensors = with_all_biases(with_all_key_value_heads(tensors, config), config)
    joined: Tensors = {}
    for name, tensor in tensors.items():
        stem, _, kind = name.rpartition(".")
        owner, _, part = stem.rpartition(".")
        if part == "query":
            parts = [tensors[f"{owner}.{each}.{kind}"] for each in ("query", "key", "value")]
            joined[f"{owner}.query_key_value.{kind}"] = torch.cat(parts)
        elif part not in ("key", "value"):
            joined[name] = tensor
    names = _names(config)
    return {
        ("" if name == "output_weight" else "transformer.") + names[name]: (
            tensor.T.contiguous() if ".layers." in name and tensor.ndim == 2 else tensor
        )
        for name, tensor in joined.items()
    }


def obstacles(config: TransformerConfig) -> list[str]:
    """What of our configuration GPT-2 cannot do."""
    found = [obstacle for need in _NEEDS if (obstacle := need.obstacle(config))]
    if config.d_k * config.num_heads != config.d_model:
        found.append(f"d_k = {config.d_k} (needs d_model / num_heads)")
    return found
