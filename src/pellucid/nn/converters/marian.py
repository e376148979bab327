"""transformers' MarianMTModel: the paper's architecture, post-norm with sinusoids (Junczys-Dowmunt et al. 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pellucid.nn.converters import bart_family as family
from pellucid.nn.converters.converter import Needs, Tensors, Values
from pellucid.transformer import TransformerConfig

MODEL_TYPE = "marian"
CLASS = "MarianMTModel"

_NEEDS = (
    Needs("norm_position", ("post",)),
    Needs("final_norm", (False,)),
    Needs("embedding_norm", (False,)),
    Needs("positions", ("sinusoidal",)),
)


def config_from(values: Mapping[str, Any]) -> TransformerConfig:
    """Our configuration for theirs.

    Raises:
        ConfigError: it uses what our models do not have.
    """
    theirs = Values(values, "Marian")
    theirs.refuse("normalize_before", False)
    theirs.refuse("static_position_embeddings", True)
    one = theirs.get("share_encoder_decoder_embeddings", True)
    vocabularies = {}
    if not one:
        vocabularies = {
            "share_embeddings": False,
            "vocab_size": theirs.get("decoder_vocab_size", theirs["vocab_size"]),
            "source_vocab_size": theirs["vocab_size"],
        }
    return family.sinusoidal_config_from(theirs, **vocabularies)


def config_to(config: TransformerConfig) -> dict[str, Any]:
    """Their configuration for ours."""
    return {
        **family.settings_to(config),
        "decoder_vocab_size": config.vocab_size,
        "share_encoder_decoder_embeddings": config.share_embeddings,
    }


def tensors_from(tensors: Tensors, config: TransformerConfig) -> Tensors:
    """Our names for theirs.

    Raises:
        WeightsError: a tensor is none of that class.
    """
    return family.tensors_from(tensors, config, "Marian")


def tensors_to(tensors: Tensors, config: TransformerConfig) -> Tensors:
    """Their names for ours; interleaved sinusoids become theirs by reordering features."""
    return family.sinusoidal_tensors_to(tensors, config, has_shared=config.share_embeddings)


def obstacles(config: TransformerConfig) -> list[str]:
    """What of our configuration Marian cannot do."""
    return family.obstacles(config, _NEEDS, one_vocabulary=False)
