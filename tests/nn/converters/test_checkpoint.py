"""Logits equal those of transformers with the same random weights, read and written."""

import json

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from pellucid.errors import ConfigError, OutputError, WeightsError
from pellucid.nn import build, load_model
from pellucid.nn.converters import from_transformers, to_transformers
from pellucid.transformer import TransformerConfig

GPT2 = {
    "vocab_size": 19,
    "n_positions": 23,
    "n_embd": 12,
    "n_layer": 2,
    "n_head": 3,
    "n_inner": 20,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
LLAMA = {
    "vocab_size": 19,
    "hidden_size": 24,
    "intermediate_size": 20,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "num_key_value_heads": 3,
    "max_position_embeddings": 1500,
}
LONG = {
    "rope_type": "llama3",
    "rope_theta": 500.0,
    "factor": 4.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 3.0,
    "original_max_position_embeddings": 16,
}
BART = {
    "vocab_size": 19,
    "d_model": 12,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 3,
    "decoder_attention_heads": 3,
    "encoder_ffn_dim": 20,
    "decoder_ffn_dim": 20,
    "max_position_embeddings": 23,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 3,
    "forced_eos_token_id": None,
}

CASES = {
    "gpt2": ("GPT2", GPT2),
    "gpt2-untied": ("GPT2", {**GPT2, "tie_word_embeddings": False, "activation_function": "relu", "n_inner": None}),
    "gpt2-eps": ("GPT2", {**GPT2, "layer_norm_epsilon": 0.1}),
    "llama": ("Llama", LLAMA),
    "llama-tied": ("Llama", {**LLAMA, "tie_word_embeddings": True, "num_key_value_heads": 6, "rms_norm_eps": 0.1}),
    "llama-biases": ("Llama", {**LLAMA, "attention_bias": True, "mlp_bias": True, "head_dim": 10}),
    "llama-3": ("Llama", {**LLAMA, "rope_parameters": LONG}),
    "llama-linear": (
        "Llama",
        {**LLAMA, "rope_parameters": {"rope_type": "linear", "rope_theta": 70.0, "factor": 2.5}},
    ),
    "bart": ("Bart", BART),
    "bart-scaled": ("Bart", {**BART, "scale_embedding": True, "activation_function": "relu"}),
    "bart-untied": ("Bart", {**BART, "tie_word_embeddings": False}),
    "marian": ("Marian", {**BART, "scale_embedding": True, "activation_function": "swish"}),
    "marian-two-vocabularies": (
        "Marian",
        {**BART, "share_encoder_decoder_embeddings": False, "vocab_size": 17, "decoder_vocab_size": 19},
    ),
    "pegasus": ("Pegasus", {**BART, "scale_embedding": True}),
}
CLASSES = {
    "GPT2": transformers.GPT2LMHeadModel,
    "Llama": transformers.LlamaForCausalLM,
    "Bart": transformers.BartForConditionalGeneration,
    "Marian": transformers.MarianMTModel,
    "Pegasus": transformers.PegasusForConditionalGeneration,
}


def their_model(name):
    kind, settings = CASES[name]
    torch.manual_seed(5)
    model = CLASSES[kind](getattr(transformers, f"{kind}Config")(**settings))
    with torch.no_grad():  # every weight matters: no bias of zero, no norm of one
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.copy_(torch.randn_like(parameter) * 0.4 + (0.3 if parameter.ndim == 1 else 0.0))
        if hasattr(model, "final_logits_bias"):
            model.final_logits_bias.normal_()
    return model.eval()


def both_logits(ours, theirs):
    """On the same random tokens; a source has padding at its end."""
    torch.manual_seed(6)
    if not ours.config.is_encoder_decoder:
        ids = torch.randint(0, 17, (2, 9))
        return ours(ids), theirs(ids).logits
    source, target = torch.randint(0, 17, (2, 7)), torch.randint(0, 17, (2, 5))
    mask = torch.ones(2, 7, dtype=torch.bool)
    mask[1, 4:] = False
    logits = theirs(input_ids=source, attention_mask=mask.long(), decoder_input_ids=target).logits
    return ours(source, target, mask), logits


def assert_equal_logits(ours, theirs):
    mine, other = both_logits(ours, theirs)
    assert mine.shape == other.shape
    assert other.std() > 0.1
    torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", CASES)
@torch.no_grad()
def test_a_checkpoint_read_gives_the_logits_of_transformers(tmp_path, name):
    theirs = their_model(name)
    theirs.save_pretrained(tmp_path)
    assert_equal_logits(from_transformers(tmp_path), theirs)


@pytest.mark.parametrize("name", CASES)
@torch.no_grad()
def test_a_checkpoint_read_and_written_is_read_by_transformers(tmp_path, name):
    theirs = their_model(name)
    theirs.save_pretrained(tmp_path / "theirs")
    ours = from_transformers(tmp_path / "theirs")
    assert to_transformers(ours, tmp_path / "again") == type(theirs).__name__
    again, report = type(theirs).from_pretrained(tmp_path / "again", output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    assert not report["mismatched_keys"]
    assert_equal_logits(ours, again.eval())
    kept = ["pad_token_id", "eos_token_id"] + ([] if ours.config.is_encoder_decoder else ["bos_token_id"])
    for setting in kept:
        if getattr(theirs.config, setting) is not None:
            assert getattr(again.config, setting) == getattr(theirs.config, setting)
    if ours.config.is_encoder_decoder:
        assert again.config.decoder_start_token_id == 3


def ours(**changes):
    settings = {
        "architecture": "encoder-decoder",
        "vocab_size": 19,
        "d_model": 12,
        "d_ff": 20,
        "num_heads": 6,
        "num_encoder_layers": 2,
        "num_decoder_layers": 3,
        "max_length": 23,
        "bos_id": 1,
    }
    if changes.get("architecture") == "decoder-only":
        settings["num_encoder_layers"] = 0
    return TransformerConfig.from_mapping({**settings, **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "MarianMTModel"),
        ({"sinusoidal_layout": "halves", "attention_bias": True, "output_bias": True}, "MarianMTModel"),
        ({"num_key_value_heads": 2, "tie_embeddings": False}, "MarianMTModel"),
        ({"share_embeddings": False, "source_vocab_size": 17}, "MarianMTModel"),
        ({"norm_position": "pre", "feed_forward_bias": False, "norm_bias": False}, "PegasusForConditionalGeneration"),
        ({"norm_position": "pre", "attention_bias": True, "output_bias": True}, "PegasusForConditionalGeneration"),
        ({"positions": "learned", "embedding_norm": True, "activation": "gelu"}, "BartForConditionalGeneration"),
        (
            {
                "architecture": "decoder-only",
                "norm_position": "pre",
                "positions": "learned",
                "activation": "gelu",
                "scale_embeddings": False,
                "norm_bias": False,
                "feed_forward_bias": False,
                "num_key_value_heads": 2,
            },
            "GPT2LMHeadModel",
        ),
        (
            {
                "architecture": "decoder-only",
                "norm": "rms_norm",
                "norm_position": "pre",
                "positions": "rotary",
                "activation": "swiglu",
                "scale_embeddings": False,
                "feed_forward_bias": False,
                "num_key_value_heads": 2,
            },
            "LlamaForCausalLM",
        ),
    ],
)
@torch.no_grad()
def test_a_model_of_ours_written_is_read_by_transformers(tmp_path, changes, expected):
    torch.manual_seed(7)
    model = build(ours(**changes)).eval()
    for parameter in model.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.3)
    assert to_transformers(model, tmp_path) == expected
    theirs = getattr(transformers, expected).from_pretrained(tmp_path).eval()
    assert_equal_logits(model, theirs)
    again = from_transformers(tmp_path)
    torch.testing.assert_close(both_logits(again, theirs)[0], both_logits(model, theirs)[0], rtol=1e-4, atol=1e-4)


