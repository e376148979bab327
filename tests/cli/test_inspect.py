"""`pellucid inspect` as a user meets it; most of it in this process, because PyTorch takes long to load."""

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from pellucid.cli.main import pellucid as command
from pellucid.errors import InputError, OutputError, PositionError

TEXT = "The dog saw the cat."
MAT = "The dog is sitting on the mat."


@pytest.fixture
def inspect(capsys):
    """What the command prints."""

    def run(*arguments):
        command.main(["inspect", *map(str, arguments)], standalone_mode=False)
        captured = capsys.readouterr()
        return captured.out

    return run


def test_a_whole_process(pellucid):
    result = pellucid("inspect", "by-hand-generator", TEXT)
    assert (result.returncode, result.stderr) == (0, "")
    assert "by-hand-generator reads “The dog saw the cat.”" in result.stdout
    assert "7 tokens: <bos> The dog saw the cat ." in result.stdout
    assert "✓ 1 of 1 attention verified" in result.stdout
    assert "the previous token" in result.stdout
    assert "\x1b" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert len(result.stdout.splitlines()) <= 24


def test_what_cannot_be_is_one_sentence(pellucid, assert_one_sentence):
    assert_one_sentence(pellucid("inspect", "by-hand-generator", TEXT, "--layer", "1"), "layer 1 does not exist")


