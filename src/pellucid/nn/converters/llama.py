"""transformers' LlamaForCausalLM (Touvron et al. 2023)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pellucid.errors import ConfigError
from pellucid.nn.converters.converter import Needs, Tensors, Values, layer_names, rename, without_prefix
from pellucid.transformer import TransformerConfig

MODEL_TYPE = "llama"
CLASS = "LlamaForCausalLM"

_NEEDS = (
    Needs("architecture", ("decoder-only",)),
    Needs("norm", ("rms_norm",)),
    Needs("norm_position", ("pre",)),
    Needs("final_norm", (True,)),
    Needs("embedding_norm", (False,)),
    Needs("positions", ("rotary",)),
    Needs("activation", ("swiglu",)),
    Needs("scale_embeddings", (False,)),
    Needs("output_bias", (False,)),
)


def config_from(values: Mapping[str, Any]) -> TransformerConfig:
    """Our configuration for theirs.

    Raises:
        ConfigError: it uses what our models do not have.
    """
    theirs = Values(values, "Llama")
    theirs.refuse("hidden_act", "silu", "swish")
    end = theirs.token("eos_token_id", "bos_token_id")
    rotary = theirs.get("rope_parameters", None) or theirs.get("rope_scaling", None) or {}
    return TransformerConfig.from_mapping(
        {
            "architecture": "decoder-only",
            "vocab_size": theirs["vocab_size"],
            "d_model": theirs["hidden_size"],
            "d_ff": theirs["intermediate_size"],
            "num_heads": theirs["num_attention_heads"],
            "num_key_value_heads": theirs.get("num_key_value_heads", 0),
            "d_k": theirs.get("head_dim", 0),
            "num_decoder_layers": theirs["num_hidden_layers"],
            "max_length": theirs.get("max_position_embeddings", 2048),
            "norm": "rms_norm",
            "norm_position": "pre",
            "norm_eps": theirs.get("rms_norm_eps", 1e-6),
            "positions": "rotary",
            "rotary_base": rotary.get("rope_theta") or theirs.get("rope_theta", 10000.0),
            "rotary_scaling": _scaling_from(rotary),
            "activation": "swiglu",
            "attention_bias": theirs.get("attention_bias", False),
            "feed_forward_bias": theirs.get("mlp_bias", False),
            "tie_embeddings": theirs.get("tie_word_embeddings", False),
            "scale_embeddings": False,
            "dropout": 0.0,
            "attention_dropout": theirs.get("attention_dropout", 0.0),
            "pad_id": theirs.pad(otherwise=end),
            "bos_id": theirs.token("bos_token_id", default=end),
            "eos_id": end,
        },
        where="the Llama configuration",
    )


def _scaling_from(rotary: Mapping[str, Any]) -> dict[str, Any] | None:
    kind = rotary.get("rope_type", rotary.get("type", "default"))
    if kind == "default":
        return None
    if kind == "linear":
        return {"kind": "linear", "factor": rotary.get("factor", 1.0)}
    if kind == "llama3":
        return {
            "kind": "llama3",
            "factor": rotary["factor"],
            "low_frequency_factor": rotary["low_freq_factor"],
            "high_frequency_factor": rotary["high_freq_factor"],
            "original_length": rotary["original_max_position_embeddings"],
        }
    raise ConfigError(f"the Llama configuration has rotary scaling {kind!r}; there are default, linear and llama3.")


def config_to(config: TransformerConfig) -> dict[str, Any]:
    """Their configuration for ours."""
    rotary: dict[str, Any] = {"rope_type": "default", "rope_theta": config.rotary_base}
    scaling = config.rotary_scaling
    if scaling is not None:
        rotary |= {"rope_type": scaling.kind, "factor": scaling.factor}
        if scaling.kind == "llama3":
            rotary |= {
                "low_freq_factor": scaling.low_frequency_factor,
                "high_freq_factor": scaling.high_frequency_factor,
                "original_max_position_embeddings": scaling.original_length,
            }
    return {
        "vocab_size": config.vocab_size,
        "hidden_size": config.d_model,
        "intermediate_size": config.d_ff,
        "num_hidden_layers": config.num_decoder_layers,
        "num_attention_heads": config.num_heads,
        "num_key_value_heads": config.num_key_value_heads,
        "head_dim": config.d_k,
        "hidden_act": "silu",
        "max_position_embeddings": config.max_length,
        "rms_norm_eps": config.norm_eps,
        "rope_parameters": rotary,
        "rope_theta": config.rotary_base,
        **({"rope_scaling": rotary} if scaling is not None else {}),
        "attention_bias": config.attention_bias,
        "attention_dropout": config.attention_dropout,
        "mlp_bias": config.feed_forward_bias,
        "tie_word_embeddings": config.tie_embeddings,
        "pad_token_id": config.pad_id,
        "bos_token_id": config.bos_id,
        "eos_token_id": config.eos_id,
    }


def _names(config: TransformerConfig) -> dict[str, str]:
    """Theirs for ours."""
    names = {
        "target_embedding": "model.embed_tokens.weight",
        "decoder.norm.weight": "model.norm.weight",
        "output_weight": "lm_head.weight",
    }
    parts = {
        "self_attention_norm": "input_layernorm",
        "self_attention.query": "self_attn.q_proj",
        "self_attention.key": "self_attn.k_proj",
        "self_attention.value": "self_attn.v_proj",
        "self_attention.output": "self_attn.o_proj",
        "feed_forward_norm": "post_attention_layernorm",
        "feed_forward.gate": "mlp.gate_proj",
        "feed_forward.up": "mlp.up_proj",
        "feed_forward.down": "mlp.down_proj",
    }
    return names | layer_names(parts, config.num_decoder_layers, "decoder.layers", "model.layers")


def tensors_from(tensors: Tensors, config: TransformerConfig) -> Tensors:
    """Our names for theirs; the layouts are the same.

    Raises:
        WeightsError: a tensor is none of that class.
    """
    if config.tie_embeddings:
        tensors = {name: tensor for name, tensor in tensors.items() if name != "lm_head.weight"}
    names = {theirs.removeprefix("model."): ours for ours, theirs in _names(config).items()}
    return rename(without_prefix(tensors, "model."), names, "Llama", ("rotary_emb.inv_freq",))


def tensors_to(tensors: Tensors, config: TransformerConfig) -> Tensors:
    """Their names for ours."""
    return rename(tensors, _names(config), "Llama")


def obstacles(config: TransformerConfig) -> list[str]:
    """What of our configuration Llama cannot do."""
    found = [obstacle for need in _NEEDS if (obstacle := need.obstacle(config))]
    if config.d_model % config.num_heads:
        found.append(f"d_model = {config.d_model} with num_heads = {config.num_heads} (needs a multiple)")
    return found
