"""Small random models whose probabilities are far from even, so that searches have something to choose."""

from typing import Any

import torch

from pellucid.nn import DecoderOnly, EncoderDecoder, build
from pellucid.transformer import TransformerConfig

SIZES: dict[str, Any] = {"d_model": 24, "d_ff": 40, "num_heads": 4, "max_length": 24, "dropout": 0.0}

PAPER: dict[str, Any] = {"architecture": "encoder-decoder", "num_encoder_layers": 2, "num_decoder_layers": 3}
MODERN: dict[str, Any] = {
    **PAPER,
    "norm_position": "pre",
    "norm": "rms_norm",
    "positions": "rotary",
    "activation": "swiglu",
    "attention_bias": True,
}
GPT2: dict[str, Any] = {
    "architecture": "decoder-only",
    "num_decoder_layers": 2,
    "norm_position": "pre",
    "positions": "learned",
    "activation": "gelu_tanh",
    "attention_bias": True,
    "scale_embeddings": False,
}
LLAMA: dict[str, Any] = {
    "architecture": "decoder-only",
    "num_decoder_layers": 2,
    "norm_position": "pre",
    "norm": "rms_norm",
    "positions": "rotary",
    "activation": "swiglu",
    "num_key_value_heads": 2,
    "feed_forward_bias": False,
    "scale_embeddings": False,
    "tie_embeddings": False,
}
BART: dict[str, Any] = {
    **PAPER,
    "positions": "learned",
    "embedding_norm": True,
    "activation": "gelu",
    "attention_bias": True,
    "output_bias": True,
    "scale_embeddings": False,
}
SEPARATE: dict[str, Any] = {**PAPER, "share_embeddings": False, "tie_embeddings": False, "source_vocab_size": 17}


def tiny(seed: int = 0, sharpness: float = 1.0, vocab_size: int = 29, **settings: Any) -> EncoderDecoder | DecoderOnly:
    """A model in evaluation mode with random weights, biases and norms too.

    Args:
        seed: of the weights.
        sharpness: factor of the final logits' spread.
        vocab_size: of the target.
        settings: of the configuration.
    """
    torch.manual_seed(seed)
    model = build(TransformerConfig(**{**SIZES, "vocab_size": vocab_size, **settings})).eval()
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.ndim == 1:
                parameter.add_(noise, alpha=0.3)
            elif "embedding" in name or name == "output_weight":
                parameter.copy_(noise * 0.5 * sharpness / parameter.shape[1] ** 0.25)
            else:
                parameter.copy_(noise * 2 / parameter.shape[1] ** 0.5)
    return model
