"""CTranslate2 writes what we write."""

import ctranslate2
import pytest
import torch

from pellucid.decoding import beam_search, greedy
from pellucid.decoding.ctranslate2 import FastTranslator, export_ctranslate2
from pellucid.errors import InputError, OutputError
from pellucid.transformer.config import RotaryScaling
from tiny_models import BART, GPT2, LLAMA, MODERN, PAPER, SEPARATE, tiny

SOURCES = [[5, 9, 3, 2], [7, 2], [11, 4, 6, 8, 13, 2], [3, 3, 3, 2]]
PAIRS = {
    "paper": PAPER,
    "modern": MODERN,
    "bart": BART,
    "separate": SEPARATE,
    "wide heads": {**PAPER, "d_k": 10},
    "no biases, final norm": {**PAPER, "norm_bias": False, "final_norm": True, "feed_forward_bias": False},
    "tanh": {**PAPER, "activation": "gelu_tanh", "norm_position": "pre", "sinusoidal_layout": "halves"},
    "silu": {**PAPER, "activation": "silu", "norm_eps": 1e-2, "final_norm": False, "norm_position": "pre"},
}
LANGUAGE = {"gpt2": GPT2, "llama": LLAMA, "one key head": {**LLAMA, "num_key_value_heads": 1}}


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize("num_beams", [1, 4])
def test_translations_are_ours(kind, num_beams, tmp_path):
    """Ids and log probabilities; random weights leave no ties."""
    model = tiny(seed=4, **PAIRS[kind])
    export_ctranslate2(model, tmp_path / "fast")
    engine = FastTranslator(tmp_path / "fast", eos_id=2, threads=1)
    found = engine.translate(SOURCES, max_length=12, num_beams=num_beams)
    if num_beams == 1:
        expected = [[each] for each in greedy(model, SOURCES, max_length=12)]
    else:
        expected = beam_search(model, SOURCES, max_length=12, num_beams=num_beams)
    for theirs, ours in zip(found, expected, strict=True):
        assert [each.ids for each in theirs] == [each.ids for each in ours]
        assert [each.ending for each in theirs] == [each.ending for each in ours]
        assert [each.log_probability for each in theirs] == pytest.approx(
            [each.log_probability for each in ours], abs=2e-4
        )
        if num_beams > 1:
            assert [each.score for each in theirs] == pytest.approx([each.score for each in ours], abs=2e-4)


@pytest.mark.parametrize("alpha", [0.0, 0.6])
def test_both_end_at_the_same_step(alpha, tmp_path):
    """Sequences of many lengths: the best is often finished before or after others."""
    model = tiny(seed=1, **MODERN, output_bias=True)
    with torch.no_grad():
        model.output_bias[2] += 1.0
    export_ctranslate2(model, tmp_path / "fast")
    sources = [[3 + (a * b + c) % 26 for c in range(1 + a)] + [2] for a in range(8) for b in range(5)]
    settings = {"max_length": 14, "num_beams": 3, "length_penalty": alpha}
    theirs = FastTranslator(tmp_path / "fast", eos_id=2, threads=1).translate(sources, **settings)
    ours = beam_search(model, sources, **settings)
    assert [best.ids for (best,) in theirs] == [best.ids for (best,) in ours]
    assert len({len(best.ids) for (best,) in ours}) > 3


@pytest.mark.parametrize("kind", LANGUAGE)
def test_generated_texts_are_ours(kind, tmp_path):
    model = tiny(seed=4, **LANGUAGE[kind])
    prompts = [[1, 6, 3], [1], [1, 4, 5, 8]]
    export_ctranslate2(model, tmp_path / "fast")
    engine = ctranslate2.Generator(str(tmp_path / "fast"), intra_threads=1)
    # One at a time: of prompts of different lengths CTranslate2 gives back what is beyond the shortest.
    found = [
        engine.generate_batch(
            [[f"<{token}>" for token in prompt]], max_length=12, sampling_topk=1, include_prompt_in_result=False
        )[0]
        for prompt in prompts
    ]
    expected = greedy(model, prompts=prompts, max_length=12)
    assert [tuple(result.sequences_ids[0]) for result in found] == [each.ids for each in expected]


