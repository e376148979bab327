"""Named configurations: the paper's and small ones for CPUs."""

from __future__ import annotations

from typing import Any

from pellucid.errors import ConfigError, nearest
from pellucid.transformer.config import TransformerConfig

PRESETS: dict[str, dict[str, Any]] = {
    # Vaswani et al. 2017, Table 3 and §5.1: about 37,000 shared byte-pair tokens.
    "base": {
        "architecture": "encoder-decoder",
        "vocab_size": 37000,
        "d_model": 512,
        "d_ff": 2048,
        "num_heads": 8,
        "num_encoder_layers": 6,
        "num_decoder_layers": 6,
        "dropout": 0.1,
    },
    "big": {
        "architecture": "encoder-decoder",
        "vocab_size": 37000,
        "d_model": 1024,
        "d_ff": 4096,
        "num_heads": 16,
        "num_encoder_layers": 6,
        "num_decoder_layers": 6,
        "dropout": 0.3,
    },
    # Transformer-tiny for Multi30k (Wu et al. 2021, "Good for Misconceived Reasons", §3).
    "tiny": {
        "architecture": "encoder-decoder",
        "vocab_size": 10000,
        "d_model": 128,
        "d_ff": 256,
        "num_heads": 4,
        "num_encoder_layers": 4,
        "num_decoder_layers": 4,
        "dropout": 0.3,
    },
    "small": {
        "architecture": "encoder-decoder",
        "vocab_size": 8000,
        "d_model": 256,
        "d_ff": 1024,
        "num_heads": 8,
        "num_encoder_layers": 3,
        "num_decoder_layers": 3,
        "dropout": 0.1,
    },
    # The two settings of nanoGPT's character-level Shakespeare: 4/4/128 with 64 tokens, 6/6/384 with 256.
    "character-small": {
        "architecture": "decoder-only",
        "vocab_size": 65,
        "d_model": 128,
        "d_ff": 512,
        "num_heads": 4,
        "num_decoder_layers": 4,
        "max_length": 64,
        "norm_position": "pre",
        "norm_bias": False,
        "positions": "learned",
        "activation": "gelu",
        "feed_forward_bias": False,
        "scale_embeddings": False,
        "dropout": 0.0,
    },
    "character": {
        "architecture": "decoder-only",
        "vocab_size": 65,
        "d_model": 384,
        "d_ff": 1536,
        "num_heads": 6,
        "num_decoder_layers": 6,
        "max_length": 256,
        "norm_position": "pre",
        "norm_bias": False,
        "positions": "learned",
        "activation": "gelu",
        "feed_forward_bias": False,
        "scale_embeddings": False,
        "dropout": 0.2,
        "attention_dropout": 0.2,
    },
}
"""The settings of each preset, by its name; every one can be changed in `preset`."""


def preset(name: str, **changes: Any) -> TransformerConfig:
    """The configuration of that name.

    Args:
        name: one of `PRESETS`.
        changes: settings that differ, by name; most often the vocabulary's size and the ids of its special tokens.

    Raises:
        ConfigError: there is no such preset, or the changes do not fit it.
    """
    if name not in PRESETS:
        names = ", ".join(PRESETS)
        raise ConfigError(f"there is no preset {name!r}{nearest(name, list(PRESETS))}; there are {names}.")
    return TransformerConfig.from_mapping({**PRESETS[name], **changes}, where=f"preset {name!r}")
