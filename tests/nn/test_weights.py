import json
import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file

from nn.models import BOTH, ONE, VARIANTS, make, tokens
from pellucid.errors import ConfigError, OutputError, WeightsError
from pellucid.nn import load_model, save_model


def logits(model):
    if model.config.is_encoder_decoder:
        return model(tokens(2, 7), tokens(2, 6, seed=9))
    return model(tokens(2, 7))


@pytest.fixture
def saved(tmp_path):
    save_model(make(), None, tmp_path)
    return tmp_path


@pytest.mark.parametrize("base", [BOTH, ONE], ids=["both", "one"])
@pytest.mark.parametrize("name", VARIANTS)
@torch.no_grad()
def test_a_model_comes_back_as_it_was(tmp_path, name, base):
    model = make(base, **VARIANTS[name])
    save_model(model, None, tmp_path / "new" / "model")
    before = torch.get_rng_state()
    again = load_model(tmp_path / "new" / "model")
    assert torch.equal(torch.get_rng_state(), before)
    assert type(again) is type(model)
    assert again.config == model.config
    assert not again.training
    assert torch.equal(logits(again), logits(model))


def test_files_hold_the_paper_s_names(tmp_path):
    save_model(make(num_key_value_heads=2), None, tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    stem = "decoder.layers.2."
    assert tensors[stem + "self_attention.query.weight"].shape == (24, 24)
    assert tensors[stem + "cross_attention.key.weight"].shape == (8, 24)
    assert tensors[stem + "feed_forward.up.weight"].shape == (20, 24)
    assert not any("query_key_value" in name for name in tensors)
    assert sum(tensor.numel() for tensor in tensors.values()) == make(num_key_value_heads=2).num_parameters


def test_the_parts_of_a_fused_matrix_are_the_right_ones():
    """The query's part of the file moves the query and nothing else."""
    from pellucid.nn.weight_names import named_parts

    model = make(ONE, num_key_value_heads=2)
    x = torch.randn(1, 3, 24)
    for part, rows in (("query", slice(0, 24)), ("key", slice(24, 32)), ("value", slice(32, 40))):
        weight = dict(named_parts(model))[f"decoder.layers.1.self_attention.{part}.weight"]
        fused = model.decoder.layers[1].self_attention.query_key_value(x)
        torch.testing.assert_close(fused[..., rows], x @ weight.T)
    swiglu = make(ONE, activation="swiglu", feed_forward_bias=False)
    parts, feed_forward = dict(named_parts(swiglu)), swiglu.decoder.layers[0].feed_forward
    gate, up = (parts[f"decoder.layers.0.feed_forward.{name}.weight"] for name in ("gate", "up"))
    expected = (torch.nn.functional.silu(x @ gate.T) * (x @ up.T)) @ feed_forward.down.weight.T
    torch.testing.assert_close(feed_forward(x), expected)


@pytest.mark.parametrize(("storage", "error"), [("float16", 1e-3), ("bfloat16", 1e-2), ("int8", 2e-2)])
@torch.no_grad()
def test_smaller_storage(tmp_path, storage, error):
    model = make()
    save_model(model, None, tmp_path / "full")
    save_model(model, None, tmp_path / storage, storage)
    again = load_model(tmp_path / storage)
    assert {parameter.dtype for parameter in again.parameters()} == {torch.float32}
    difference = (logits(again) - logits(model)).norm() / logits(model).norm()
    assert 0 < difference.item() < error
    full, small = (((tmp_path / name) / "model.safetensors").stat().st_size for name in ("full", storage))
    assert small < full


def test_dtype_and_tokenizer(tmp_path):
    (tmp_path / "vocabulary.json").write_text("any bytes ✓")
    save_model(make(), tmp_path / "vocabulary.json", tmp_path / "model", "float16")
    assert (tmp_path / "model" / "tokenizer.json").read_text() == "any bytes ✓"
    assert load_model(tmp_path / "model", dtype=torch.bfloat16).target_embedding.dtype == torch.bfloat16
    with pytest.raises(OutputError, match=r"nothing\.json cannot be used: No such file"):
        save_model(make(), tmp_path / "nothing.json", tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_truncated_file_is_refused_wherever_it_ends(saved):
    path = saved / "model.safetensors"
    content = path.read_bytes()
    header = 8 + int.from_bytes(content[:8], "little")
    for end in (0, 1, 7, 8, 20, header - 1, header, header + 1, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:end])
        with pytest.raises(WeightsError, match=rf"{end} bytes\) is damaged, cut short or no safetensors file"):
            load_model(saved)
    path.write_bytes(content)
    load_model(saved)


def test_one_changed_bit_is_noticed(saved):
    path = saved / "model.safetensors"
    content = bytearray(path.read_bytes())
    for place in (len(content) - 1, len(content) // 2):
        changed = content.copy()
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(WeightsError, match="was changed after it was written"):
            load_model(saved)


def rewrite(path, change, metadata=None):
    """The file with other tensors, without a digest as another program would write it."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        kept = {name: value for name, value in file.metadata().items() if name != "sha256"}
    save_file(change(load_file(path)), path, {**kept, **(metadata or {})})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda t: {k: v for k, v in t.items() if "decoder.layers.1" not in k},
            r"lacks decoder\.layers\.1.*and 15 more",
        ),
        (lambda t: {**t, "extra": torch.ones(1)}, "has extra, which the model of its config.json has not"),
        (
            lambda t: {**t, "target_embedding": torch.ones(4, 5)},
            r"target_embedding has shape \(4, 5\), but the model of its config.json needs \(23, 24\)",
        ),
        (lambda t: {**t, "target_embedding": torch.ones(23, 24, dtype=torch.int8)}, "integers without a scale"),
    ],
)
def test_tensors_of_another_model_are_refused(saved, change, sentence):
    rewrite(saved / "model.safetensors", change)
    with pytest.raises(WeightsError, match=sentence):
        load_model(saved)


def test_a_file_without_our_metadata_is_refused(saved):
    path = saved / "model.safetensors"
    rewrite(path, dict, {"config": "{"})
    with pytest.raises(WeightsError, match="the configuration among its metadata cannot be used"):
        load_model(saved)
    save_file(load_file(path), path)
    with pytest.raises(WeightsError, match="was not written by pellucid"):
        load_model(saved)


def test_configuration_and_weights_of_two_models_are_noticed(saved):
    path = saved / "config.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "activation": "gelu"}))  # the same shapes, other arithmetic
    with pytest.raises(WeightsError, match=r"saved with activation = relu, but .*config\.json says gelu"):
        load_model(saved)
    path.write_text(json.dumps({**values, "dropout": 0.5, "max_length": 99}))  # what may be edited
    assert load_model(saved).config.dropout == 0.5


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


@pytest.mark.parametrize("name", ["model.pt", "model.bin", "model.pth", "model.ckpt", "model.safetensors"])
@pytest.mark.parametrize(
    "writer", [lambda path: torch.save(Trap(), path), lambda path: path.write_bytes(pickle.dumps(Trap()))]
)
def test_pickles_are_never_opened(saved, name, writer):
    (saved / "model.safetensors").unlink()
    writer(saved / name)
    for place in (saved, saved / name):
        with pytest.raises(WeightsError, match="is a pickle, which can run any program when it is opened"):
            load_model(place)


def test_what_is_no_model_is_refused(tmp_path, saved):
    with pytest.raises(WeightsError, match=r"nowhere does not exist; give the directory of a model"):
        load_model(tmp_path / "nowhere")
    with pytest.raises(WeightsError, match=r"config\.json is a file; give the directory"):
        load_model(saved / "config.json")
    (saved / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"has no model\.safetensors"):
        load_model(saved)
    (saved / "config.json").unlink()
    with pytest.raises(ConfigError, match=r"config\.json cannot be read"):
        load_model(saved)


def test_weights_that_are_no_numbers_or_too_large_are_not_saved(tmp_path):
    model = make()
    with torch.no_grad():
        model.target_embedding[3, 4] = 1e6
    with pytest.raises(WeightsError, match="holds 1e\\+06, too large for float16; store it as float32"):
        save_model(model, None, tmp_path, "float16")
    with torch.no_grad():
        model.target_embedding[3, 4] = torch.nan
    with pytest.raises(WeightsError, match="target_embedding holds numbers that are not finite"):
        save_model(model, None, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_keeps_the_old_file(saved, monkeypatch):
    import pellucid.files as files

    before = (saved / "model.safetensors").read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        save_model(make(seed=8), None, saved)
    assert (saved / "model.safetensors").read_bytes() == before
    assert sorted(path.name for path in saved.iterdir()) == ["config.json", "model.safetensors"]
