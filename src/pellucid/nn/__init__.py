"""The Transformer in PyTorch: trains, translates and generates."""

from __future__ import annotations

try:
    import safetensors as _safetensors  # noqa: F401
    import torch as _torch  # noqa: F401
except ImportError:
    from pellucid.errors import MissingExtraError

    raise MissingExtraError("PyTorch with safetensors", "torch", "train and run Transformers") from None

from pellucid.nn.build import build
from pellucid.nn.cache import KeyValueCache
from pellucid.nn.decoder_only import DecoderOnly
from pellucid.nn.encoder_decoder import EncoderDecoder
from pellucid.nn.model import Model
from pellucid.nn.precision import Precision, choose_precision
from pellucid.nn.weights import load_model, save_model

__all__ = [
    "DecoderOnly",
    "EncoderDecoder",
    "KeyValueCache",
    "Model",
    "Precision",
    "build",
    "choose_precision",
    "load_model",
    "save_model",
]