def test_a_model_that_no_class_computes_is_refused_with_what_differs(tmp_path):
    model = build(ours(norm="rms_norm", activation="swiglu"))
    with pytest.raises(ConfigError, match=r"nearest is MarianMTModel.*norm = rms_norm \(needs layer_norm\).*swiglu"):
        to_transformers(model, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@torch.no_grad()
def test_a_checkpoint_in_several_files(tmp_path):
    theirs = their_model("llama")
    theirs.save_pretrained(tmp_path, max_shard_size="5KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 2
    assert_equal_logits(from_transformers(tmp_path), theirs)

    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    index["weight_map"]["model.norm.weight"] = "../elsewhere.safetensors"
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(WeightsError, match="not a file beside it"):
        from_transformers(tmp_path)
    (tmp_path / "model.safetensors.index.json").write_text("[]")
    with pytest.raises(WeightsError, match="no index of weights"):
        from_transformers(tmp_path)


@torch.no_grad()
def test_a_checkpoint_of_the_bare_model_without_its_head(tmp_path):
    theirs = their_model("gpt2")
    theirs.save_pretrained(tmp_path)
    bare = {name.removeprefix("transformer."): tensor for name, tensor in theirs.state_dict().items()}
    del bare["lm_head.weight"]
    bare["h.0.attn.bias"] = torch.ones(1, 1, 23, 23)  # a mask that old checkpoints carry along
    save_file({name: tensor.contiguous() for name, tensor in bare.items()}, tmp_path / "model.safetensors")
    assert_equal_logits(from_transformers(tmp_path), theirs)


def test_the_tokenizer_goes_along(tmp_path):
    from tokenizers import Tokenizer, models

    tokenizer = Tokenizer(models.WordLevel({"a": 0, "b": 1, "</s>": 2}, unk_token="a"))
    tokenizer.add_special_tokens(["</s>"])
    tokenizer.save(str(tmp_path / "t.json"))
    to_transformers(build(ours()), tmp_path / "out", tmp_path / "t.json")
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    assert theirs("b</s>")["input_ids"] == [1, 2]
    assert (theirs.eos_token_id, theirs.model_max_length) == (2, 23)
    with pytest.raises(OutputError, match="nowhere"):
        to_transformers(build(ours()), tmp_path / "out2", tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"model_type": "bert"}, ConfigError, "of the class 'bert'; those that can be read are bart, gpt2"),
        ({"scale_attn_by_inverse_layer_idx": True}, ConfigError, "which pellucid's models do not have"),
        ({"activation_function": "quick_gelu"}, ConfigError, "quick_gelu"),
        ({"n_embd": None}, ConfigError, "lacks 'n_embd'"),
        ({"n_embd": 15}, WeightsError, "has shape"),
        ({"n_layer": 1}, WeightsError, "which that class has not"),
        ({"n_layer": 3}, WeightsError, "lacks decoder.layers.2"),
    ],
)
def test_checkpoints_that_do_not_fit_are_refused(tmp_path, change, error, sentence):
    their_model("gpt2").save_pretrained(tmp_path)
    values = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(values | change))
    with pytest.raises(error, match=sentence):
        from_transformers(tmp_path)


