"""What a converter is, and what several need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from pellucid.errors import ConfigError, WeightsError
from pellucid.nn.tensors import Tensor
from pellucid.transformer import TransformerConfig

Tensors = dict[str, Tensor]

ACTIVATIONS = {"relu": "relu", "gelu": "gelu", "gelu_new": "gelu_tanh", "silu": "silu", "swish": "silu"}
"""Ours for theirs. Theirs for ours is the first that comes."""


class Converter(Protocol):
    """Between one class of transformers and ours. The modules of this room that have this shape are its converters."""

    MODEL_TYPE: str
    CLASS: str

    def config_from(self, values: Mapping[str, Any]) -> TransformerConfig:
        """Our configuration for their `config.json`.

        Raises:
            ConfigError: it uses what our models do not have.
        """

    def config_to(self, config: TransformerConfig) -> dict[str, Any]:
        """Their `config.json` for our configuration."""

    def tensors_from(self, tensors: Tensors, config: TransformerConfig) -> Tensors:
        """Our names and layouts for theirs."""

    def tensors_to(self, tensors: Tensors, config: TransformerConfig) -> Tensors:
        """Their names and layouts for ours."""

    def obstacles(self, config: TransformerConfig) -> list[str]:
        """What of our configuration their class cannot do; empty when it can do all."""


class Values:
    """The entries of another library's `config.json`, read with care."""

    def __init__(self, values: Mapping[str, Any], kind: str) -> None:
        self.values, self.kind = values, kind

    def __getitem__(self, name: str) -> Any:
        """An entry that must be there.

        Raises:
            ConfigError: it is not.
        """
        value = self.values.get(name)
        if value is None:
            raise ConfigError(f"the {self.kind} configuration lacks {name!r}.")
        return value

    def get(self, name: str, default: Any) -> Any:
        """An entry, or what transformers takes when it is missing."""
        value = self.values.get(name)
        return default if value is None else value

    def token(self, *names: str, default: int = 0) -> int:
        """The id of a special token, the first where there are several, under the first name that has one."""
        for candidate in names:
            value = self.values.get(candidate)
            if isinstance(value, list):
                value = value[0] if value else None
            if value is not None:
                return int(value)
        return default

    def pad(self, *, otherwise: int) -> int:
        """The id that fills batches.

        Some configurations say −1, or an id beyond their own vocabulary, for "there is none". No text needs it, and
        what is filled is never attended to: then another id does.

        Args:
            otherwise: that other one; where it is none either, 0.
        """
        ids = (self.token("pad_token_id", default=otherwise), otherwise)
        return next((id_ for id_ in ids if 0 <= id_ < self["vocab_size"]), 0)

    def refuse(self, name: str, *allowed: Any) -> None:
        """Raises when an entry is there and not one of these.

        Raises:
            ConfigError: our models do not have what it asks for.
        """
        value = self.values.get(name)
        if value is not None and value not in allowed:
            needed = " or ".join(str(choice).lower() for choice in allowed)
            raise ConfigError(
                f"the {self.kind} configuration has {name} = {value!r}, which pellucid's models do not have; "
                f"they need {needed}."
            )

    def activation(self, name: str, default: str) -> str:
        """Ours for their name of an activation.

        Raises:
            ConfigError: we have none like it.
        """
        theirs = self.get(name, default)
        if theirs not in ACTIVATIONS:
            raise ConfigError(
                f"the {self.kind} configuration has {name} = {theirs!r}; there are {', '.join(ACTIVATIONS)}."
            )
        return ACTIVATIONS[theirs]


def their_activation(ours: str) -> str:
    """Their name for our activation."""
    return next(theirs for theirs, own in ACTIVATIONS.items() if own == ours)


@dataclass(frozen=True)
class Needs:
    """What a class of transformers needs of a setting."""

    setting: str
    values: tuple[Any, ...]

    def obstacle(self, config: TransformerConfig) -> str | None:
        """What is in the way, as "norm = rms_norm (needs layer_norm)"."""
        value = getattr(config, self.setting)
        if value in self.values:
            return None
        return f"{self.setting} = {_plain(value)} (needs {' or '.join(map(_plain, self.values))})"


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def rename(tensors: Tensors, names: Mapping[str, str], where: str, ignored: tuple[str, ...] = ()) -> Tensors:
    """The same tensors under other names.

    Args:
        tensors: by their old names.
        names: new for old.
        where: what they are, in messages.
        ignored: endings of old names that are not wanted.

    Raises:
        WeightsError: one has no new name.
    """
    result = {}
    for old, tensor in tensors.items():
        if old in names:
            result[names[old]] = tensor
        elif not old.endswith(ignored or ("\0",)):
            raise WeightsError(f"the {where} weights have {old}, which that class has not.")
    return result


def without_prefix(tensors: Tensors, prefix: str) -> Tensors:
    """Names without what only some checkpoints begin with."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}


def layer_stems(config: TransformerConfig) -> list[str]:
    """The beginnings of the names of all layers: encoder.layers.0 …, decoder.layers.0 …"""
    encoder = [f"encoder.layers.{index}" for index in range(config.num_encoder_layers)]
    return encoder + [f"decoder.layers.{index}" for index in range(config.num_decoder_layers)]


def with_all_biases(tensors: Tensors, config: TransformerConfig) -> Tensors:
    """Biases of zero where our model has none and their class has some."""
    result = dict(tensors)
    for name, tensor in tensors.items():
        stem, _, kind = name.rpartition(".")
        in_layer = ".layers." in name or stem.endswith("norm")
        if in_layer and kind == "weight" and f"{stem}.bias" not in tensors:
            result[f"{stem}.bias"] = torch.zeros(tensor.shape[0], dtype=tensor.dtype)
    return result


def with_all_key_value_heads(tensors: Tensors, config: TransformerConfig) -> Tensors:
    """A key/value head for every query head: those that serve several are repeated, which changes no result."""
    shared = config.num_heads // config.num_key_value_heads
    if shared == 1:
        return tensors
    result = dict(tensors)
    for name, tensor in tensors.items():
        if name.split(".")[-2:-1] in (["key"], ["value"]):
            heads = tensor.unflatten(0, (config.num_key_value_heads, config.d_k))  # type: ignore[no-untyped-call]
            result[name] = heads.repeat_interleave(shared, dim=0).flatten(0, 1)
    return result


def layer_names(pairs: Mapping[str, str], count: int, ours: str, theirs: str) -> dict[str, str]:
    """Their names for ours of the weights and biases in every layer.

    Args:
        pairs: theirs for ours, inside a layer.
        count: layers.
        ours: where our layers are: "decoder.layers".
        theirs: where theirs are.
    """
    return {
        f"{ours}.{index}.{own}.{kind}": f"{theirs}.{index}.{other}.{kind}"
        for index in range(count)
        for own, other in pairs.items()
        for kind in ("weight", "bias")
    }