def test_code_is_run_only_when_it_is_trusted(pellucid, assert_one_sentence, tmp_path):
    names = {"AutoConfig": "brought.BroughtConfig"}
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text(json.dumps({"model_type": "brought", "auto_map": names}))
    (model / "brought.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nraise ImportError('it ran')\n")
    (model / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    home = {"HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"}
    assert_one_sentence(pellucid("inspect", str(model), TEXT, **home), "brings code of its own", "--trust-remote-code")
    assert not (tmp_path / "ran").exists()
    assert_one_sentence(pellucid("inspect", str(model), TEXT, "--trust-remote-code", **home), "it ran")
    assert (tmp_path / "ran").exists()


def test_the_summary_as_data(inspect):
    found = json.loads(inspect("by-hand-translator", MAT, "--pair", "Der Hund", "--json"))
    assert [layer["kind"] for layer in found["layers"]] == ["self", "self", "cross"]
    assert [layer["status"] for layer in found["layers"]] == ["verified"] * 3
    assert found["layers"][2]["queries"] == ["<bos>", "Der", "Hund"]
    assert found["layers"][2]["keys"][1] == "dog"
    first = found["layers"][1]["heads"][0]
    assert first["head"] == 0
    assert set(first["shares"]) == {"previous", "own", "first"}
    assert 0 < first["evenness"] < 1


@pytest.mark.parametrize("suffix", [".md", ".tex", ".html", ".xlsx", ".json", ".svg", ".txt"])
def test_a_row_in_every_format(inspect, suffix, tmp_path):
    inspect("by-hand-generator", TEXT, "--layer", 0, "--head", 1, "--query", "saw", "-o", tmp_path / f"row{suffix}")
    assert (tmp_path / f"row{suffix}").stat().st_size > 3000


def test_the_page_has_every_head(inspect, tmp_path):
    assert inspect("by-hand-translator", MAT, "--pair", "Der Hund", "-o", tmp_path / "page.html") == ""
    page = (tmp_path / "page.html").read_text()
    assert "<title>by-hand-translator</title>" in page
    assert "pellucid inspect by-hand-translator" in page
    steps = inspect("by-hand-translator", MAT, "--generate", 2, "--to", "html")
    assert steps.startswith("<!doctype html>")


def test_a_row_is_the_arithmetic_of_the_query(inspect):
    text = inspect("by-hand-generator", TEXT, "--head", 1, "--query", "saw")
    assert "decoder.layers.0.self_attention, head 1" in text
    assert "This is verified" in text
    assert "saw · dog" in text
    found = json.loads(inspect("by-hand-generator", TEXT, "--head", 1, "--json"))
    (weights,) = (step["values"] for step in found["steps"] if step["name"] == "weights")
    assert np.array(weights).shape == (7, 7)
    np.testing.assert_allclose(np.sum(weights, 1), 1)


def test_of_a_long_text_one_row(inspect):
    text = "The dog saw the cat. " * 20
    found = json.loads(inspect("stories260k", text, "--layer", 0, "--json"))
    (weights,) = (step["values"] for step in found["steps"] if step["name"] == "weights")
    assert len(weights) == 1
    assert len(weights[0]) > 64


def test_a_generation_step_by_step(inspect):
    text = inspect("by-hand-translator", MAT, "--generate", 8)
    assert "looks most at in the source" in text
    found = json.loads(inspect("by-hand-translator", MAT, "--generate", 8, "--json"))
    assert [step["token"] for step in found["steps"]] == ["Der", "Hund", "sitzt", "auf", "der", "Matte", ".", "<eos>"]
    assert found["steps"][5]["cross"][0]["token"] == "mat"
    assert list(found["verified"]) == ["verified"]
    step = inspect("by-hand-translator", MAT, "--generate", 8, "--step", 5)
    assert "6 tokens: <bos> Der Hund sitzt auf der" in step
    row = json.loads(inspect("by-hand-translator", MAT, "--generate", 8, "--step", 5, "--head", 0, "--json"))
    assert row["tokens"]["query"] == ["der"]


def test_two_texts_side_by_side(inspect):
    text = inspect("stories260k", TEXT, "--compare", "text=The cat saw the dog.")
    assert "Heads that differ most" in text
    found = json.loads(inspect("stories260k", TEXT, "--compare", f"text={TEXT}", "--json"))
    assert np.array(found["distances"]).shape == (5, 8)
    np.testing.assert_allclose(found["distances"], 0, atol=1e-6)
    assert found["left"]["layers"] == found["right"]["layers"]


def test_two_layers_and_two_heads_side_by_side(inspect):
    layers = json.loads(inspect("stories260k", TEXT, "--layer", 1, "--compare", "layer=3", "--json"))
    assert [layers[side]["layers"][0]["name"] for side in ("left", "right")] == [
        f"decoder.layers.{layer}.self_attention" for layer in (1, 3)
    ]
    heads = json.loads(inspect("stories260k", TEXT, "--layer", 1, "--head", 2, "--compare", "head=5", "--json"))
    assert heads["title"].endswith("head 2")
    assert heads["beside"]["title"].endswith("head 5")


@pytest.mark.parametrize("suffix", [".md", ".tex", ".html", ".xlsx", ".svg"])
def test_many_heads_in_every_format(inspect, suffix, tmp_path):
    inspect("stories260k", TEXT, "--compare", "text=The cat saw the dog.", "-o", tmp_path / f"two{suffix}")
    inspect("stories260k", TEXT, "-o", tmp_path / f"one{suffix}")
    for name in ("one", "two"):
        content = (tmp_path / f"{name}{suffix}").read_bytes()
        assert len(content) > 1000
        if suffix in (".md", ".tex", ".html"):
            assert b"stories260k" in content
            assert (name == "two") == (b"How far apart they are" in content)


def test_two_models_side_by_side(inspect):
    text = inspect("stories260k", "The dog", "--compare", "model=by-hand-generator")
    assert "stories260k reads" in text
    assert "by-hand-generator reads" in text
    assert "They have not the same layers, heads, queries and keys" in text


def test_recordings_are_kept_and_looked_into_again(inspect, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen = inspect("by-hand-generator", TEXT).splitlines()[1:]
    assert inspect("by-hand-generator", TEXT, "--save", "dog.safetensors") == ""
    assert inspect("dog.safetensors").splitlines()[1:] == seen
    row = inspect("by-hand-generator", TEXT, "--head", 1, "--query", "saw")
    assert inspect("dog.safetensors", "--head", 1, "--query", "saw") == row
    for option, value in (("--pair", "x"), ("--generate", 3), ("--save", "other.safetensors")):
        with pytest.raises(InputError, match=f"is a recording.*leave out {option}"):
            inspect("dog.safetensors", option, value)


def test_a_generation_is_kept_with_its_steps(inspect, tmp_path):
    file = tmp_path / "steps.safetensors"
    inspect("by-hand-translator", MAT, "--generate", 8, "--save", file)
    found = json.loads(inspect(file, "--json"))
    assert [step["token"] for step in found["steps"]] == ["Der", "Hund", "sitzt", "auf", "der", "Matte", ".", "<eos>"]
    assert found["steps"] == json.loads(inspect("by-hand-translator", MAT, "--generate", 8, "--json"))["steps"]
    assert "6 tokens: <bos> Der Hund sitzt auf der" in inspect(file, "--step", 5)
    with pytest.raises(InputError, match="shown in terminal or json or html, not latex"):
        inspect(file, "--to", "latex")
    inspect("by-hand-generator", TEXT, "--save", file)
    for format_ in ("terminal", "html"):
        with pytest.raises(InputError, match="holds no generation, and so no step 1"):
            inspect(file, "--step", 1, "--to", format_)


def test_weights_are_no_recording(inspect, tmp_path):
    with pytest.raises(InputError, match=r"there is no file .*none\.safetensors; give a file that --save wrote"):
        inspect(tmp_path / "none.safetensors")
    save_file({"a": np.zeros(2)}, tmp_path / "plain.safetensors")
    for text in ((), ("The dog",)):
        with pytest.raises(InputError, match=r"plain\.safetensors holds weights and is no recording of --save; give"):
            inspect(tmp_path / "plain.safetensors", *text)


def test_over_a_few_tokens_no_head_is_said_to_look_at_something(inspect):
    few, enough = (inspect("by-hand-generator", text) for text in ("The dog saw", TEXT))
    assert "is told where one may choose among 5 tokens or more" in few
    assert "the previous token" not in few
    assert "is told where" not in enough
    heads = json.loads(inspect("by-hand-generator", "The dog saw", "--json"))["layers"][0]["heads"]
    assert {head["pattern"] for head in heads} == {None}


def test_numbers_are_exported(inspect, tmp_path):
    inspect("by-hand-generator", TEXT, "--head", 1, "--export", tmp_path / "heads.safetensors")
    with safe_open(tmp_path / "heads.safetensors", framework="np") as file:
        assert {name.rsplit(".", 1)[0] for name in file.keys()} == {"layers.0.heads.1"}  # noqa: SIM118
    inspect("by-hand-generator", TEXT, "--export", tmp_path / "top.csv")
    assert "query_token" in (tmp_path / "top.csv").read_text().splitlines()[0]
    with pytest.raises(InputError, match="no suffix that --export knows"):
        inspect("by-hand-generator", TEXT, "--export", tmp_path / "heads.pt")


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (["--step", 0], InputError, "give --generate N as well"),
        (["--generate", 2, "--step", 2], PositionError, "step 2 does not exist; there are 2"),
        (["--head", 2], PositionError, "head 2 does not exist; there are 2"),
        (["--query", "cow"], PositionError, "no query token is 'cow'"),
        (["--generate", 2, "--to", "latex"], InputError, "not latex; give --step"),
        (["--to", "papyrus"], InputError, "papyrus"),
        (["--json", "--to", "html"], InputError, "two formats"),
        (["--save", "same.safetensors", "--export", "same.safetensors"], InputError, "need a file each"),
        (["--compare", "colour=red"], InputError, "is not NAME=VALUE"),
        (["--compare", "head"], InputError, "'head' lacks what to compare with; write head=VALUE"),
        (["--compare", "haed=2"], InputError, "did you mean 'head'"),
        (["--compare", "head=-1"], InputError, "a head is a number from 0"),
        (["--device", "abacus"], InputError, "the device 'abacus' cannot be used"),
        (["-o", "no/such/folder/x.txt"], OutputError, "there is no folder"),
    ],
)
def test_what_does_not_exist_is_told(inspect, arguments, kind, words):
    with pytest.raises(kind, match=words):
        inspect("by-hand-generator", TEXT, *arguments)


def test_models_of_transformers_are_opened(inspect, tmp_path):
    pytest.importorskip("transformers")
    from pellucid.nn.converters import to_transformers
    from pellucid.pretrained import model_directory, open_model

    folder = tmp_path / "tiny-llama"
    to_transformers(open_model("stories260k").model, folder, model_directory("stories260k") / "tokenizer.json")
    text = inspect(folder, TEXT)
    assert "tiny-llama reads" in text
    assert "✓ 5 of 5 attentions verified" in text
    half = json.loads(inspect(folder, TEXT, "--dtype", "bfloat16", "--json"))
    assert half["layers"][0]["tolerance"] >= 2e-2
    torch.save({}, folder / "model.pt")
    with pytest.raises(InputError, match="is a pickle"):
        inspect(folder / "model.pt", TEXT)
