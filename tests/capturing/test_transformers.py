"""Models of transformers: groups, windows, caps, sinks, caches, beams; randomly initialised, as theirs."""

import numpy as np
import pytest
import torch

import pellucid

transformers = pytest.importorskip("transformers")

IDS = torch.tensor([[5, 9, 13, 7, 11, 3], [8, 6, 10, 4, 0, 0]])
MASK = (IDS != 0).long()
SMALL = {
    "vocab_size": 19,
    "hidden_size": 24,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "num_hidden_layers": 2,
    "intermediate_size": 16,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


class Words:
    """A tokenizer with as much as naming needs."""

    def convert_ids_to_tokens(self, ids):
        return [f"Ġw{number}" for number in ids]


def model_of(name, **config):
    torch.manual_seed(0)
    configuration = getattr(transformers, f"{name.removesuffix('ForCausalLM')}Config")(**{**SMALL, **config})
    model = getattr(transformers, name)(configuration).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)
    return model


MODELS = {
    "llama": ("LlamaForCausalLM", {}),
    "llama-eager": ("LlamaForCausalLM", {"attn_implementation": "eager"}),
    "window": ("MistralForCausalLM", {"sliding_window": 3}),
    "cap": ("Gemma2ForCausalLM", {"sliding_window": 3, "attn_logit_softcapping": 2.0, "query_pre_attn_scalar": 8}),
    "sink": ("GptOssForCausalLM", {"num_local_experts": 2, "num_experts_per_tok": 1, "sliding_window": 3}),
}


def every(recording):
    assert recording.layers
    assert recording.unrecorded == []
    assert {layer.status for layer in recording.layers} == {"verified"}
    return recording.layers


@pytest.mark.parametrize("name", MODELS)
def test_a_padded_batch(name):
    model = model_of(MODELS[name][0], **MODELS[name][1])
    with torch.no_grad():
        expected = model(IDS, attention_mask=MASK, use_cache=False).logits
        with pellucid.capture(model, Words()) as recording:
            seen = model(IDS, attention_mask=MASK, use_cache=False).logits
    assert torch.equal(expected, seen)
    layers = every(recording)
    assert [layer.shape for layer in layers] == [(2, 6, 6, 6)] * 2
    assert layers[0].record.key.tensor.shape == (2, 2, 6, 8)  # not repeated for the six heads
    row = layers[1].head(5, sequence=1).row("w4")
    assert row["weights"].value[0, 4:].tolist() == [0, 0]
    assert row.tokens == {"query": ["w4"], "key": ["w8", "w6", "w10", "w4", "w0", "w0"]}


def test_weights_are_those_that_the_model_gives():
    model = model_of("LlamaForCausalLM", attn_implementation="eager")
    with torch.no_grad(), pellucid.capture(model) as recording:
        given = model(IDS, output_attentions=True).attentions
    for layer, weights in zip(recording.layers, given, strict=True):
        for head in range(6):
            np.testing.assert_allclose(layer.head(head).weights(), weights[0, head], atol=1e-6)


@pytest.mark.parametrize("cache", ["dynamic", "static"])
@pytest.mark.parametrize("name", ["llama", "window", "sink"])
def test_generation_with_a_cache(name, cache):
    model = model_of(MODELS[name][0], **MODELS[name][1])
    settings = {"max_new_tokens": 4, "do_sample": False, "cache_implementation": cache, "eos_token_id": None}
    settings |= {"disable_compile": True}
    prompt = IDS[:1]
    expected = model.generate(prompt, **settings)
    with pellucid.capture(model, Words()) as recording:
        seen = model.generate(prompt, **settings)
    assert torch.equal(expected, seen)
    every(recording)
    assert [len(recording.layers_of(number)) for number in range(len(recording.passes))] == [2] * 4
    assert [recording.layers_of(number)[0].shape[2] for number in range(4)] == [6, 1, 1, 1]


def test_tokens_of_a_step_are_those_of_the_whole_text():
    model = model_of("LlamaForCausalLM")
    with pellucid.capture(model, Words()) as recording:
        text = model.generate(IDS[:1], max_new_tokens=3, do_sample=False, eos_token_id=None)[0].tolist()
    (layer, _) = recording.layers_of(2)
    row = layer.head(0).row(0)
    assert row.tokens == {"query": [f"w{text[7]}"], "key": [f"w{number}" for number in text[:8]]}


def test_padding_on_the_left_is_marked_in_every_step():
    model = model_of("LlamaForCausalLM")
    ids = torch.stack([IDS[0], IDS[1].roll(2)])
    mask = ids.ne(0).long()
    with pellucid.capture(model, Words()) as recording:
        model.generate(ids, attention_mask=mask, max_new_tokens=3, do_sample=False, eos_token_id=None)
    (layer, _) = recording.layers_of(2)
    assert layer.marks[0] == (("",), ("",) * 8)
    assert layer.marks[1] == (("",), ("padding", "padding", *[""] * 6))
    assert recording.layers_of(0)[0].marks[1][0] == ("padding", "padding", "", "", "", "")
    assert [token.mark for token in recording.tokens[1]] == ["padding", "padding", *[""] * 6]


def test_beam_search():
    model = model_of("LlamaForCausalLM")
    settings = {"max_new_tokens": 4, "num_beams": 3, "do_sample": False, "eos_token_id": None}
    expected = model.generate(IDS, attention_mask=MASK, **settings)
    with pellucid.capture(model) as recording:
        seen = model.generate(IDS, attention_mask=MASK, **settings)
    assert torch.equal(expected, seen)
    assert {layer.shape[0] for layer in every(recording)} == {6}


@pytest.mark.parametrize("name", ["llama", "llama-eager"])
def test_bfloat16_and_autocast(name):
    model = model_of(MODELS[name][0], **MODELS[name][1])
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16), pellucid.capture(model) as recording:
        model(IDS)
    assert {layer.record.dtype for layer in every(recording)} == {torch.bfloat16}
    model = model.to(torch.bfloat16)
    with torch.no_grad(), pellucid.capture(model) as recording:
        model(IDS)
    every(recording)


def test_the_lookup_is_put_back():
    from transformers.modeling_utils import AttentionInterface

    before = dict(vars(AttentionInterface))
    model = model_of("LlamaForCausalLM")
    with pellucid.capture(model):
        assert vars(AttentionInterface)["get_interface"] is not before["get_interface"]
    assert dict(vars(AttentionInterface)) == before


@pytest.mark.parametrize(("name", "altered"), [("cap", {"changes": ()}), ("sink", {"sinks": None})])
def test_what_the_model_did_is_needed(name, altered):
    model = model_of(MODELS[name][0], **MODELS[name][1])
    with torch.no_grad(), pellucid.capture(model) as recording:
        model(IDS)
    from pellucid.capturing.verification import verify

    assert not verify(every(recording)[0].record.altered(**altered))
