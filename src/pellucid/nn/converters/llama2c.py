"""Models of llama2.c, such as stories260K: one binary file of float32 numbers after a header of seven integers."""

from __future__ import annotations

import struct
from pathlib import Path

import torch

from pellucid.errors import WeightsError
from pellucid.nn.build import build_empty
from pellucid.nn.decoder_only import DecoderOnly
from pellucid.nn.tensors import Tensor
from pellucid.nn.weight_names import assign
from pellucid.transformer import TransformerConfig

_HEADER = struct.Struct("<7i")


def from_llama2c(path: str | Path) -> DecoderOnly:
    """Our model with the weights of a llama2.c file of version 0, in evaluation mode.

    Args:
        path: the `.bin` file. Its first integers are dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size
            (negative when the projection to the vocabulary is not tied) and seq_len.

    Raises:
        WeightsError: the file cannot be read, or its size is not what its header asks for.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}.") from None
    if len(content) < _HEADER.size:
        raise WeightsError(f"{path} has {len(content)} bytes, too few for the header of a llama2.c model.")
    d_model, d_ff, layers, heads, key_heads, vocabulary, length = _HEADER.unpack_from(content)
    if (
        min(d_model, d_ff, layers, heads, key_heads, abs(vocabulary), length) < 1
        or d_model % heads
        or heads % key_heads
    ):
        raise WeightsError(f"{path} is no llama2.c model: its header says {_HEADER.unpack_from(content)}.")
    config = TransformerConfig(
        architecture="decoder-only",
        vocab_size=abs(vocabulary),
        d_model=d_model,
        d_ff=d_ff,
        num_heads=heads,
        num_key_value_heads=key_heads,
        num_decoder_layers=layers,
        max_length=length,
        norm="rms_norm",
        norm_position="pre",
        positions="rotary",
        activation="swiglu",
        feed_forward_bias=False,
        tie_embeddings=vocabulary > 0,
        scale_embeddings=False,
        dropout=0.0,
        pad_id=0,
        bos_id=min(1, abs(vocabulary) - 1),
        eos_id=min(2, abs(vocabulary) - 1),
    )
    shapes = _shapes(config)
    needed = _HEADER.size + 4 * sum(torch.Size(shape).numel() for shape in shapes.values())
    if len(content) != needed:
        raise WeightsError(
            f"{path} has {len(content)} bytes, but a model of the sizes in its header has {needed}; fetch it again."
        )
    numbers = torch.frombuffer(bytearray(content), dtype=torch.float32, offset=_HEADER.size)
    tensors: dict[str, Tensor] = {}
    start = 0
    for name, shape in shapes.items():
        size = torch.Size(shape).numel()
        block = numbers[start : start + size].view(shape)
        start += size
        if name.startswith("freq"):
            continue
        if "*" not in name:
            tensors[name] = block
            continue
        if name.endswith((".query.weight", ".key.weight")):
            block = _halves(block, config.d_k)
        tensors |= {name.replace("*", str(index)): block[index] for index in range(layers)}
    model = build_empty(config)
    assert isinstance(model, DecoderOnly)
    assign(model, tensors, str(path))
    return model.eval()


def _shapes(config: TransformerConfig) -> dict[str, tuple[int, ...]]:
    """The blocks of the file in their order; a star stands for every layer."""
    n, width, inner = config.num_decoder_layers, config.d_model, config.d_ff
    key = config.num_key_value_heads * config.d_k
    layer = "decoder.layers.*."
    shapes: dict[str, tuple[int, ...]] = {
        "target_embedding": (config.vocab_size, width),
        layer + "self_attention_norm.weight": (n, width),
        layer + "self_attention.query.weight": (n, width, width),
        layer + "self_attention.key.weight": (n, key, width),
        layer + "self_attention.value.weight": (n, key, width),
        layer + "self_attention.output.weight": (n, width, width),
        layer + "feed_forward_norm.weight": (n, width),
        layer + "feed_forward.gate.weight": (n, inner, width),
        layer + "feed_forward.down.weight": (n, width, inner),
        layer + "feed_forward.up.weight": (n, inner, width),
        "decoder.norm.weight": (width,),
        "freq_cosine": (config.max_length, config.d_k // 2),
        "freq_sine": (config.max_length, config.d_k // 2),
    }
    if not config.tie_embeddings:
        shapes["output_weight"] = (config.vocab_size, width)
    return shapes


def _halves(block: Tensor, d_k: int) -> Tensor:
    """Its pairs of rotated features lie side by side, ours half a head apart."""
    layers, rows, width = block.shape
    return block.view(layers, rows // d_k, d_k // 2, 2, width).transpose(2, 3).reshape(layers, rows, width)
