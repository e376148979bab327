import subprocess
import sys

import pytest

from pellucid.errors import ConfigError
from pellucid.transformer import PRESETS, preset


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_configuration(name):
    config = preset(name)
    assert config.d_model == PRESETS[name]["d_model"]
    assert preset(name, vocab_size=77, eos_id=5).eos_id == 5


def test_the_paper_s_sizes():  # Table 3
    for name, d_model, d_ff, heads, d_k, dropout in [("base", 512, 2048, 8, 64, 0.1), ("big", 1024, 4096, 16, 64, 0.3)]:
        config = preset(name)
        assert (config.d_model, config.d_ff, config.num_heads, config.d_k) == (d_model, d_ff, heads, d_k)
        assert (config.num_encoder_layers, config.num_decoder_layers, config.vocab_size) == (6, 6, 37000)
        assert (config.dropout, config.norm_position, config.activation) == (dropout, "post", "relu")
        assert config.tie_embeddings
        assert config.share_embeddings


def test_unknown_names_are_refused():
    with pytest.raises(ConfigError, match=r"no preset 'bigg' \(did you mean 'big'\?\); there are base, big, tiny"):
        preset("bigg")
    with pytest.raises(ConfigError, match="preset 'big' has no setting 'heads'"):
        preset("big", heads=3)


def test_no_pytorch_is_loaded():
    script = (
        "import sys, pellucid.transformer; print(sorted({'torch', 'tokenizers', 'safetensors'} & sys.modules.keys()))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (result.stdout, result.stderr) == ("[]\n", "")
