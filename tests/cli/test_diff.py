"""`pellucid diff` as a user meets it."""

import json
import shutil

import pytest

from pellucid.pretrained.names import SHIPPED

DOG = "The dog is sitting on the mat."
GENERATOR, STORY = "by-hand-generator", "The dog saw the cat."


@pytest.fixture
def unscaled(call, tmp_path):
    _, source, _ = call("explain", "--source")
    (tmp_path / "mine.yaml").write_text(f"{source}scale: none\n", encoding="utf-8")


def test_two_examples_part_at_the_scale(call, unscaled):
    code, output, errors = call("diff", "dog-on-the-mat", "mine.yaml")
    assert (code, errors) == (1, "")
    assert "First at scaled_scores[dog, on]: 0.3002 and 0.52, 0.22 apart." in output
    assert "A: scaled_scores = 0.52/√3 = 0.3002\n" in output
    assert "B: scaled_scores = 0.52\n" in output
    assert "=   0                              scores\n" in output
    assert "\x1b" not in output


def test_a_run_is_the_same_as_its_recording(pellucid, tmp_path):
    """As whole processes: --json of one command is read by the other."""
    arguments = ["--model", "by-hand-translator", DOG, "--target", "Der Hund", "-o", "run.json"]
    assert pellucid("explain", *arguments, cwd=tmp_path).returncode == 0
    result = pellucid(
        "diff",
        "run.json",
        "by-hand-translator",
        "--text",
        DOG,
        "--target",
        "Der Hund",
        "--tolerance",
        "0",
        cwd=tmp_path,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "They do not part" in result.stdout
    assert "digit for digit" in result.stdout


def changed_weight(folder, name, row, column, by):
    """A copy of by-hand-generator in which one weight is another, saved as models are."""
    import torch

    from pellucid.nn import load_model, save_model
    from pellucid.nn.weight_names import named_parts

    model = load_model(SHIPPED / GENERATOR)
    with torch.no_grad():
        dict(named_parts(model))[name][row, column] += by
    save_model(model, SHIPPED / GENERATOR / "tokenizer.json", folder)


def test_two_models_part_at_the_weight_that_was_changed(call, tmp_path):
    """Weights are shown the way they multiply, in × out: row 3 and column 5 of the file are [5, 3]."""
    changed_weight(tmp_path / "mine", "decoder.layers.0.feed_forward.up.weight", 3, 5, 0.25)
    code, output, _ = call("diff", GENERATOR, "mine", "--text", STORY, "--json")
    assert code == 1
    found = json.loads(output)
    assert (found["a"], found["b"], found["same"]) == (GENERATOR, "mine", False)
    first = found["first"]
    assert (first["step"], first["index"]) == ("decoder.layers.0.feed_forward.up_weight", [5, 3])
    assert first["b"] - first["a"] == pytest.approx(0.25, abs=1e-12)
    assert first["difference"] == pytest.approx(0.25, abs=1e-12)
    parted = {step["step"] for step in found["steps"] if step["parts"]}
    assert "decoder.layers.0.self_attention.output" not in parted
    assert {"decoder.layers.0.feed_forward.up", "decoder.layers.0.feed_forward.output"} <= parted
    assert "It is an input" in call("diff", GENERATOR, "mine", "--text", STORY)[1]


def test_two_texts_part_at_the_word(call):
    code, output, _ = call("diff", GENERATOR, "--text", STORY, "--text", "The dog heard the cat.", "--json")
    first = json.loads(output)["first"]
    assert (code, first["step"], first["index"]) == (1, "decoder.embedding.ids", [3])
    shown = call("diff", GENERATOR, "--text", STORY, "--text", "The dog heard the cat.")[1]
    assert "First at decoder.embedding.ids: after “dog”, A has “saw” and B “heard”." in shown
    assert "≠   token        decoder.embedding.ids: “saw” and “heard”\n" in shown
    assert "It is an input: what the runs are given differs." in shown


def test_two_precisions_agree_but_not_digit_for_digit(call):
    both = ("diff", GENERATOR, "--text", STORY, "--dtype", "float64", "--dtype", "float32")
    assert call(*both)[0] == 0
    code, output, _ = call(*both, "--tolerance", "0", "--json")
    found = json.loads(output)
    assert (code, found["first"]["step"]) == (1, "decoder.embedding.scaled_embeddings")
    assert 0 < found["first"]["difference"] < 1e-6


def test_lengths_may_differ(call):
    code, output, _ = call("diff", GENERATOR, "--text", STORY, "--text", "The dog saw", "--json")
    first = json.loads(output)["first"]
    assert (code, first["step"], first["shapes"], first["difference"]) == (1, "decoder.embedding.ids", [[7], [4]], None)
    shown = call("diff", GENERATOR, "--text", STORY, "--text", "The dog saw")[1]
    words = " ".join(shown.split())
    assert "A has 7 tokens and B 4; after “saw”, A has “the” and B nothing." in words
    steps = json.loads(output)["steps"]
    others = sum("shapes" in step for step in steps)
    assert f"Of the {len(steps)} steps that both have, {others} have another shape in B" in words
    assert f"the other {len(steps) - others} were compared." in words
    assert "choice: “The” and “the”" in shown


def test_what_float32_rounds_is_called_the_same_input(call):
    shown = call(
        "diff", "stories260k", "--text", "Once", "--dtype", "float64", "--dtype", "float32", "--tolerance", "0"
    )[1]
    assert "It is an input, and the same one: float32 has no more of its digits." in shown


def test_two_recordings_show_how_each_came_to_its_number(call):
    """0.39/√3 = 0.22517, carried rounded 0.23."""
    call("explain", "dog-on-the-mat", "-o", "exact.json")
    call("explain", "dog-on-the-mat", "--carry", "rounded", "--digits", "2", "-o", "rounded.json")
    shown = call("diff", "exact.json", "rounded.json")[1]
    assert "First at scaled_scores[on, dog]: 0.2252 and 0.23" in shown
    assert "  A: scaled_scores = 0.39/√3 = 0.2252\n  B: scaled_scores = 0.39/√3 = 0.23\n" in shown
    assert call("diff", "exact.json", "rounded.json", "--tolerance", "0.02")[0] == 0


def test_minus_infinity_is_a_string(call, tmp_path):
    _, source, _ = call("explain", "--source")
    (tmp_path / "causal.yaml").write_text(f"{source}mask: causal\n", encoding="utf-8")
    code, output, _ = call("diff", "causal.yaml", "dog-on-the-mat", "--json")
    found = json.loads(output)
    assert (code, found["first"]["step"], found["only_in_a"]) == (1, "masked_scores", ["mask"])
    assert (found["first"]["a"], found["first"]["difference"], found["first"]["at"]) == ("-inf", "inf", ["The", "dog"])
    assert "∞ apart" in call("diff", "causal.yaml", "dog-on-the-mat")[1]


def test_a_damaged_model_is_refused(call, tmp_path):
    shutil.copytree(SHIPPED / GENERATOR, tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").write_bytes(b"x")
    code, output, errors = call("diff", GENERATOR, "m", "--text", STORY)
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert "damaged" in errors


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([], ["Missing argument 'A'"]),
        (["dog-on-the-mat"], ["dog-on-the-mat is the same as itself; give B, or --dtype twice."]),
        ([GENERATOR, "--text", STORY], ["the same as itself; give B, or --text, --target or --dtype twice."]),
        (["run.json"], ["run.json is the same as itself; give B."]),
        (["dog-on-the-matt", "dog-on-the-mat"], ["'dog-on-the-matt' is no file", "did you mean 'dog-on-the-mat'"]),
        (["by-hand-transl", "dog-on-the-mat"], ["did you mean 'by-hand-translator'"]),
        ([GENERATOR, "by-hand-translator"], ["give what it reads with --text"]),
        ([GENERATOR, "dog-on-the-mat", "--text", STORY], ["no step in common"]),
        (["dog-on-the-mat", "complete-sentence", "--text", STORY], ["--text is for models"]),
        (["dog-on-the-mat", "complete-sentence", "--tolerance", "-1"], ["tolerance is -1"]),
        (
            ["dog-on-the-mat", "--dtype", "exact", "--dtype", "float32", "--dtype", "exact"],
            ["--dtype is given 3 times"],
        ),
        ([GENERATOR, "--text", STORY, "--text", "a\x1b[2J"], ["text, line 1, character 2", "U+001B"]),
        ([GENERATOR, ".", "--text", STORY], ["config.json cannot be read", "a model's folder"]),
        ([GENERATOR, "--text", STORY, "--text", "The cow"], ["'cow'", "unknown"]),
        (["not.json", "dog-on-the-mat"], ["not.json"]),
        (["steps.json", "dog-on-the-mat"], ["steps.json is no recording"]),
        (
            ["steps.json", "steps.json", "--dtype", "float32"],
            ["recordings have been computed", "leave it out, and give B"],
        ),
    ],
)
def test_mistakes_get_one_sentence(call, tmp_path, arguments, parts):
    (tmp_path / "not.json").write_text("{")
    (tmp_path / "steps.json").write_text('{"steps": 3}')
    (tmp_path / "run.json").write_text('{"title": "t", "tokens": [], "steps": []}')
    code, output, errors = call("diff", *arguments)
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith("pellucid: ")
    for part in parts:
        assert part in errors


def test_recordings_of_captured_models_are_compared_by_inspect(call, tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"anything")
    code, output, errors = call("diff", "a.safetensors", "a.safetensors", "--dtype", "float64", "--dtype", "float32")
    assert (code, output) == (2, "")
    assert "pellucid inspect A --compare model=B" in errors
