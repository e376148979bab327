"""Models by name: how a name or a directory becomes a model with its tokenizers, in PyTorch or on NumPy alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.pretrained.names import model_directory, shipped_models
from pellucid.pretrained.opened import Opened, open_transformer

if TYPE_CHECKING:
    from pellucid.pretrained.resolve import Pretrained, open_directory, open_model

__all__ = [
    "Opened",
    "Pretrained",
    "model_directory",
    "open_directory",
    "open_model",
    "open_transformer",
    "shipped_models",
]


def __getattr__(name: str) -> Any:
    if name in ("Pretrained", "open_directory", "open_model"):  # these load PyTorch
        from pellucid.pretrained import resolve

        return getattr(resolve, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
