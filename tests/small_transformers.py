"""Transformers on NumPy with random weights, for whole passes."""

from collections.abc import Sequence

import numpy as np

from pellucid.derivation import Derivation
from pellucid.transformer import Transformer, TransformerConfig
from pellucid.transformer.weight_shapes import weight_shapes

_SIZES = {"architecture": "decoder-only", "vocab_size": 7, "d_model": 6, "d_ff": 5, "num_heads": 3, "max_length": 8}
OPTIONS = {
    "gelu": {"activation": "gelu", "positions": "learned", "attention_bias": True, "embedding_norm": True},
    "gelu_tanh": {
        "activation": "gelu_tanh",
        "norm_position": "pre",
        "final_norm": True,
        "num_decoder_layers": 2,
        "tie_embeddings": False,
        "output_bias": True,
    },
    "swiglu": {"activation": "swiglu", "norm": "rms_norm", "positions": "rotary", "num_key_value_heads": 1},
}
"""Configurations that have between them what the models by hand have not."""


def small_pass(name: str, words: Sequence[str] = tuple("abcdefg"), ids: Sequence[int] = (1, 5, 2)) -> Derivation:
    """The pass for the next token of a language model with one of the options."""
    config = TransformerConfig.from_mapping({**_SIZES, "num_decoder_layers": 1, **OPTIONS[name]})
    random = np.random.default_rng(3)
    arrays = {key: random.normal(size=shape) for key, shape in weight_shapes(config).items()}
    return Transformer(config, arrays).derive(
        ids, labels=[words[k] for k in ids], vocabulary=words, chooses=True, title=name
    )
