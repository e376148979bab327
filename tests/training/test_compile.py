"""A training that is compiled learns what one that is not learns, and goes on at the same bits.

In a program of its own: what checks shapes in this one cannot be compiled. Without the C++ compiler of "inductor",
which takes longer than all other tests of a room; graphs and gradients are traced as for it.
"""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import functools
import shutil
import sys
from pathlib import Path

import torch
import torch._dynamo.utils
from safetensors.torch import load_file

from pellucid.training.checkpoint import Checkpoints
from pellucid.training.read_recipe import convert_recipe
from pellucid.training.train import train
from tiny_training import TINY

torch.compile = functools.partial(torch.compile, backend="aot_eager")
torch.set_num_threads(1)
folder = Path(sys.argv[1])
(folder / "text.txt").write_text("to be or not to be, that is the question. " * 20)


def recipe(dropout, **training):
    values = {**TINY, "data": {"kind": "text", "train": str(folder / "text.txt")}}
    values["model"] = {**TINY["model"], "max_length": 9, "dropout": dropout}
    del values["model"]["num_encoder_layers"]
    values["training"] = {**TINY["training"], "context": 9, "batch_size": 3, "steps": 6, "keep": 9, **training}
    return convert_recipe(values, "tiny")


def weights(name):
    return load_file(folder / name / "checkpoints" / "step-00000006.safetensors")


train(recipe(0.0), folder / "eager")
assert not torch._dynamo.utils.counters["stats"]
train(recipe(0.0, compile=True), folder / "compiled")
assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1
assert not torch._dynamo.utils.counters["graph_break"]
eager, compiled = weights("eager"), weights("compiled")
assert eager.keys() == compiled.keys()
for name, tensor in eager.items():
    torch.testing.assert_close(compiled[name], tensor, rtol=1e-3, atol=1e-5)

train(recipe(0.1, compile=True), folder / "whole")
shutil.copytree(folder / "whole", folder / "parts")
for path in Checkpoints(folder / "parts" / "checkpoints", 9).paths()[1:]:
    path.unlink()
torch._dynamo.reset()
train(recipe(0.1, compile=True), folder / "parts", resume=True)
whole, parts = weights("whole"), weights("parts")
assert all(torch.equal(parts[name], tensor) for name, tensor in whole.items())
print("equal")
"""


def test_a_compiled_training_learns_the_same_and_goes_on_at_the_same_bits(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=":")
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.stdout == "equal\n", result.stderr[-2000:]
