"""Small models of all-different sizes for tests."""

import torch

from pellucid.nn import build
from pellucid.transformer import TransformerConfig

BOTH = {
    "architecture": "encoder-decoder",
    "vocab_size": 23,
    "d_model": 24,
    "d_ff": 20,
    "num_heads": 6,
    "num_encoder_layers": 2,
    "num_decoder_layers": 3,
    "max_length": 17,
    "dropout": 0.0,
}
ONE = {**BOTH, "architecture": "decoder-only", "num_encoder_layers": 0}

VARIANTS = {
    "paper": {},
    "pre-norm": {"norm_position": "pre", "positions": "learned", "activation": "gelu"},
    "rms": {"norm": "rms_norm", "norm_position": "pre", "positions": "rotary", "activation": "swiglu"},
    "grouped": {"num_key_value_heads": 2, "attention_bias": True, "output_bias": True, "tie_embeddings": False},
    "one key": {"num_key_value_heads": 1, "positions": "rotary", "d_k": 10, "feed_forward_bias": False},
    "embedding norm": {"embedding_norm": True, "activation": "silu", "norm_bias": False, "scale_embeddings": False},
    "halves": {"sinusoidal_layout": "halves", "activation": "gelu_tanh", "final_norm": True},
    "post rms": {"norm": "rms_norm", "final_norm": True, "embedding_norm": True, "activation": "swiglu"},
}


def make(base=BOTH, seed=3, **changes):
    """A model in evaluation mode in which every weight matters: no bias is 0, no norm's weight 1."""
    torch.manual_seed(seed)
    model = build(TransformerConfig.from_mapping({**base, **changes})).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.add_(torch.randn_like(parameter) * 0.3)
            else:
                parameter.mul_(1.5)
    return model


def tokens(*shape, seed=4, vocab_size=23):
    return torch.randint(0, vocab_size, shape, generator=torch.Generator().manual_seed(seed))