def test_rows_of_8_bits(tmp_path):
    """Each row as whole numbers of at most 127 times a scale: computed in full, it is a model of rounded weights."""
    model = tiny(seed=5, **PAPER)
    export_ctranslate2(model, tmp_path / "full")
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    export_ctranslate2(model, tmp_path / "small", quantization="int8")
    assert all(torch.equal(weight, before[name]) for name, weight in model.named_parameters())
    sizes = [(tmp_path / name / "model.bin").stat().st_size for name in ("full", "small")]
    assert sizes[1] < 0.5 * sizes[0]
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 2 and "positions" not in name:
                scale = 127 / weight.abs().amax(dim=1, keepdim=True)
                weight.copy_((weight * scale).round() / scale)
    small = FastTranslator(tmp_path / "small", eos_id=2, threads=1, compute_type="float32")
    found = [best for (best,) in small.translate(SOURCES, max_length=8, num_beams=1)]
    expected = greedy(model, SOURCES, max_length=8)
    assert [each.ids for each in found] == [each.ids for each in expected]
    assert [each.log_probability for each in found] == pytest.approx(
        [each.log_probability for each in expected], abs=2e-4
    )


def test_the_vocabulary_is_spelt(tmp_path):
    model = tiny(**PAPER)
    tokens = ["<pad>", "<bos>", "<eos>", "<unk>", *"abcdefghij"]
    export_ctranslate2(model, tmp_path / "fast", tokens=tokens)
    engine = ctranslate2.Translator(str(tmp_path / "fast"), intra_threads=1)
    [result] = engine.translate_batch([["c", "g", "<unk>", "<eos>"]], beam_size=1, max_decoding_length=6)
    ours = greedy(model, [[6, 10, 3, 2]], max_length=6, min_length=1)[0]  # 1 is what CTranslate2 does by itself
    spelled = tokens + [f"<{index}>" for index in range(len(tokens), 29)]
    assert result.hypotheses[0] == [spelled[token] for token in ours.ids]


def test_what_it_cannot_say_is_said(tmp_path):
    with pytest.raises(InputError, match="cross-attention with 2 key/value heads"):
        export_ctranslate2(tiny(**PAPER, num_key_value_heads=2), tmp_path / "fast")
    scaling = RotaryScaling(kind="linear", factor=2.0)
    with pytest.raises(InputError, match="scaling of rotary positions"):
        export_ctranslate2(tiny(**LLAMA, rotary_scaling=scaling), tmp_path / "fast")
    with pytest.raises(InputError, match="float32 or int8"):
        export_ctranslate2(tiny(**PAPER), tmp_path / "fast", quantization="int3")
    with pytest.raises(InputError, match="spelled 'a'"):
        export_ctranslate2(tiny(**PAPER), tmp_path / "fast", tokens=["a", "b", "c", "a"])
    with pytest.raises(InputError, match="has 30 entries"):
        export_ctranslate2(tiny(**PAPER), tmp_path / "fast", tokens=[str(i) for i in range(30)])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_replaced_only_by_its_like(tmp_path):
    target = tmp_path / "fast"
    export_ctranslate2(tiny(seed=1, **PAPER), target)
    before = (target / "model.bin").read_bytes()
    export_ctranslate2(tiny(seed=2, **PAPER), target)
    assert (target / "model.bin").read_bytes() != before
    assert [path.name for path in tmp_path.iterdir()] == ["fast"]
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years")
    with pytest.raises(OutputError, match="no CTranslate2 model"):
        export_ctranslate2(tiny(**PAPER), mine)
    assert (mine / "thesis.txt").read_text() == "years"


def test_a_failed_export_leaves_the_old_one(tmp_path, monkeypatch):
    target = tmp_path / "fast"
    export_ctranslate2(tiny(seed=1, **PAPER), target)
    before = (target / "model.bin").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        export_ctranslate2(tiny(seed=2, **PAPER), target)
    assert (target / "model.bin").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["fast"]


def test_a_folder_that_is_no_export(tmp_path):
    with pytest.raises(InputError, match="cannot be opened by CTranslate2"):
        FastTranslator(tmp_path, eos_id=2)


def test_half_precision_models_are_exported_in_full(tmp_path):
    model = tiny(seed=4, **PAPER).to(torch.bfloat16)
    export_ctranslate2(model, tmp_path / "fast")
    again = FastTranslator(tmp_path / "fast", eos_id=2, threads=1)
    expected = greedy(model.float(), SOURCES, max_length=8)
    assert [best.ids for (best,) in again.translate(SOURCES, max_length=8, num_beams=1)] == [
        each.ids for each in expected
    ]
