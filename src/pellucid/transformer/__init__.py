"""What a Transformer is made of: its configuration, its presets. Needs no PyTorch."""

from pellucid.transformer.config import RotaryScaling, TransformerConfig
from pellucid.transformer.presets import PRESETS, preset

__all__ = ["PRESETS", "RotaryScaling", "TransformerConfig", "preset"]
