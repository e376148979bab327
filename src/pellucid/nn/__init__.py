"""The Transformer in PyTorch: trains, translates and generates."""

from __future__ import annotations

try:
    import torch as _  # noqa: F401
except ImportError:
    from pellucid.errors import MissingExtraError

    raise MissingExtraError("PyTorch", "torch", "train and run Transformers") from None

from pellucid.nn.build import build
from pellucid.nn.cache import KeyValueCache
from pellucid.nn.decoder_only import DecoderOnly
from pellucid.nn.encoder_decoder import EncoderDecoder
from pellucid.nn.model import Model
from pellucid.nn.precision import Precision, choose_precision

__all__ = ["DecoderOnly", "EncoderDecoder", "KeyValueCache", "Model", "Precision", "build", "choose_precision"]
