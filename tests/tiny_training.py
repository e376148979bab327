"""A training that takes a second: two-letter-alphabet words, reversed."""

from typing import Any

from pellucid.training.read_recipe import convert_recipe
from pellucid.training.recipe import Recipe

TINY: dict[str, Any] = {
    "name": "tiny",
    "seed": 5,
    "data": {"kind": "synthetic", "task": "reverse", "letters": 3, "longest": 4, "train": 60, "valid": 12},
    "tokenizer": {"kind": "characters", "byte_fallback": False},
    "model": {
        "d_model": 12,
        "d_ff": 20,
        "num_heads": 2,
        "num_encoder_layers": 1,
        "num_decoder_layers": 1,
        "max_length": 8,
        "norm_position": "pre",
        "dropout": 0.1,
    },
    "training": {
        "steps": 12,
        "batch_tokens": 50,
        "checkpoint_every": 2,
        "log_every": 1,
        "ema_decay": 0.9,
        "average_last": 3,
        "snapshot_every": 3,
        "label_smoothing": 0.1,
        "tensorboard": False,
    },
    "optimizer": {"learning_rate": 0.01},
    "schedule": {"warmup": 3},
    "validation": {"every": 4},
}


def tiny(**changes: Any) -> Recipe:
    """The recipe with changes, such as training={"steps": 3}."""
    values = {
        section: {**value, **changes.get(section, {})} if isinstance(value, dict) else changes.get(section, value)
        for section, value in TINY.items()
    }
    return convert_recipe(values, "tiny")


def toml_of(values: dict[str, Any]) -> str:
    """A recipe's values as TOML."""
    plain = [f"{key} = {_spell(value)}" for key, value in values.items() if not isinstance(value, dict)]
    for section, inner in values.items():
        if isinstance(inner, dict):
            plain += [f"[{section}]", *(f"{key} = {_spell(value)}" for key, value in inner.items())]
    return "\n".join(plain) + "\n"


def _spell(value: Any) -> str:
    import json

    return json.dumps(value)
