"""`pellucid explain --model` as a user meets it."""

import json

import pytest

TRANSLATION = ["explain", "--model", "by-hand-translator", "The dog is sitting on the mat."]


def test_the_terminal_shows_the_gist_and_how_to_see_more(pellucid):
    result = pellucid(*TRANSLATION, "--target", "Der Hund")
    assert (result.returncode, result.stderr) == (0, "")
    assert "The likeliest is chosen: “sitzt”." in result.stdout
    assert "The way of “Hund”" in result.stdout
    assert "--whole" in result.stdout
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize("suffix", [".md", ".tex", ".html", ".xlsx", ".json", ".svg", ".txt"])
def test_every_format_is_written(pellucid, suffix, tmp_path):
    arguments = ["explain", "--model", "by-hand-generator", "The dog saw the cat.", "-o", f"pass{suffix}"]
    result = pellucid(*arguments, cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert (tmp_path / f"pass{suffix}").stat().st_size > 4000


def test_whole_and_gist_can_be_chosen(pellucid):
    whole = pellucid(*TRANSLATION, "--whole").stdout
    assert "Encoder: feed-forward network" in whole
    gist = pellucid(*TRANSLATION, "--gist", "--to", "markdown").stdout
    assert "Encoder: feed-forward network" not in gist
    assert "--whole" not in gist


def test_one_training_step_can_be_followed(pellucid):
    result = pellucid(
        "explain", "--model", "by-hand-generator", "The dog saw the cat", "--train-step", "--rate", "0.02"
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "The right next word is “cat”." in result.stdout
    assert "Every weight goes 0.02 times its gradient down." in result.stdout


def test_json_holds_every_step_in_full_precision(pellucid):
    document = json.loads(pellucid(*TRANSLATION, "--json").stdout)
    steps = {step["name"]: step for step in document["steps"]}
    assert steps["choice"]["values"] == [4]
    assert sum(steps["probabilities"]["values"][0]) == pytest.approx(1, abs=1e-12)
    assert steps["encoder.embedding.ids"]["values"] == [4, 5, 6, 7, 8, 9, 13, 11, 2]
    assert document["tokens"]["key"][-1] == "<eos>"


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--model", "by-hand-translator"], ["give a text"]),
        (["--model", "by-hand-translator", " "], ["the text is empty"]),
        (["--model", "stories260k", "Once\x1b[2J"], ["text, line 1, character 5", "U+001B", "remove it"]),
        (
            ["--model", "by-hand-translator", "The dog", "--target", "Der\n\x07"],
            ["target, line 2, character 1", "U+0007"],
        ),
        (["--model", ".", "The dog"], ["config.json cannot be read", "a model's folder"]),
        (["--model", "by-hand-transl", "The dog"], ["did you mean 'by-hand-translator'"]),
        (["--model", "by-hand-translator", "The cow"], ["'cow'", "unknown"]),
        (["--model", "by-hand-translator", "The " * 40], ["41 tokens", "16"]),
        (["--model", "by-hand-generator", "The dog", "--target", "Der"], ["language model"]),
        (["--model", "by-hand-generator", "The dog", "--head", "2"], ["head 2", "counted from 0"]),
        (["--model", "by-hand-generator", "The dog", "--layer", "1"], ["layer 1", "there is one, number 0"]),
        (["--model", "by-hand-generator", "The dog", "--query", "cow"], ["'cow'", "<bos>, The, dog"]),
        (["--model", "by-hand-generator", "The dog", "--key", "dog"], ["--key is for examples"]),
        (["--model", "by-hand-generator", "The dog", "--gist", "--to", "html"], ["--gist is for", "html"]),
        (["--model", "by-hand-generator", "The dog", "--to", "docx"], ["docx"]),
        (["dog-on-the-mat", "--layer", "0"], ["--layer needs a model"]),
        (["--model", "by-hand-translator", "The dog", "--train-step"], ["no token to learn"]),
        (["--model", "by-hand-generator", "The dog", "--train-step", "--exact"], ["leave out --exact"]),
        (["--model", "by-hand-generator", "The dog", "--train-step", "--rate", "-1"], ["rate is -1", "positive"]),
        (["--model", "by-hand-generator", "The dog", "--rate", "1"], ["--rate is the learning rate"]),
        (["--model", "stories260k", "Once upon", "--train-step"], ["rotary"]),
    ],
)
def test_what_cannot_be_done_is_one_sentence(pellucid, assert_one_sentence, arguments, parts):
    assert_one_sentence(pellucid("explain", *arguments), *parts)
