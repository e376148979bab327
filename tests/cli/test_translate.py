"""`pellucid translate`, mostly in this process."""

import io
import json
import os
import subprocess
import sys

import pytest

from pellucid.data.train_tokenizer import train_tokenizer
from pellucid.decoding import TorchTranslator
from pellucid.nn.weights import save_model
from tiny_models import GPT2, PAPER, tiny


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    tokenizer = train_tokenizer(["ab ba", "abc"], "characters", byte_fallback=False)
    tokenizer.save(folder / "tokenizer.json")
    translator = tiny(seed=3, vocab_size=tokenizer.vocab_size, **PAPER)
    save_model(translator, folder / "tokenizer.json", folder / "translator")
    shared = tiny(vocab_size=tokenizer.vocab_size, **PAPER, num_key_value_heads=2)
    save_model(shared, folder / "tokenizer.json", folder / "shared-heads")
    save_model(tiny(vocab_size=tokenizer.vocab_size, **GPT2), folder / "tokenizer.json", folder / "language")
    (folder / "unfinished" / "checkpoints").mkdir(parents=True)
    (folder / "in.txt").write_bytes(b"ab\n\n  abc\t \r\n")
    (folder / "latin").write_bytes(b"ab\n\xe4\n")
    (folder / "nothing").write_text("\n \n")
    (folder / "bell").write_text("ab\nab\x07\n")
    (folder / "long").write_text("ab\n\n" + "a" * 30 + "\n")
    return folder, TorchTranslator(translator, tokenizer)


@pytest.fixture
def call(call, models, monkeypatch, tmp_path):
    monkeypatch.chdir(models[0])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(*arguments, model="translator"):
        return call("translate", "--model", model, *arguments)

    return run


def test_texts_are_translated_by_numpy(models, call):
    expected = [each.text for each in models[1].translate(["ab", "abc"], num_beams=2)]
    output = "".join(f"{text}\n" for text in expected)
    assert call("ab", "abc", "--beam", "2") == (0, output, "")
    code, named, errors = call("ab", "abc", "--beam", "2", "--engine", "numpy")
    assert (code, named) == (0, output)
    assert errors.endswith("by NumPy in float32.\n")


def test_a_file_keeps_its_order_and_empty_lines(models, call, tmp_path):
    code, output, errors = call("-i", "in.txt", "-o", str(tmp_path / "out.txt"), "--engine", "torch")
    assert (code, output) == (0, "")
    assert errors.startswith("pellucid: 3 sentences in ")
    assert errors.endswith("by PyTorch in float32.\n")
    first, third = (each.text for each in models[1].translate(["ab", "abc"]))
    assert (tmp_path / "out.txt").read_text() == f"{first}\n\n{third}\n"


def test_json_has_a_line_for_each_sentence(models, call, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"ab\n\nabc\n")))
    code, output, errors = call("--json", "--n-best", "2", "--compute", "float32")
    assert code == 0
    assert errors.endswith("by CTranslate2 in float32.\n")
    lines = [json.loads(line) for line in output.splitlines()]
    assert lines[1] == {"source": "", "translation": "", "tokens": [], "score": 0.0}
    best = models[1].translate(["ab", "", "abc"], n_best=2)
    assert [line["source"] for line in lines] == ["ab", "", "abc"]
    for line, expected in zip(lines, best, strict=True):
        assert "".join(line["tokens"]) == line["translation"] == expected.text
        assert line["score"] == pytest.approx(expected.hypothesis.score, abs=2e-4)
        others = [other.text for other in expected.others]
        assert [each["translation"] for each in line.get("alternatives", [])] == others


def test_n_best_lines_are_numbered(models, call):
    code, output, _ = call("ab", "abc", "--n-best", "2", "--beam", "3")
    rows = [line.split("\t") for line in output.splitlines()]
    assert (code, [row[0] for row in rows]) == (0, ["1", "1", "2", "2"])
    one, two = models[1].translate(["ab", "abc"], num_beams=3, n_best=2)
    assert [row[2] for row in rows] == [one.text, one.others[0].text, two.text, two.others[0].text]
    assert float(rows[0][1]) >= float(rows[1][1])


