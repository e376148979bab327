"""transformers' BartForConditionalGeneration (Lewis et al. 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pellucid.nn.converters import bart_family as family
from pellucid.nn.converters.converter import Needs, Tensors, Values
from pellucid.transformer import TransformerConfig

MODEL_TYPE = "bart"
CLASS = "BartForConditionalGeneration"
_OFFSET = 2
"""Rows of BART's tables of positions before that of position 0."""

_NEEDS = (
    Needs("norm_position", ("post",)),
    Needs("final_norm", (False,)),
    Needs("embedding_norm", (True,)),
    Needs("positions", ("learned",)),
)


def config_from(values: Mapping[str, Any]) -> TransformerConfig:
    """Our configuration for theirs.

    Raises:
        ConfigError: it uses what our models do not have.
    """
    theirs = Values(values, "BART")
    # Settings of old checkpoints: transformers' class has only these, whatever they say.
    theirs.refuse("normalize_before", False)
    theirs.refuse("normalize_embedding", True)
    theirs.refuse("add_final_layer_norm", False)
    settings = {
        **family.settings_from(theirs),
        "embedding_norm": True,
        "positions": "learned",
        "activation": theirs.activation("activation_function", "gelu"),
    }
    return TransformerConfig.from_mapping(settings, where="the BART configuration")


def config_to(config: TransformerConfig) -> dict[str, Any]:
    """Their configuration for ours."""
    return family.settings_to(config)


def tensors_from(tensors: Tensors, config: TransformerConfig) -> Tensors:
    """Our names for theirs.

    Raises:
        WeightsError: a tensor is none of that class.
    """
    return family.tensors_from(tensors, config, "BART", _OFFSET)


def tensors_to(tensors: Tensors, config: TransformerConfig) -> Tensors:
    """Their names for ours."""
    return family.tensors_to(tensors, config, learned_offset=_OFFSET)


def obstacles(config: TransformerConfig) -> list[str]:
    """What of our configuration BART cannot do."""
    return family.obstacles(config, _NEEDS)
