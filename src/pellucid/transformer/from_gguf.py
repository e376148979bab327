"""From a GGUF file to our configuration and weights: models of the Llama kind (Touvron et al. 2023)."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.errors import ConfigError, WeightsError
from pellucid.transformer.config import RotaryScaling, TransformerConfig
from pellucid.transformer.gguf_file import GgufFile
from pellucid.transformer.weight_shapes import weight_shapes

_ARCHITECTURE = "llama"
_NAMES = {
    "target_embedding": "token_embd",
    "output_weight": "output",
    "decoder.norm": "output_norm",
    "self_attention_norm": "attn_norm",
    "self_attention.query": "attn_q",
    "self_attention.key": "attn_k",
    "self_attention.value": "attn_v",
    "self_attention.output": "attn_output",
    "feed_forward_norm": "ffn_norm",
    "feed_forward.gate": "ffn_gate",
    "feed_forward.up": "ffn_up",
    "feed_forward.down": "ffn_down",
}
"""Names of llama.cpp for ours, without layers and kinds."""


def gguf_config(file: GgufFile) -> TransformerConfig:
    """Our configuration of the model in a file.

    Raises:
        ConfigError: it is of another architecture than Llama's, or something is missing or cannot be used.
    """
    values = _Values(file)
    architecture = values.get("general.architecture", str)
    if architecture != _ARCHITECTURE:
        raise ConfigError(
            f"{file.path} holds a model of the architecture {architecture!r}; {_ARCHITECTURE!r} is read from GGUF."
        )
    d_model, num_heads = values.get("llama.embedding_length", int), values.get("llama.attention.head_count", int)
    if num_heads < 1 or "token_embd.weight" not in file.entries:
        raise ConfigError(f"{file.path} has {num_heads} heads and no token_embd.weight, or only one of them.")
    d_k = values.get("llama.attention.key_length", int, d_model // num_heads)
    turned = values.get("llama.rope.dimension_count", int, d_k)
    scaling = values.get("llama.rope.scaling.type", str, "none")
    if turned != d_k or scaling not in ("none", "linear") or "rope_freqs.weight" in file.entries:
        raise ConfigError(
            f"{file.path} turns {turned} of {d_k} features, with the scaling {scaling!r} or frequencies of its own; "
            "what is read turns all of them, with the scaling 'none' or 'linear'."
        )
    eos_id = values.get("tokenizer.ggml.eos_token_id", int)
    return TransformerConfig.from_mapping(
        {
            "architecture": "decoder-only",
            "vocab_size": file.shape("token_embd.weight")[0],
            "d_model": d_model,
            "d_ff": values.get("llama.feed_forward_length", int),
            "num_heads": num_heads,
            "num_key_value_heads": values.get("llama.attention.head_count_kv", int, num_heads),
            "num_decoder_layers": values.get("llama.block_count", int),
            "d_k": d_k,
            "max_length": values.get("llama.context_length", int),
            "norm": "rms_norm",
            "norm_position": "pre",
            "norm_eps": _shortest(values.get("llama.attention.layer_norm_rms_epsilon", float)),
            "positions": "rotary",
            "rotary_base": _shortest(values.get("llama.rope.freq_base", float, 10000.0)),
            "rotary_scaling": None
            if scaling == "none"
            else RotaryScaling(kind="linear", factor=values.get("llama.rope.scaling.factor", float)),
            "activation": "swiglu",
            "feed_forward_bias": False,
            "tie_embeddings": "output.weight" not in file.entries,
            "scale_embeddings": False,
            "dropout": 0.0,
            "pad_id": values.get("tokenizer.ggml.padding_token_id", int, eos_id),
            "bos_id": values.get("tokenizer.ggml.bos_token_id", int, eos_id),
            "eos_id": eos_id,
        },
        where=str(file.path),
    )


def gguf_arrays(file: GgufFile, config: TransformerConfig, dtype: np.dtype[Any]) -> dict[str, Array]:
    """Every weight of the model in a file by its name in ours.

    Args:
        file: the opened file.
        config: from `gguf_config`.
        dtype: of the result; float32 holds exactly what the file stands for.

    Raises:
        WeightsError: one is missing, superfluous or of the wrong shape.
    """
    shapes = weight_shapes(config)
    theirs = {name: _their_name(name) for name in shapes}
    missing = sorted(set(theirs.values()) - file.entries.keys())
    superfluous = sorted(file.entries.keys() - set(theirs.values()))
    for names, what in ((missing, "lacks"), (superfluous, "has, beside those that a Llama has,")):
        if names:
            raise WeightsError(f"{file.path} {what} {', '.join(names[:3])}{', …' if len(names) > 3 else ''}.")
    arrays = {}
    for name, shape in shapes.items():
        held = file.shape(theirs[name])
        if held != shape:
            raise WeightsError(
                f"{file.path}: {theirs[name]} has the shape {held}, but the model that it describes needs {shape}."
            )
        array = file.tensor(theirs[name])
        if name.endswith(("self_attention.query.weight", "self_attention.key.weight")):
            array = _halves(array, config.d_k)
        arrays[name] = array.astype(dtype, copy=False)
    return arrays


def _their_name(name: str) -> str:
    """`blk.3.attn_q.weight` for `decoder.layers.3.self_attention.query.weight`."""
    stem, kind = (name, "weight") if name in _NAMES else name.rsplit(".", 1)
    if not stem.startswith("decoder.layers."):
        return f"{_NAMES[stem]}.{kind}"
    layer, part = stem.removeprefix("decoder.layers.").split(".", 1)
    return f"blk.{layer}.{_NAMES[part]}.{kind}"


def _halves(matrix: Array, d_k: int) -> Array:
    """Its pairs of rotated features lie side by side, ours half a head apart."""
    rows, width = matrix.shape
    return matrix.reshape(rows // d_k, d_k // 2, 2, width).swapaxes(1, 2).reshape(rows, width)


def _shortest(value: float) -> float:
    """The shortest decimal of a number that was stored in float32: 1e-5, not 9.999999747378752e-06."""
    return float(str(np.float32(value)))


class _Values:
    """What a file says, with the types that are needed."""

    def __init__(self, file: GgufFile) -> None:
        self._where, self._values = file.path, file.metadata

    def get(self, key: str, kind: type[Any], default: Any = None) -> Any:
        value = self._values.get(key, default)
        if type(value) is not kind:
            held = "has no" if value is None else f"has {value!r:.40} as"
            raise ConfigError(f"{self._where} {held} {key}; a Llama in GGUF has one of type {kind.__name__}.")
        return value