def test_what_ctranslate2_has_no_word_for_is_left_to_pytorch(call):
    code, output, errors = call("-i", "in.txt", model="shared-heads")
    assert (code, output.count("\n")) == (0, 3)
    assert "PyTorch computes instead." in errors
    code, _, errors = call("-i", "in.txt", "--engine", "ctranslate2", model="shared-heads")
    assert (code, errors.count("\n")) == (2, 1)


def test_without_the_extra(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    assert call("-i", "in.txt")[2].endswith("by PyTorch in float32.\n")
    code, _, errors = call("-i", "in.txt", "--engine", "ctranslate2")
    assert code == 2
    assert "pip install 'pellucid[fast]'" in errors


SCRIPT = """
import sys
sys.modules["torch"] = None
from pellucid.cli.main import run
run(sys.argv[1:])
"""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["translate", "--model", "by-hand-translator", "The dog is sitting on the mat."],
            "Der Hund sitzt auf der Matte.",
        ),
        (["translate", "--model", "by-hand-translator", "-i", "-"], "Die Katze liegt unter dem Bett."),
        (
            ["generate", "--model", "by-hand-generator", "The dog saw the cat."],
            "The dog saw the cat. The cat greeted the dog.",
        ),
    ],
)
def test_the_base_install_translates_and_generates(arguments, expected):
    """Without PyTorch, in a process of its own, with the models that ship."""
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        input="The cat is lying under the bed.\n",
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert (result.returncode, result.stdout) == (0, f"{expected}\n"), result.stderr


def test_without_pytorch_its_engines_name_what_to_install():
    for engine, extra in (("torch", "torch"), ("ctranslate2", "fast")):
        result = subprocess.run(
            [sys.executable, "-c", SCRIPT, "translate", "--model", "by-hand-translator", "The", "--engine", engine],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert f"pip install 'pellucid[{extra}]'" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([""], ("text 1 is empty",)),
        (["ab", "-i", "in.txt"], ("not both",)),
        (["ab", "--n-best", "3", "--beam", "2"], ("--beam 3",)),
        (["ab", "--engine", "torch", "--compute", "int8"], ("int8 needs --engine ctranslate2",)),
        (["ab", "--engine", "numpy", "--compute", "int8"], ("NumPy computes in float32", "--engine ctranslate2")),
        (["ab\x1b[2J"], ("text 1, character 3", "U+001B")),
        (["ab", "\udce4"], ("text 2, character 1", "not UTF-8")),
        (["ab", "axb"], ("'x'", "text 2")),
        (["ab " * 10_000], ("30000 tokens", "at most 24", "split it")),
        (["ab", "-o", "."], ("is a folder",)),
        (["ab", "-o", "nowhere/out"], ("no folder", "nowhere")),
        (["-i", "in.txt", "-o", "./in.txt"], ("same file",)),
        (["-i", "missing"], ("missing cannot be read",)),
        (["-i", "latin"], ("latin, line 2", "0xE4")),
        (["-i", "nothing"], ("nothing is empty",)),
        (["-i", "bell"], ("bell, line 2, character 3", "U+0007")),
        (["-i", "long"], ("long, line 3 has 31 tokens",)),
        (["ab", "--model", "language"], ("language model",)),
        (["ab", "--model", "unfinished"], ("has not ended", "--resume")),
        (["ab", "--model", "translater"], ("no model 'translater'", "config.json")),
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


def test_as_a_whole_process(models, pellucid, tmp_path):
    result = pellucid("translate", "--model", str(models[0] / "translator"), "ab", XDG_CACHE_HOME=str(tmp_path))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == models[1].translate(["ab"])[0].text + "\n"
