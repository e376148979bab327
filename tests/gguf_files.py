"""Small GGUF files, written by the library of llama.cpp: models of the Llama kind with byte-level tokenizers."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf.quants import quantize
from tokenizers.pre_tokenizers import ByteLevel

D_MODEL, D_FF, HEADS, KEY_HEADS, LAYERS = 96, 64, 6, 2, 2
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
MERGES = ("h e", "l l", "he ll", "Ġ w", "1 2")
TOKENS = (*SPECIAL, *sorted(ByteLevel.alphabet()), *(merge.replace(" ", "") for merge in MERGES))
TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nBe brief.<|im_end|>\n' }}{% endif %}"
    "{% for m in messages %}{{'<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def tensors() -> dict[str, np.ndarray]:
    """Random weights by llama.cpp's names."""
    random = np.random.default_rng(5)
    d_k = D_MODEL // HEADS
    shapes = {
        "attn_q": (D_MODEL, D_MODEL),
        "attn_k": (KEY_HEADS * d_k, D_MODEL),
        "attn_v": (KEY_HEADS * d_k, D_MODEL),
        "attn_output": (D_MODEL, D_MODEL),
        "ffn_gate": (D_FF, D_MODEL),
        "ffn_up": (D_FF, D_MODEL),
        "ffn_down": (D_MODEL, D_FF),
        "attn_norm": (D_MODEL,),
        "ffn_norm": (D_MODEL,),
    }
    named = {f"blk.{layer}.{name}.weight": shape for layer in range(LAYERS) for name, shape in shapes.items()}
    named |= {"token_embd.weight": (len(TOKENS), D_MODEL), "output_norm.weight": (D_MODEL,)}
    return {
        name: (random.normal(size=shape) / (1 if len(shape) == 1 else shape[1] ** 0.5)).astype(np.float32)
        for name, shape in named.items()
    }


def write_gguf(
    path: Path, storage: str = "Q4_1", metadata: dict[str, Any] | None = None, **changes: np.ndarray | None
) -> Path:
    """Writes a file.

    Args:
        path: of the file.
        storage: of matrices; vectors are in float32.
        metadata: replaces what the file says; `None` leaves a key out.
        changes: tensors that are replaced or added, `None` for one that is left out; `.` is written `__`.
    """
    said: dict[str, Any] = {
        "llama.context_length": 40,
        "llama.embedding_length": D_MODEL,
        "llama.block_count": LAYERS,
        "llama.feed_forward_length": D_FF,
        "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": KEY_HEADS,
        "llama.attention.layer_norm_rms_epsilon": 0.001,
        "llama.rope.freq_base": 5000.0,
        "llama.rope.dimension_count": D_MODEL // HEADS,
        "llama.vocab_size": len(TOKENS),
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.tokens": list(TOKENS),
        "tokenizer.ggml.token_type": [3] * len(SPECIAL) + [1] * (len(TOKENS) - len(SPECIAL)),
        "tokenizer.ggml.merges": list(MERGES),
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": TEMPLATE,
        **(metadata or {}),
    }
    writer = gguf.GGUFWriter(path, said.pop("general.architecture", "llama"))
    adds = {bool: "add_bool", int: "add_uint32", float: "add_float32", str: "add_string", list: "add_array"}
    for key, value in said.items():
        if value is not None:
            getattr(writer, adds[type(value)])(key, value)
    kind = gguf.GGMLQuantizationType[storage]
    for name, tensor in {**tensors(), **{key.replace("__", "."): value for key, value in changes.items()}}.items():
        if tensor is None:
            continue
        if tensor.ndim == 1:
            writer.add_tensor(name, tensor)
        else:
            writer.add_tensor(name, quantize(tensor, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
