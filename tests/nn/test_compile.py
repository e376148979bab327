"""torch.compile takes whole models as one graph, and gives the same numbers.

In programs of their own: what checks shapes in this one cannot be compiled.
"""

import subprocess
import sys

import pytest

SCRIPT = """
import torch
from pellucid.nn import build
from pellucid.transformer import TransformerConfig

torch.manual_seed(0)
sizes = dict(vocab_size=23, d_model=24, d_ff=20, num_heads=6, num_decoder_layers=1, max_length=17)
options = {options}
config = TransformerConfig(**sizes, **options)
model = build(config)
ids = torch.randint(0, 23, (2, 7))
if config.is_encoder_decoder:
    arguments = (ids, ids[:, :5], torch.arange(7)[None] < torch.tensor([[7], [3]]))
else:
    arguments = (ids,)
compiled = torch.compile(model, fullgraph=True, backend="eager")
model.train()
before = compiled(*arguments)
before.square().mean().backward()
assert all((parameter.grad != 0).any() for parameter in model.parameters())
assert not torch.allclose(compiled(*arguments), before)
model.eval()
torch.testing.assert_close(compiled(*arguments), model(*arguments), rtol=1e-4, atol=1e-4)
print("equal")
"""

OPTIONS = {
    "paper": {"architecture": "encoder-decoder", "num_encoder_layers": 1, "attention_dropout": 0.1},
    "llama": {
        "architecture": "decoder-only",
        "norm": "rms_norm",
        "norm_position": "pre",
        "positions": "rotary",
        "activation": "swiglu",
        "num_key_value_heads": 2,
    },
}


@pytest.mark.parametrize("name", OPTIONS)
def test_one_graph_with_the_same_numbers(name):
    script = SCRIPT.replace("{options}", repr(OPTIONS[name]))
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    assert result.stdout == "equal\n", result.stderr[-2000:]
