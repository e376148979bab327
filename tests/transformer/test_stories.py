"""stories260K, a real model, on NumPy: the published text, token by token."""

from nn.converters.test_llama2c import FOLDER, published, vocabulary
from pellucid.nn.converters import from_llama2c
from pellucid.nn.weights import save_model
from pellucid.transformer import load


def test_greedy_text_is_the_published_one(tmp_path):
    save_model(from_llama2c(FOLDER / "stories260K.bin"), None, tmp_path)
    transformer = load(tmp_path)
    pieces = vocabulary(FOLDER / "tok512.bin")
    cache, token, text = transformer.new_cache(), 1, b""
    while len(text) < len(published()) + 1:
        token = int(transformer.step([token], cache).argmax())
        text += pieces[token]
    assert text.decode().strip().startswith(published())