def test_encoder_and_decoder_of_different_heads_are_refused(tmp_path):
    theirs = their_model("bart")
    theirs.config.decoder_attention_heads = 4
    theirs.save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="different heads in encoder and decoder, 3 and 4"):
        from_transformers(tmp_path)


def test_pickles_and_missing_files_are_refused(tmp_path):
    their_model("gpt2").save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"neither model\.safetensors nor"):
        from_transformers(tmp_path)
    torch.save(weights, tmp_path / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="is a pickle"):
        from_transformers(tmp_path)
    (tmp_path / "pytorch_model.bin").rename(tmp_path / "model.safetensors")
    with pytest.raises(WeightsError, match="is a pickle"):
        from_transformers(tmp_path)
    with pytest.raises(WeightsError, match="does not exist"):
        from_transformers(tmp_path / "nowhere")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ConfigError, match="is not JSON"):
        from_transformers(tmp_path)
    (tmp_path / "config.json").unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        from_transformers(tmp_path)


def test_the_hub_is_asked_and_its_refusal_is_a_sentence(tmp_path, monkeypatch):
    import huggingface_hub

    theirs = their_model("gpt2")
    theirs.save_pretrained(tmp_path)
    asked = []

    def download(name, **options):
        asked.append((name, options["allow_patterns"]))
        if name == "someone/nothing":
            raise OSError("Repository Not Found.\nand more")
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    with torch.no_grad():
        assert_equal_logits(from_transformers("someone/gpt2"), theirs)
    assert asked[0][0] == "someone/gpt2"
    assert not any(pattern.endswith(".bin") for pattern in asked[0][1])
    with pytest.raises(WeightsError, match=r"the hub does not give it: Repository Not Found\.$"):
        from_transformers("someone/nothing")


def test_our_own_reader_names_the_right_one(tmp_path):
    their_model("gpt2").save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="from_transformers"):
        load_model(tmp_path)
