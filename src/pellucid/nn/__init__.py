"""The Transformer in PyTorch: trains, translates and generates.

    from pellucid.nn import build, load_model, save_model
    from pellucid.transformer import preset

    model = build(preset("base", vocab_size=37000))          # "Attention Is All You Need", fresh weights
    logits = model(source, target, source_mask)              # (batch, n_target, vocabulary)
    memory = model.encode(source, source_mask)               # or in two steps, and token by token:
    cache = model.new_cache(batch_size=len(source))
    logits = model.decode(target[:, :1], memory, source_mask, cache)

    save_model(model, "tokenizer.json", "my-model")          # config.json, model.safetensors, tokenizer.json
    model = load_model("my-model")

`pellucid.nn.converters` reads and writes the checkpoints of Hugging Face transformers.

Reading order, from the inside out: `attend` (the arithmetic of attention), `attention`, `feed_forward`, `layers`,
`stacks`, `encoder_decoder`, `decoder_only`.
"""

from __future__ import annotations

try:
    import safetensors as _safetensors  # noqa: F401  (only to see that it is there)
    import torch as _torch  # noqa: F401  (likewise)
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
