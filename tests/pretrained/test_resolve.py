"""From a directory to a model with its tokenizers."""

import shutil

import pytest

from pellucid.data.train_tokenizer import train_tokenizer
from pellucid.errors import InputError
from pellucid.nn.weights import save_model
from pellucid.pretrained import open_directory
from pellucid.pretrained.names import SHIPPED
from tiny_models import GPT2, PAPER, tiny


@pytest.fixture
def tokenizer(tmp_path):
    result = train_tokenizer(["ab ba"], "characters", byte_fallback=False)
    result.save(tmp_path / "tok.json")
    return result


def test_a_directory_is_a_model_with_its_tokenizer(tmp_path, tokenizer):
    model = tiny(vocab_size=tokenizer.vocab_size, **PAPER)
    save_model(model, tmp_path / "tok.json", tmp_path / "m")
    opened = open_directory(tmp_path / "m")
    assert opened.config == model.config
    assert opened.source_tokenizer is opened.tokenizer
    assert opened.translator().translate(["ab"])[0].source == "ab"


def test_the_source_may_have_its_own_tokenizer(tmp_path, tokenizer):
    source = train_tokenizer(["xyz zyx w"], "characters", byte_fallback=False)
    settings = {**PAPER, "share_embeddings": False, "source_vocab_size": source.vocab_size}
    source.save(tmp_path / "source.json")
    model = tiny(vocab_size=tokenizer.vocab_size, **settings)
    save_model(model, tmp_path / "tok.json", tmp_path / "m", source_tokenizer_file=tmp_path / "source.json")
    translator = open_directory(tmp_path / "m").translator()
    assert translator.encode(["xy"]) == [[*source.encode("xy"), 2]]
    other = train_tokenizer(["xyv vyx w"], "characters", byte_fallback=False)
    assert other.vocab_size == source.vocab_size
    other.save(tmp_path / "m" / "source_tokenizer.json")
    with pytest.raises(InputError, match=r"source_tokenizer\.json is not the one that model\.safetensors was saved"):
        open_directory(tmp_path / "m")
    (tmp_path / "m" / "source_tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"has no source_tokenizer\.json, which model\.safetensors was saved with"):
        open_directory(tmp_path / "m")


def test_what_is_missing_or_does_not_fit(tmp_path, tokenizer):
    save_model(tiny(vocab_size=tokenizer.vocab_size - 1, **PAPER), None, tmp_path / "m")
    with pytest.raises(InputError, match=r"has no tokenizer\.json"):
        open_directory(tmp_path / "m")
    tokenizer.save(tmp_path / "m" / "tokenizer.json")
    with pytest.raises(InputError, match="belongs to another model"):
        open_directory(tmp_path / "m")


def test_another_tokenizer_of_the_same_size_is_noticed(tmp_path, tokenizer):
    save_model(tiny(vocab_size=tokenizer.vocab_size, **PAPER), tmp_path / "tok.json", tmp_path / "m")
    assert open_directory(tmp_path / "m").tokenizer.tokens([4]) == tokenizer.tokens([4])
    other = train_tokenizer(["xy yx"], "characters", byte_fallback=False)
    assert other.vocab_size == tokenizer.vocab_size
    other.save(tmp_path / "m" / "tokenizer.json")
    with pytest.raises(InputError, match=r"tokenizer\.json is not the one that model\.safetensors was saved with"):
        open_directory(tmp_path / "m")


@pytest.mark.parametrize("name", ["by-hand-generator", "by-hand-translator", "stories260k"])
def test_models_that_ship_know_their_tokenizers(name, tmp_path):
    """A file of tokens has one character more: the model is not opened with it."""
    shutil.copytree(SHIPPED / name, tmp_path / "m")
    tokenizers = sorted((tmp_path / "m").glob("*tokenizer.json"))
    assert tokenizers
    for path in tokenizers:
        content = path.read_text(encoding="utf-8")
        path.write_text(f"{content}\n", encoding="utf-8")
        with pytest.raises(InputError, match=f"{path.name} is not the one"):
            open_directory(tmp_path / "m")
        path.write_text(content, encoding="utf-8")
    assert open_directory(tmp_path / "m").name == "m"


def test_a_language_model_does_not_translate(tmp_path, tokenizer):
    save_model(tiny(vocab_size=tokenizer.vocab_size, **GPT2), tmp_path / "tok.json", tmp_path / "m")
    with pytest.raises(InputError, match="does not translate"):
        open_directory(tmp_path / "m").translator()
