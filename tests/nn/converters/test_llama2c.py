"""stories260K, a real model: against transformers' Llama and against its published text."""

import re
import struct
from pathlib import Path

import pytest
import torch
import transformers

from pellucid.errors import WeightsError
from pellucid.nn.converters import from_llama2c, to_transformers

FOLDER = Path(__file__).parent / "stories260K"
"""Weights, tokenizer and licence, by karpathy/tinyllamas and karpathy/llama2.c (MIT)."""


def published() -> str:
    """What its publisher's program writes at temperature 0, 256 tokens."""
    page = (FOLDER / "UPSTREAM_stories260K.md").read_text(encoding="utf-8")
    return page.split("-t 0.0\n")[1].split("\n```")[0]


def vocabulary(path: Path) -> list[bytes]:
    """The pieces of a llama2.c tokenizer: after the longest length, a score, a length and that many bytes each."""
    content, pieces, at = path.read_bytes(), [], 4
    while at < len(content):
        _, size = struct.unpack_from("<fi", content, at)
        piece = content[at + 8 : at + 8 + size]
        byte = re.fullmatch(rb"<0x(..)>", piece)
        pieces.append(bytes.fromhex(byte[1].decode()) if byte else piece)
        at += 8 + size
    return pieces


@torch.no_grad()
def test_greedy_text_is_the_published_one():
    model = from_llama2c(FOLDER / "stories260K.bin")
    pieces = vocabulary(FOLDER / "tok512.bin")
    assert len(pieces) == model.config.vocab_size == 512
    cache = model.new_cache(1)
    ids, text = torch.tensor([[1]]), b""
    for _ in range(256):
        ids = model(ids, cache=cache)[:, -1:].argmax(-1)
        text += pieces[int(ids)]
    assert len(published()) > 500
    assert text.decode().strip().startswith(published())


@torch.no_grad()
def test_logits_are_those_of_transformers(tmp_path):
    model = from_llama2c(FOLDER / "stories260K.bin")
    assert (model.config.num_heads, model.config.num_key_value_heads) == (8, 4)
    assert to_transformers(model, tmp_path) == "LlamaForCausalLM"
    theirs = transformers.LlamaForCausalLM.from_pretrained(tmp_path).eval()
    ids = torch.randint(0, 512, (2, 40), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(model(ids), theirs(ids).logits, rtol=1e-4, atol=1e-4)


def tiny(tied: bool) -> tuple[bytes, dict[str, torch.Tensor]]:
    """A file of llama2.c with dim 8, hidden 6, 2 layers, 4 heads, 2 key/value heads, vocabulary 5, length 3."""
    generator = torch.Generator().manual_seed(1)
    shapes = {
        "embedding": (5, 8),
        "attention_norm": (2, 8),
        "query": (2, 8, 8),
        "key": (2, 4, 8),
        "value": (2, 4, 8),
        "output": (2, 8, 8),
        "feed_forward_norm": (2, 8),
        "gate": (2, 6, 8),
        "down": (2, 8, 6),
        "up": (2, 6, 8),
        "norm": (8,),
        "cosine": (3, 1),
        "sine": (3, 1),
    }
    if not tied:
        shapes["projection"] = (5, 8)
    tensors = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    header = struct.pack("<7i", 8, 6, 2, 4, 2, 5 if tied else -5, 3)
    return header + b"".join(tensor.numpy().tobytes() for tensor in tensors.values()), tensors


@pytest.mark.parametrize("tied", [True, False])
@torch.no_grad()
def test_every_block_comes_where_it_belongs(tmp_path, tied):
    content, tensors = tiny(tied)
    (tmp_path / "model.bin").write_bytes(content)
    model = from_llama2c(tmp_path / "model.bin")
    layer = model.decoder.layers[1]
    torch.testing.assert_close(layer.feed_forward.gate_up.weight, torch.cat((tensors["gate"][1], tensors["up"][1])))
    torch.testing.assert_close(layer.feed_forward.down.weight, tensors["down"][1])
    torch.testing.assert_close(layer.self_attention.output.weight, tensors["output"][1])
    torch.testing.assert_close(layer.self_attention.query_key_value.weight[12:], tensors["value"][1])
    torch.testing.assert_close(layer.self_attention_norm.weight, tensors["attention_norm"][1])
    torch.testing.assert_close(model.decoder.norm.weight, tensors["norm"])
    assert (model.output_weight is None) == tied
    if not tied:
        torch.testing.assert_close(model.output_weight, tensors["projection"])


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda content: content[:-3], "bytes, but a model of the sizes in its header has"),
        (lambda content: content + b"x", "bytes, but a model of the sizes in its header has"),
        (lambda content: content[:20], "too few for the header"),
        (lambda content: b"\0" * 40, "is no llama2.c model"),
        (lambda content: struct.pack("<7i", 8, 6, 2, 3, 2, 5, 3) + content[28:], "is no llama2.c model"),
    ],
)
def test_damaged_files_are_refused(tmp_path, damage, sentence):
    (tmp_path / "model.bin").write_bytes(damage(tiny(tied=True)[0]))
    with pytest.raises(WeightsError, match=sentence):
        from_llama2c(tmp_path / "model.bin")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(WeightsError, match="cannot be read"):
        from_llama2c(tmp_path / "model.bin")
