"""What BART, Marian and Pegasus have in common in transformers: the names of tensors and most settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from pellucid.errors import ConfigError
from pellucid.nn.converters.converter import (
    Needs,
    Tensors,
    Values,
    layer_stems,
    rename,
    their_activation,
    with_all_biases,
    with_all_key_value_heads,
    without_prefix,
)
from pellucid.transformer import TransformerConfig

NEEDS = (
    Needs("architecture", ("encoder-decoder",)),
    Needs("norm", ("layer_norm",)),
    Needs("norm_eps", (1e-5,)),
    Needs("activation", ("gelu", "relu", "gelu_tanh", "silu")),
)

_IGNORED = (
    "encoder.embed_tokens.weight",
    "decoder.embed_tokens.weight",
    "encoder.embed_positions.weight",
    "decoder.embed_positions.weight",
    "lm_head.weight",
    "final_logits_bias",
)


def settings_from(theirs: Values) -> dict[str, Any]:
    """The settings that all three spell alike.

    Raises:
        ConfigError: encoder and decoder differ in heads or widths.
    """
    for ours, name in (("heads", "attention_heads"), ("feed-forward widths", "ffn_dim")):
        if theirs[f"encoder_{name}"] != theirs[f"decoder_{name}"]:
            raise ConfigError(
                f"the {theirs.kind} configuration has different {ours} in encoder and decoder, "
                f"{theirs[f'encoder_{name}']} and {theirs[f'decoder_{name}']}; pellucid's models have the same in both."
            )
    end = theirs.token("eos_token_id")
    return {
        "architecture": "encoder-decoder",
        "vocab_size": theirs["vocab_size"],
        "d_model": theirs["d_model"],
        "d_ff": theirs["encoder_ffn_dim"],
        "num_heads": theirs["encoder_attention_heads"],
        "num_encoder_layers": theirs["encoder_layers"],
        "num_decoder_layers": theirs["decoder_layers"],
        "max_length": theirs.get("max_position_embeddings", 1024),
        "attention_bias": True,
        "output_bias": True,
        "tie_embeddings": theirs.get("tie_word_embeddings", True),
        # transformers ties all three or none; older checkpoints say "none" and still hold one matrix for both sides.
        "share_embeddings": theirs.get("tie_word_embeddings", True),
        "scale_embeddings": theirs.get("scale_embedding", False),
        "dropout": theirs.get("dropout", 0.1),
        "attention_dropout": theirs.get("attention_dropout", 0.0),
        "activation_dropout": theirs.get("activation_dropout", 0.0),
        "pad_id": theirs.pad(otherwise=end),
        "bos_id": theirs.token("decoder_start_token_id", "bos_token_id", "pad_token_id"),
        "eos_id": end,
    }


def settings_to(config: TransformerConfig) -> dict[str, Any]:
    """Theirs for ours, as far as all three spell them alike."""
    return {
        "vocab_size": config.source_vocab_size,
        "d_model": config.d_model,
        "encoder_layers": config.num_encoder_layers,
        "decoder_layers": config.num_decoder_layers,
        "encoder_attention_heads": config.num_heads,
        "decoder_attention_heads": config.num_heads,
        "encoder_ffn_dim": config.d_ff,
        "decoder_ffn_dim": config.d_ff,
        "max_position_embeddings": config.max_length,
        "activation_function": their_activation(config.activation),
        "dropout": config.dropout,
        "attention_dropout": config.attention_dropout,
        "activation_dropout": config.activation_dropout,
        "scale_embedding": config.scale_embeddings,
        "tie_word_embeddings": config.tie_embeddings,
        "is_encoder_decoder": True,
        "pad_token_id": config.pad_id,
        "bos_token_id": config.bos_id,
        "eos_token_id": config.eos_id,
        "decoder_start_token_id": config.bos_id,
        "forced_eos_token_id": None,
    }


def _layer_names(config: TransformerConfig) -> dict[str, str]:
    """Theirs for ours within the stacks."""
    names = {}
    attention = {"query": "q_proj", "key": "k_proj", "value": "v_proj", "output": "out_proj"}
    for stem in layer_stems(config):
        pairs = {"feed_forward.up": "fc1", "feed_forward.down": "fc2", "feed_forward_norm": "final_layer_norm"}
        kinds = {"self_attention": "self_attn"}
        if stem.startswith("decoder"):
            kinds["cross_attention"] = "encoder_attn"
        for ours, theirs in kinds.items():
            pairs[f"{ours}_norm"] = f"{theirs}_layer_norm"
            pairs |= {f"{ours}.{part}": f"{theirs}.{name}" for part, name in attention.items()}
        for ours, theirs in pairs.items():
            for kind in ("weight", "bias"):
                names[f"{stem}.{ours}.{kind}"] = f"{stem}.{theirs}.{kind}"
    for stack in ("encoder", "decoder"):
        for kind in ("weight", "bias"):
            names[f"{stack}.norm.{kind}"] = f"{stack}.layer_norm.{kind}"
            names[f"{stack}.embedding.norm.{kind}"] = f"{stack}.layernorm_embedding.{kind}"
    return names


def tensors_from(tensors: Tensors, config: TransformerConfig, kind: str, learned_offset: int = 0) -> Tensors:
    """Our names for theirs.

    Args:
        tensors: theirs.
        config: ours.
        kind: names the class in messages.
        learned_offset: rows of their tables of learned positions that stand for no position.

    Raises:
        WeightsError: a tensor is none of that class.
    """
    tensors = without_prefix(tensors, "model.")
    names = {theirs: ours for ours, theirs in _layer_names(config).items()}
    result = rename(
        {name: tensor for name, tensor in tensors.items() if name != "shared.weight"}, names, kind, _IGNORED
    )

    def first(*candidates: str) -> torch.Tensor | None:
        return next((tensors[name] for name in candidates if name in tensors), None)

    found = {"target_embedding": first("shared.weight", "decoder.embed_tokens.weight", "lm_head.weight")}
    if not config.share_embeddings:
        found["target_embedding"] = first("decoder.embed_tokens.weight", "shared.weight")
        found["source_embedding"] = first("encoder.embed_tokens.weight", "shared.weight")
    if not config.tie_embeddings:
        found["output_weight"] = first("lm_head.weight")
    if config.positions == "learned":
        for stack in ("encoder", "decoder"):
            table = first(f"{stack}.embed_positions.weight")
            found[f"{stack}.embedding.positions.weight"] = None if table is None else table[learned_offset:]
    result |= {name: tensor for name, tensor in found.items() if tensor is not None}
    bias = first("final_logits_bias")
    result["output_bias"] = torch.zeros(config.vocab_size) if bias is None else bias.reshape(-1)
    return result


def tensors_to(
    tensors: Tensors, config: TransformerConfig, *, has_shared: bool = True, learned_offset: int = 0
) -> Tensors:
    """Their names for ours; what only their classes have is zero.

    Args:
        tensors: ours.
        config: ours.
        has_shared: whether the class has a shared matrix, be it tied to anything or not.
        learned_offset: rows of their tables of learned positions that stand for no position.
    """
    tensors = with_all_biases(with_all_key_value_heads(tensors, config), config)
    names = _layer_names(config)
    result = {f"model.{names[name]}": tensor for name, tensor in tensors.items() if name in names}
    target = tensors["target_embedding"]
    if has_shared:
        result["model.shared.weight"] = target
    if not (config.share_embeddings and config.tie_embeddings):
        result["model.encoder.embed_tokens.weight"] = tensors.get("source_embedding", target).clone()
        result["model.decoder.embed_tokens.weight"] = target.clone()
    if not config.tie_embeddings:
        result["lm_head.weight"] = tensors["output_weight"]
    if config.positions == "learned":
        for stack in ("encoder", "decoder"):
            table = tensors[f"{stack}.embedding.positions.weight"]
            result[f"model.{stack}.embed_positions.weight"] = torch.cat(
                (table.new_zeros(learned_offset, config.d_model), table)
            )
    bias = tensors.get("output_bias")
    result["final_logits_bias"] = (torch.zeros(config.vocab_size) if bias is None else bias)[None]
    return result


def halves_from_interleaved(tensors: Tensors, config: TransformerConfig) -> Tensors:
    """The weights of the same model with its features in another order.

    The order of the residual stream's features is arbitrary but for the sinusoids that are added to it. Moving the
    even features before the odd ones makes "interleaved" sinusoids "halves".
    """
    order = torch.cat((torch.arange(0, config.d_model, 2), torch.arange(1, config.d_model, 2)))
    result = {}
    for name, tensor in tensors.items():
        part = name.split(".")[-2:-1]
        if name == "output_bias" or (part in (["query"], ["key"], ["value"], ["up"]) and tensor.ndim == 1):
            result[name] = tensor  # lies outside the residual stream
        elif part in (["output"], ["down"]) or tensor.ndim == 1:
            result[name] = tensor[order]
        else:
            result[name] = tensor[:, order]
    return result


def obstacles(config: TransformerConfig, needs: tuple[Needs, ...], one_vocabulary: bool = True) -> list[str]:
    """What of our configuration a class of this family cannot do."""
    found = [obstacle for need in (*NEEDS, *needs) if (obstacle := need.obstacle(config))]
    if config.d_k * config.num_heads != config.d_model:
        found.append(f"d_k = {config.d_k} (needs d_model / num_heads)")
    if one_vocabulary and config.source_vocab_size != config.vocab_size:
        found.append(f"source_vocab_size = {config.source_vocab_size} (needs {config.vocab_size})")
    if one_vocabulary and config.tie_embeddings and not config.share_embeddings:
        found.append("share_embeddings = false (needs true when tie_embeddings)")
    return found


def sinusoidal_config_from(theirs: Values, **settings: Any) -> TransformerConfig:
    """Our configuration for Marian's and Pegasus'."""
    values: Mapping[str, Any] = {
        **settings_from(theirs),
        "positions": "sinusoidal",
        "sinusoidal_layout": "halves",
        "activation": theirs.activation("activation_function", "gelu"),
        **settings,
    }
    return TransformerConfig.from_mapping(values, where=f"the {theirs.kind} configuration")


def sinusoidal_tensors_to(tensors: Tensors, config: TransformerConfig, *, has_shared: bool = True) -> Tensors:
    """Marian's and Pegasus' tensors for ours."""
    if config.sinusoidal_layout == "interleaved":
        tensors = halves_from_interleaved(tensors, config)
    return tensors_to(tensors, config, has_shared=has_shared)
