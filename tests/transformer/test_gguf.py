"""GGUF files: every stored type against the library of llama.cpp, whole models against transformers."""

import gguf
import numpy as np
import pytest
import torch
from gguf.quants import dequantize
from transformers import AutoModelForCausalLM

from gguf_files import D_MODEL, TOKENS, tensors, write_gguf
from pellucid.errors import ConfigError, InputError, WeightsError
from pellucid.nn import load_model
from pellucid.transformer import load
from pellucid.transformer.gguf_file import read_gguf

STORAGES = ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1")
IDS = [1, 40, 7, 7, 260, 3]


@pytest.mark.parametrize("storage", STORAGES)
def test_every_number_is_the_one_that_its_block_stands_for(tmp_path, storage):
    path = write_gguf(tmp_path / "m.gguf", storage)
    ours = read_gguf(path)
    theirs = gguf.GGUFReader(path).tensors
    assert {tensor.name for tensor in theirs} == ours.entries.keys()
    for tensor in theirs:
        expected = dequantize(tensor.data, tensor.tensor_type)
        np.testing.assert_array_equal(ours.tensor(tensor.name), expected, strict=True)


@torch.no_grad()
@pytest.mark.parametrize("tied", [True, False])
def test_logits_are_those_of_transformers(tmp_path, tied):
    """The same file, read there; d_k, heads, groups, ε and the rotary base are none of the defaults."""
    extra = {} if tied else {"output__weight": tensors()["token_embd.weight"][::-1].copy()}
    path = write_gguf(tmp_path / "m.gguf", "Q4_1", **extra)
    model = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="m.gguf", dtype=torch.float32).eval()
    expected = model(torch.tensor([IDS])).logits[0].numpy()
    ours = load(path)
    assert ours.config.tie_embeddings is tied
    np.testing.assert_allclose(ours.logits(IDS), expected, rtol=0, atol=2e-5 * np.abs(expected).max())
    np.testing.assert_allclose(load(path, "float64").logits(IDS), expected, rtol=0, atol=2e-5 * np.abs(expected).max())
    in_torch = load_model(path)(torch.tensor([IDS]))[0].numpy()
    np.testing.assert_allclose(in_torch, expected, rtol=0, atol=2e-5 * np.abs(expected).max())


def test_the_configuration(tmp_path):
    config = load(write_gguf(tmp_path / "m.gguf", metadata={"tokenizer.ggml.padding_token_id": 0})).config
    assert (config.num_heads, config.num_key_value_heads, config.d_k, config.max_length) == (6, 2, 16, 40)
    assert (config.norm_eps, config.rotary_base) == (0.001, 5000.0)
    assert (config.pad_id, config.bos_id, config.eos_id) == (0, 1, 2)
    scaled = {"llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4.0}
    assert load(write_gguf(tmp_path / "s.gguf", metadata=scaled)).config.rotary_scaling.factor == 4.0


def test_a_file_that_is_cut_anywhere_is_damaged(tmp_path):
    content = write_gguf(tmp_path / "m.gguf").read_bytes()
    cut = tmp_path / "cut.gguf"
    for size in [*range(0, 64, 7), *range(64, len(content), len(content) // 50), len(content) - 1]:
        cut.write_bytes(content[:size])
        with pytest.raises(WeightsError, match=rf"cut\.gguf \({size} bytes\) is damaged, cut short or no GGUF file"):
            read_gguf(cut)


def test_whatever_a_byte_is_changed_to_ends_with_a_sentence_or_a_model(tmp_path):
    content = write_gguf(tmp_path / "m.gguf").read_bytes()
    random = np.random.default_rng(2)
    bad = tmp_path / "bad.gguf"
    ends = set()
    for _ in range(200):
        changed = bytearray(content)
        changed[random.integers(0, 9000)] = random.integers(0, 256)
        bad.write_bytes(changed)
        try:
            load(bad)
            ends.add("model")
        except InputError as error:
            ends.add(type(error).__name__)
    assert {"model", "WeightsError"} <= ends


@pytest.mark.parametrize(
    ("metadata", "changes", "error", "part"),
    [
        ({"general.architecture": "qwen2"}, {}, ConfigError, "architecture 'qwen2'; 'llama' is read"),
        ({"llama.block_count": None}, {}, ConfigError, "has no llama.block_count; a Llama in GGUF has one of type int"),
        ({"llama.block_count": "2"}, {}, ConfigError, "has '2' as llama.block_count"),
        ({"llama.block_count": 3}, {}, WeightsError, "lacks blk.2.attn_k.weight, blk.2.attn_norm.weight,"),
        ({"llama.block_count": 1}, {}, WeightsError, "has, beside those that a Llama has, blk.1."),
        ({"llama.rope.dimension_count": 8}, {}, ConfigError, "turns 8 of 16 features"),
        ({"llama.rope.scaling.type": "yarn"}, {}, ConfigError, "the scaling 'yarn'"),
        (
            {"llama.attention.head_count": 4, "llama.attention.head_count_kv": 3, "llama.rope.dimension_count": 24},
            {},
            ConfigError,
            "4 query heads cannot be divided among 3",
        ),
        ({"llama.feed_forward_length": 32}, {}, WeightsError, r"blk.0.ffn_gate.weight has the shape \(64, 96\)"),
        ({}, {"rope_freqs__weight": np.ones(8, np.float32)}, ConfigError, "frequencies of its own"),
        ({}, {"blk__0__attn_q__bias": np.ones(D_MODEL, np.float32)}, WeightsError, "has, beside .* blk.0.attn_q.bias"),
        ({}, {"output_norm__weight": np.full(D_MODEL, np.inf, np.float32)}, WeightsError, "output_norm.* not finite"),
        ({}, {"token_embd__weight": None}, ConfigError, "no token_embd.weight"),
    ],
)
def test_what_is_no_llama_is_one_sentence(tmp_path, metadata, changes, error, part):
    path = write_gguf(tmp_path / "m.gguf", metadata=metadata, **changes)
    with pytest.raises(error, match=part) as found:
        load(path)
    assert "\n" not in str(found.value)


def test_a_type_that_is_not_read_is_named(tmp_path):
    with pytest.raises(WeightsError, match="stored as type 6 of ggml; the types that are read are F32, F16, Q4_0"):
        load(write_gguf(tmp_path / "m.gguf", "Q5_0"))


def test_there_are_as_many_tokens_as_rows(tmp_path):
    assert load(write_gguf(tmp_path / "m.gguf")).config.vocab_size == len(TOKENS)
