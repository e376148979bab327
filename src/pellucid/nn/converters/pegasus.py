"""transformers' PegasusForConditionalGeneration: pre-norm with sinusoids (Zhang et al. 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pellucid.nn.converters import bart_family as family
from pellucid.nn.converters.converter import Needs, Tensors, Values
from pellucid.nn.positions import sinusoids
from pellucid.transformer import TransformerConfig

MODEL_TYPE = "pegasus"
CLASS = "PegasusForConditionalGeneration"

_NEEDS = (
    Needs("norm_position", ("pre",)),
    Needs("final_norm", (True,)),
    Needs("embedding_norm", (False,)),
    Needs("positions", ("sinusoidal",)),
)


def config_from(values: Mapping[str, Any]) -> TransformerConfig:
    """Our configuration for theirs.

    Raises:
        ConfigError: it uses what our models do not have.
    """
    return family.sinusoidal_config_from(Values(values, "Pegasus"), norm_position="pre")


def config_to(config: TransformerConfig) -> dict[str, Any]:
    """Their configuration for ours."""
    return family.settings_to(config)


def tensors_from(tensors: Tensors, config: TransformerConfig) -> Tensors:
    """Our names for theirs.

    Raises:
        WeightsError: a tensor is none of that class.
    """
    return family.tensors_from(tensors, config, "Pegasus")


def tensors_to(tensors: Tensors, config: TransformerConfig) -> Tensors:
    """Their names for ours; interleaved sinusoids become theirs by reordering features."""
    result = family.sinusoidal_tensors_to(tensors, config)
    for stack in ("encoder", "decoder"):
        # Marian's class computes its sinusoids without a word; this one warns when a checkpoint lacks them.
        table = sinusoids(config.max_length, config.d_model, "halves")
        result[f"model.{stack}.embed_positions.weight"] = table.to(tensors["target_embedding"].dtype)
    return result


def obstacles(config: TransformerConfig) -> list[str]:
    """What of our configuration Pegasus cannot do."""
    return family.obstacles(config, _NEEDS)
