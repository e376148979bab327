"""Models that `pellucid.nn` has saved, read without PyTorch; damage and strangers are refused as there."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from nn.models import BOTH, ONE, VARIANTS, make
from pellucid.errors import ConfigError, WeightsError
from pellucid.nn import load_model, save_model
from pellucid.nn.weight_names import named_parts
from pellucid.transformer import load
from pellucid.transformer.weight_shapes import weight_shapes
from transformer.models import TARGET, close, torch_logits


@pytest.fixture
def saved(tmp_path):
    save_model(make(ONE), None, tmp_path)
    return tmp_path


@pytest.mark.parametrize("base", [BOTH, ONE], ids=["both", "one"])
@pytest.mark.parametrize("name", VARIANTS)
def test_every_weight_has_the_shape_that_pytorch_s_model_gives_it(base, name):
    model = make(base, **VARIANTS[name])
    assert weight_shapes(model.config) == {part: tuple(tensor.shape) for part, tensor in named_parts(model)}


@pytest.mark.parametrize("storage", ["float32", "float16", "bfloat16", "int8"])
def test_every_storage_is_read_as_there(tmp_path, storage):
    save_model(make(ONE, **VARIANTS["grouped"]), None, tmp_path, storage)
    transformer = load(tmp_path)
    for name, tensor in named_parts(load_model(tmp_path)):
        own = transformer.named_weights.get(name)
        if own is not None:
            np.testing.assert_array_equal(own[0], tensor.numpy())
    close(transformer.logits(TARGET), torch_logits(load_model(tmp_path)), 2e-5)
    assert load(tmp_path, "float64").logits(TARGET).dtype == np.float64


def test_one_changed_bit_and_a_missing_end_are_noticed(saved):
    path = saved / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(WeightsError, match="was changed after it was written"):
        load(saved)
    for end in (0, 7, 20, len(content) - 1):
        path.write_bytes(content[:end])
        with pytest.raises(WeightsError, match=rf"{end} bytes\) is damaged, cut short or no safetensors file"):
            load(saved)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: {**t, "extra": torch.ones(1)}, "has extra, which the model of its config.json has not"),
        (lambda t: {**t, "target_embedding": torch.ones(4, 5)}, r"target_embedding has shape \(4, 5\)"),
        (lambda t: {**t, "target_embedding": torch.ones(23, 24, dtype=torch.int8)}, "integers without a scale"),
        (lambda t: {**t, "target_embedding": torch.ones(23, 24, dtype=torch.int32)}, "stored as I32"),
    ],
)
def test_tensors_of_another_model_are_refused(saved, change, sentence):
    from safetensors import safe_open

    path = saved / "model.safetensors"
    with safe_open(path, "pt") as file:
        metadata = {name: value for name, value in file.metadata().items() if name != "sha256"}
    save_file(change(load_file(path)), path, metadata)
    with pytest.raises(WeightsError, match=sentence):
        load(saved)


def test_what_is_no_model_is_refused(saved):
    with pytest.raises(WeightsError, match="does not exist"):
        load(saved / "nowhere")
    (saved / "model.safetensors").rename(saved / "model.pt")
    with pytest.raises(WeightsError, match="is a pickle"):
        load(saved)
    (saved / "config.json").unlink()
    (saved / "model.pt").unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        load(saved)


def test_pytorch_is_not_loaded(saved):
    script = (
        "import sys; from pellucid.transformer import load; t = load(sys.argv[1]); t.logits([3, 4]);"
        "r = t.new_recording(); t.logits([3, 4], recorder=r); r.derivation(); print('torch' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", script, str(saved)], capture_output=True, text=True, timeout=60)
    assert (result.stdout, result.stderr) == ("False\n", "")
