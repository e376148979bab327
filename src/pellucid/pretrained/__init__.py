"""Models by name: how a name or a directory becomes a model with its tokenizers."""

from pellucid.pretrained.resolve import Pretrained, open_directory

__all__ = ["Pretrained", "open_directory"]
