"""From a configuration to a model."""

from __future__ import annotations

from pellucid.nn.decoder_only import DecoderOnly
from pellucid.nn.encoder_decoder import EncoderDecoder
from pellucid.nn.initialisation import initialise
from pellucid.transformer import TransformerConfig


def build(config: TransformerConfig) -> EncoderDecoder | DecoderOnly:
    """The model of a configuration, with fresh weights drawn from PyTorch's generator, in training mode."""
    model = EncoderDecoder(config) if config.is_encoder_decoder else DecoderOnly(config)
    initialise(model)
    return model
