"""`pellucid generate`, mostly in this process, with the models that ship."""

import functools
import io
import json
import os
import shutil
import sys

import pytest

from nn.converters.test_llama2c import published
from pellucid.data.train_tokenizer import train_tokenizer
from pellucid.pretrained.names import SHIPPED

DOG, CAT = "The dog saw the cat.", "The cat greeted the dog."
BY_HAND = ("--model", "by-hand-generator")


@pytest.fixture
def call(call):
    return functools.partial(call, "generate")


def test_the_prompt_and_how_it_goes_on(call):
    assert call(*BY_HAND, DOG) == (0, f"{DOG} {CAT}\n", "pellucid: 6 tokens; the model ended the text.\n")


def test_stories260k_writes_its_published_text(pellucid):
    """As a whole process: the likeliest token each time, which is what the command does by itself."""
    result = pellucid("generate", "Once upon a time")
    assert (result.returncode, result.stderr) == (0, "pellucid: 256 tokens; --max-tokens allows no more.\n")
    assert len(published()) > 500
    assert result.stdout.startswith(published())


def test_a_prompt_that_is_piped_in(call, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{DOG}\r\n".encode())))
    assert call(*BY_HAND)[:2] == (0, f"{DOG} {CAT}\n")


def test_json(call):
    code, output, _ = call(*BY_HAND, DOG, "--json")
    assert code == 0
    assert json.loads(output) == {
        "prompt": DOG,
        "text": f" {CAT}",
        "tokens": ["The", "cat", "greeted", "the", "dog", "."],
    }
    assert output.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "added", "reason"),
    [
        (["--max-tokens", "1"], " The", "1 token; --max-tokens allows no more."),
        (["--stop", "greeted"], " The cat ", "3 tokens; the text of --stop came."),
        (["--max-tokens", "99"], f" {CAT}", "6 tokens; the model ended the text."),
    ],
)
def test_why_a_text_ends(call, options, added, reason):
    assert call(*BY_HAND, DOG, *options) == (0, f"{DOG}{added}\n", f"pellucid: {reason}\n")


def test_the_context_may_be_full(call, tmp_path):
    """The prompt has 7 tokens, bos included; an eighth is written and read, and after it one that is not read."""
    shutil.copytree(SHIPPED / "by-hand-generator", tmp_path / "short")
    config = json.loads((tmp_path / "short" / "config.json").read_text())
    (tmp_path / "short" / "config.json").write_text(json.dumps({**config, "max_length": 8}))
    code, output, errors = call("--model", "short", DOG)
    assert (code, output) == (0, f"{DOG} The cat\n")
    assert errors == "pellucid: 2 tokens; the model's context of 8 tokens is full.\n"


def test_a_seed_reproduces(call):
    first, second, third = (call("Once upon a time", "--max-tokens", "12", "--seed", seed)[1] for seed in "112")
    assert first == second != third


def test_drawing_is_asked_for_by_its_options(call):
    greedy = call("Once upon a time", "--max-tokens", "8")[1]
    assert call("Once upon a time", "--max-tokens", "8", "--temperature", "0")[1] == greedy
    assert call("Once upon a time", "--max-tokens", "8", "--top-k", "1")[1] == greedy
    assert len({call("Once", "--max-tokens", "8", "--seed", seed)[1] for seed in "1234"}) > 1


def damaged(folder, change):
    """A copy of stories260k that is changed."""
    shutil.copytree(SHIPPED / "stories260k", folder)
    change(folder)
    return str(folder)


def cut(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


def tamper(folder):
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def larger_tokenizer(folder):
    train_tokenizer(["".join(chr(256 + n) for n in range(600))], "characters").save(folder / "tokenizer.json")


def no_tokenizer(folder):
    (folder / "tokenizer.json").write_text("{}")


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (cut, "damaged, cut short"),
        (tamper, "was changed after it was written"),
        (larger_tokenizer, "860 tokens, but the model only 512; it belongs to another model"),
        (no_tokenizer, "is not a tokenizer.json"),
    ],
)
def test_a_damaged_model_is_refused(call, tmp_path, change, part):
    code, output, errors = call("Once", "--model", damaged(tmp_path / "m", change))
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert part in errors


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([""], ("the prompt is empty", "in quotation marks")),
        ([" \n"], ("the prompt is empty",)),
        (["a\n\x1b[2J"], ("prompt, line 2, character 1", "U+001B")),
        (["\udce4"], ("not UTF-8",)),
        (["word " * 10_000], ("30,002 tokens", "at most 512", "the end of it")),
        ([*BY_HAND, "The cow"], ("'cow' (word 2", "dog, saw")),
        (["Once", "--model", "by-hand-translator"], ("is a translator", "pellucid translate")),
        (["Once", "--model", "."], ("config.json cannot be read", "a model's folder")),
        (["Once", "--model", "storeis260k"], ("did you mean 'stories260k'", "config.json")),
        (["Once", "--temperature", "-1"], ("temperature must be", "-1.0")),
        (["Once", "--temperature", "nan"], ("temperature must be",)),
        (["Once", "--top-p", "0"], ("top_p must be", "0.0")),
        (["Once", "--top-k", "-1"], ("top_k must be",)),
        (["Once", "--temperature", "0", "--top-k", "3"], ("--top-k", "leave one of them out")),
        (["Once", "--stop", ""], ("a stop string", "at least one character")),
        (["Once", "--max-tokens", "0"], ("--max-tokens",)),
    ],
)
def test_mistakes_get_one_sentence(call, assert_mistake, arguments, parts):
    assert_mistake(call(*arguments), *parts)


def test_nothing_is_read_from_a_terminal(call, monkeypatch):
    _, terminal = os.openpty()
    with os.fdopen(terminal) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        code, _, errors = call()
    assert (code, errors.count("\n")) == (2, 1)
    assert "there is no text" in errors


@pytest.fixture
def gguf_model(tmp_path):
    from gguf_files import write_gguf

    return str(write_gguf(tmp_path / "m.gguf"))


def test_a_question_is_answered_and_not_repeated(call, gguf_model):
    """The random model's answer is whatever it is; it follows the ids that the question has by hand."""
    code, answer, _ = call("--model", gguf_model, "--chat", "hell", "--max-tokens", "5")
    assert code == 0
    assert not answer.startswith("hell")
    found = json.loads(call("--model", gguf_model, "--chat", "hell", "--max-tokens", "5", "--json")[1])
    assert (found["prompt"], f"{found['text']}\n") == ("hell", answer)
    plain = json.loads(call("--model", gguf_model, "hell", "--max-tokens", "5", "--json")[1])
    assert plain["tokens"] != found["tokens"]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["Once", "--chat"], ("stories260k was not trained to answer", "leave --chat out")),
        (["--model", "m.gguf", "--chat", "hell", "--no-bos"], ("--chat decides", "--no-bos")),
        (["--model", "m.gguf", "--chat", "word " * 40], ("tokens, but the model reads at most 40",)),
        (["--model", "other.gguf", "Once"], ("no model 'other.gguf'",)),
        (["--model", "cut.gguf", "Once"], ("cut.gguf (1000 bytes) is damaged",)),
    ],
)
def test_mistakes_with_files_of_llama_cpp_get_one_sentence(call, gguf_model, tmp_path, arguments, parts):
    (tmp_path / "cut.gguf").write_bytes((tmp_path / "m.gguf").read_bytes()[:1000])
    code, output, errors = call(*arguments)
    assert (code, output, errors.count("\n")) == (2, "", 1)
    for part in parts:
        assert part in errors
