"""Models by name: how a name or a directory becomes a model with its tokenizers, in PyTorch or on NumPy alone."""

from pellucid.pretrained.names import find_model, model_directory
from pellucid.pretrained.resolve import Pretrained, open_directory, open_model

__all__ = ["Pretrained", "find_model", "model_directory", "open_directory", "open_model"]
