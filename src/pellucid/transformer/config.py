"""The configuration of a Transformer: everything that decides its shapes and its arithmetic.

The defaults are those of the paper (Vaswani et al. 2017): post-norm, layer normalisation, sinusoidal positions, ReLU,
projections without biases (§3.2.2), a feed-forward network with them (§3.3), one embedding matrix for source, target
and output, scaled by √d_model (§3.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from pellucid.errors import ConfigError, nearest
from pellucid.files import write_atomically

Architecture = Literal["encoder-decoder", "decoder-only"]
Norm = Literal["layer_norm", "rms_norm"]
NormPosition = Literal["pre", "post"]
Positions = Literal["sinusoidal", "learned", "rotary"]
Activation = Literal["relu", "gelu", "gelu_tanh", "silu", "swiglu"]

FILE_NAME = "config.json"
FORMAT = "pellucid-transformer-1"
"""Stands in every configuration file; another reader's `config.json` is told apart by it."""


class RotaryScaling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How rotary positions are stretched.

    Args:
        kind: "linear" divides every frequency (Chen et al. 2023); "llama3" only those of long wavelengths, with a
            smooth passage (Llama 3.1).
        factor: by how much.
        low_frequency_factor: of "llama3": wavelengths beyond original_length over this are divided whole.
        high_frequency_factor: of "llama3": wavelengths below original_length over this stay.
        original_length: of "llama3": the length of the first training.
    """

    kind: Literal["linear", "llama3"]
    factor: float
    low_frequency_factor: float = 1.0
    high_frequency_factor: float = 4.0
    original_length: int = 8192


class TransformerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that decides a Transformer's shapes and arithmetic.

    Args:
        architecture: "encoder-decoder" (§3.1) or "decoder-only".
        vocab_size: entries of the target vocabulary, and of the source's unless `source_vocab_size` says otherwise.
        d_model: width of the residual stream.
        d_ff: width inside the feed-forward networks (§3.3).
        num_heads: attention heads (§3.2.2).
        num_decoder_layers: N of the decoder.
        num_encoder_layers: N of the encoder; 0 for decoder-only.
        num_key_value_heads: heads of keys and values; each serves num_heads / num_key_value_heads query heads
            (Ainslie et al. 2023). 0 stands for num_heads.
        d_k: width of one head; 0 stands for d_model / num_heads.
        source_vocab_size: entries of the source vocabulary; 0 stands for vocab_size.
        max_length: the longest sequence, in tokens, on either side.
        norm: LayerNorm (Ba et al. 2016) or RMSNorm (Zhang and Sennrich 2019).
        norm_position: "post", LayerNorm(x + Sublayer(x)) as in §3.1, or "pre", x + Sublayer(LayerNorm(x))
            (Xiong et al. 2020).
        norm_eps: what is added to the variance or the mean square.
        norm_bias: whether LayerNorm has a bias; RMSNorm never has one.
        final_norm: whether each stack ends with a norm; null: it does when pre-norm, does not when post-norm.
        embedding_norm: whether the sum of embeddings and positions is normalised (BART).
        positions: added sinusoids (§3.5), added learned vectors, or rotated queries and keys (Su et al. 2021).
        sinusoidal_layout: "interleaved", sin and cos take turns as in §3.5, or "halves", first all sines (Marian).
        rotary_base: the base of the rotary wavelengths.
        rotary_scaling: slows the rotation for longer sequences than it was first trained on; null for none.
        activation: of the feed-forward networks; "gelu_tanh" is GELU's tanh approximation; "swiglu" has a gate
            (Shazeer 2020).
        attention_bias: biases of the query, key, value and output projections.
        feed_forward_bias: biases of the feed-forward networks.
        output_bias: a bias of the projection to the vocabulary.
        tie_embeddings: the projection to the vocabulary is the target embedding matrix (§3.4).
        share_embeddings: source and target have one embedding matrix (§3.4); needs one vocabulary.
        scale_embeddings: embeddings are multiplied by √d_model (§3.4).
        dropout: of each sub-layer's output and of the sums of embeddings and positions (§5.4).
        attention_dropout: of the attention weights.
        activation_dropout: inside the feed-forward networks.
        pad_id: fills batches; never attended to by the masks that this library makes.
        bos_id: what the decoder starts with.
        eos_id: what ends a sequence.

    Raises:
        ConfigError: sizes that do not fit each other or options that exclude each other.
    """

    architecture: Architecture
    vocab_size: int
    d_model: int
    d_ff: int
    num_heads: int
    num_decoder_layers: int
    num_encoder_layers: int = 0
    num_key_value_heads: int = 0
    d_k: int = 0
    source_vocab_size: int = 0
    max_length: int = 512
    norm: Norm = "layer_norm"
    norm_position: NormPosition = "post"
    norm_eps: float = 1e-5
    norm_bias: bool = True
    final_norm: bool | None = None
    embedding_norm: bool = False
    positions: Positions = "sinusoidal"
    sinusoidal_layout: Literal["interleaved", "halves"] = "interleaved"
    rotary_base: float = 10000.0
    rotary_scaling: RotaryScaling | None = None
    activation: Activation = "relu"
    attention_bias: bool = False
    feed_forward_bias: bool = True
    output_bias: bool = False
    tie_embeddings: bool = True
    share_embeddings: bool = True
    scale_embeddings: bool = True
    dropout: float = 0.1
    attention_dropout: float = 0.0
    activation_dropout: float = 0.0
    pad_id: int = 0
    bos_id: int = 1
    eos_id: int = 2

    def __post_init__(self) -> None:
        _check_types(self)
        resolved = {
            "num_key_value_heads": self.num_key_value_heads or self.num_heads,
            "source_vocab_size": self.source_vocab_size or self.vocab_size,
            "final_norm": self.norm_position == "pre" if self.final_norm is None else self.final_norm,
        }
        for name, value in resolved.items():
            msgspec.structs.force_setattr(self, name, value)
        _check_sizes(self)
        if self.d_k == 0:
            if self.d_model % self.num_heads:
                raise ConfigError(
                    f"d_model {self.d_model} cannot be divided among {self.num_heads} heads; "
                    "choose num_heads that divides d_model, or give d_k."
                )
            msgspec.structs.force_setattr(self, "d_k", self.d_model // self.num_heads)
        _check_options(self)

    @property
    def is_encoder_decoder(self) -> bool:
        """Whether there is an encoder."""
        return self.architecture == "encoder-decoder"

    def replace(self, **changes: Any) -> TransformerConfig:
        """The same configuration but for `changes`.

        What was derived (the width of a head, as many key/value heads as heads, the source vocabulary) is derived
        anew unless it is given.
        """
        values = self.values
        if self.num_key_value_heads == self.num_heads:
            values["num_key_value_heads"] = 0
        if self.d_k * self.num_heads == self.d_model:
            values["d_k"] = 0
        if self.source_vocab_size == self.vocab_size:
            values["source_vocab_size"] = 0
        if self.final_norm == (self.norm_position == "pre"):
            values["final_norm"] = None
        return TransformerConfig.from_mapping({**values, **changes})

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], where: str = "the model's configuration") -> TransformerConfig:
        """A configuration from plain values, as a recipe or a file holds them.

        Args:
            values: by name of the field.
            where: names the place in messages.

        Raises:
            ConfigError: an unknown or missing name, a wrong type, or sizes that do not fit.
        """
        known = list(cls.__struct_fields__)
        for name in values:
            if name not in known:
                raise ConfigError(f"{where} has no setting {name!r}{nearest(name, known)}.")
        for name in cls.__struct_fields__[: -len(cls.__struct_defaults__)]:
            if name not in values:
                raise ConfigError(f"{where} lacks the setting {name!r}.")
        return cls(**values)

    def save(self, directory: str | Path) -> None:
        """Writes `config.json` into a directory, whole or not at all.

        Raises:
            OutputError: it cannot be written.
        """
        text = msgspec.json.format(msgspec.json.encode({"format": FORMAT, **self.values}), indent=2)
        write_atomically(Path(directory) / FILE_NAME, text + b"\n")

    @property
    def values(self) -> dict[str, Any]:
        """The settings by name, as plain values that `from_mapping` takes."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    @classmethod
    def load(cls, path: str | Path) -> TransformerConfig:
        """Reads what `save` wrote.

        Args:
            path: a model directory or its `config.json`.

        Raises:
            ConfigError: there is none, it is not JSON, it is another library's, or it cannot be used.
        """
        path = Path(path)
        if path.is_dir():
            path = path / FILE_NAME
        try:
            values = msgspec.json.decode(path.read_bytes())
        except OSError as error:
            raise ConfigError(
                f"{path} cannot be read: {error.strerror or error}; a model's folder has its configuration there."
            ) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} is not JSON: {str(error).rstrip('.')}.") from None
        if not isinstance(values, dict):
            raise ConfigError(f"{path} must hold a JSON object, not {type(values).__name__}.")
        if values.pop("format", None) != FORMAT:
            kind = values.get("model_type")
            of = f"a transformers configuration of type {kind!r}" if isinstance(kind, str) else "not one of pellucid's"
            raise ConfigError(
                f"{path} is {of}: pellucid's say "
                f'"format": "{FORMAT}". Checkpoints of transformers are read with '
                "`pellucid.nn.converters.from_transformers`."
            )
        return cls.from_mapping(values, where=str(path))


_TYPES = get_type_hints(TransformerConfig)


def _check_types(config: TransformerConfig) -> None:
    # msgspec checks types when it decodes, not when the class is called.
    for name, kind in _TYPES.items():
        value = getattr(config, name)
        try:
            msgspec.structs.force_setattr(config, name, msgspec.convert(value, kind))
        except (msgspec.ValidationError, TypeError):
            choices = get_args(kind)
            if RotaryScaling in choices:
                fields = ", ".join(RotaryScaling.__struct_fields__)
                needed = f"null or a table of {fields}"
            elif get_origin(kind) is Literal:
                hint = nearest(value, list(choices)) if isinstance(value, str) else ""
                needed = f"one of {', '.join(choices)}{hint}"
            else:
                needed = {int: "a whole number", float: "a number"}.get(kind, "true or false")
            raise ConfigError(f"{name} must be {needed}, not {value!r}.") from None


def _check_sizes(config: TransformerConfig) -> None:
    for name in ("vocab_size", "d_model", "d_ff", "num_heads", "num_decoder_layers", "max_length"):
        if getattr(config, name) < 1:
            raise ConfigError(f"{name} must be at least 1, not {getattr(config, name)}.")
    for name in ("num_encoder_layers", "num_key_value_heads", "d_k", "source_vocab_size"):
        if getattr(config, name) < 0:
            raise ConfigError(f"{name} must not be negative, but is {getattr(config, name)}.")
    for name in ("dropout", "attention_dropout", "activation_dropout"):
        if not 0 <= getattr(config, name) < 1:
            raise ConfigError(f"{name} must be at least 0 and less than 1, not {getattr(config, name)}.")
    for name in ("norm_eps", "rotary_base"):
        if not 0 < getattr(config, name) < float("inf"):
            raise ConfigError(f"{name} must be a number greater than 0, not {getattr(config, name)}.")
    for name in ("pad_id", "bos_id", "eos_id"):
        if not 0 <= getattr(config, name) < config.vocab_size:
            raise ConfigError(
                f"{name} must be one of the {config.vocab_size} entries of the vocabulary (0 to "
                f"{config.vocab_size - 1}), not {getattr(config, name)}."
            )


def _check_options(config: TransformerConfig) -> None:
    if config.num_heads % config.num_key_value_heads:
        raise ConfigError(
            f"{config.num_heads} query heads cannot be divided among {config.num_key_value_heads} key/value heads; "
            "choose num_key_value_heads that divides num_heads."
        )
    if config.positions == "rotary" and config.d_k % 2:
        raise ConfigError(f"rotary positions turn pairs of features, but d_k is {config.d_k}; choose an even d_k.")
    scaling = config.rotary_scaling
    if scaling is not None:
        if config.positions != "rotary":
            raise ConfigError(f"rotary_scaling is for rotary positions, but positions are {config.positions}.")
        if not scaling.factor >= 1 or not 0 < scaling.low_frequency_factor < scaling.high_frequency_factor:
            raise ConfigError(
                "rotary_scaling needs a factor of at least 1 and a low_frequency_factor between 0 and the "
                f"high_frequency_factor, not {scaling.factor}, {scaling.low_frequency_factor} and "
                f"{scaling.high_frequency_factor}."
            )
    if config.is_encoder_decoder:
        if config.num_encoder_layers < 1:
            raise ConfigError(
                "an encoder–decoder needs num_encoder_layers of at least 1; for none choose decoder-only."
            )
        if config.share_embeddings and config.source_vocab_size != config.vocab_size:
            raise ConfigError(
                f"share_embeddings needs one vocabulary, but the source has {config.source_vocab_size} entries and the "
                f"target {config.vocab_size}; give share_embeddings = false."
            )
    elif config.num_encoder_layers:
        raise ConfigError(
            f"a decoder-only model has no encoder, but num_encoder_layers is {config.num_encoder_layers}."
        )
    elif config.source_vocab_size != config.vocab_size:
        raise ConfigError("a decoder-only model has one vocabulary; leave source_vocab_size out.")
