"""stories260K, a real model, on NumPy: the published text, token by token."""

import json
import subprocess
import sys

from nn.converters.test_llama2c import FOLDER, published, vocabulary
from pellucid.nn.converters import from_llama2c
from pellucid.nn.weights import save_model

SCRIPT = """
import json, sys
from pellucid.transformer import load

transformer = load(sys.argv[1])
cache, ids = transformer.new_cache(), [1]
for _ in range(256):
    ids.append(int(transformer.step(ids[-1:], cache).argmax()))
print(json.dumps(ids[1:]), "torch" in sys.modules)
"""


def test_greedy_text_is_the_published_one(tmp_path):
    """In a process of its own, where no call is type-checked: it is 256 tokens."""
    save_model(from_llama2c(FOLDER / "stories260K.bin"), None, tmp_path)
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    ids, _, has_torch = result.stdout.rpartition(" ")
    pieces = vocabulary(FOLDER / "tok512.bin")
    text = b"".join(pieces[token] for token in json.loads(ids))
    assert text.decode().strip().startswith(published())
    assert has_torch == "False\n"
