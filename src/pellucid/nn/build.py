"""From a configuration to a model."""

from __future__ import annotations

from pellucid.nn.decoder_only import DecoderOnly
from pellucid.nn.encoder_decoder import EncoderDecoder
from pellucid.nn.initialisation import initialise
from pellucid.transformer import TransformerConfig


def build(config: TransformerConfig) -> EncoderDecoder | DecoderOnly:
    """The model of a configuration, with fresh weights drawn from PyTorch's generator, in training mode."""
    model = build_empty(config)
    initialise(model)
    return model


def build_empty(config: TransformerConfig) -> EncoderDecoder | DecoderOnly:
    """The same with weights that mean nothing, for those that are read from a file."""
    return EncoderDecoder(config) if config.is_encoder_decoder else DecoderOnly(config)
