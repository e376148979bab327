"""The whole Transformer on NumPy alone, every number of which can be opened; its configuration and its presets.

transformer = load("my-model")                           # config.json and model.safetensors
memory = transformer.encode(source)                      # of an encoder–decoder
logits = transformer.step([bos], cache, memory)          # with cache = transformer.new_cache()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.transformer.config import RotaryScaling, TransformerConfig
from pellucid.transformer.presets import PRESETS, preset

if TYPE_CHECKING:
    from pellucid.transformer.cache import KeyValueCache
    from pellucid.transformer.recording import Recording
    from pellucid.transformer.transformer import Transformer, load

__all__ = [
    "PRESETS",
    "KeyValueCache",
    "Recording",
    "RotaryScaling",
    "Transformer",
    "TransformerConfig",
    "load",
    "preset",
]

_LATER = {"KeyValueCache": "cache", "Recording": "recording", "Transformer": "transformer", "load": "transformer"}
"""What is loaded when it is asked for: a configuration needs none of the arithmetic."""


def __getattr__(name: str) -> Any:
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(f"pellucid.transformer.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
