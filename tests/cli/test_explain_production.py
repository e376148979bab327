"""`--explain` of `pellucid translate` and `pellucid generate`, in this process."""

import json

import pytest

TRANSLATE = ["translate", "--model", "by-hand-translator", "The dog is sitting on the mat.", "--explain"]
GENERATE = ["generate", "--model", "by-hand-generator", "The dog saw the cat.", "--explain"]


def test_the_terminal_shows_words_map_arithmetic_and_beams(call):
    code, output, errors = call(*TRANSLATE)
    assert (code, errors) == (0, "")
    for part in ("“Der Hund sitzt auf der", "Word by word", "mean of all heads", "The beams", "--step Der"):
        assert part in output
    assert "\x1b" not in output
    assert output.count("\n") < 78
    assert max(map(len, output.splitlines())) <= 80


def test_a_language_model_looks_at_its_own_text(call):
    code, output, errors = call(*GENERATE)
    assert (code, errors) == (0, "")
    assert "The cat greeted the dog." in output
    assert "how much of the text so far each word takes" in output
    assert "The beams" not in output


@pytest.mark.parametrize("suffix", [".md", ".tex", ".html", ".xlsx", ".json", ".svg", ".txt"])
@pytest.mark.parametrize("command", [TRANSLATE, GENERATE], ids=["translate", "generate"])
def test_every_format_is_written(call, command, suffix, tmp_path):
    assert call(*command, "-o", f"page{suffix}") == (0, "", "")
    assert (tmp_path / f"page{suffix}").stat().st_size > 2000


def test_json_is_the_line_without_explain_and_more(call):
    plain = json.loads(call(*TRANSLATE[:-1], "--json")[1])
    explained = json.loads(call(*TRANSLATE, "--json")[1])
    assert {name: explained[name] for name in plain} == plain
    assert call(*TRANSLATE, "--to", "json")[1] == call(*TRANSLATE, "--json")[1]
    plain = json.loads(call(*GENERATE[:-1], "--json")[1])
    explained = json.loads(call(*GENERATE, "--json")[1])
    assert {name: explained[name] for name in plain} == plain


def test_one_step_can_be_dug_into(call):
    code, output, _ = call(*TRANSLATE, "--step", "sitzt", "--layer", "0", "--head", "0", "--query", "Der")
    assert code == 0
    assert "“sitzt”, step 2 of" in output
    assert "How well does each key match the query of “Der”?" in output
    assert "Head 0 of layer 0" in output


def test_a_translation_can_be_forced(call):
    code, output, _ = call(*TRANSLATE, "--force", "Die Katze sitzt auf der Matte.")
    assert code == 0
    assert "“Die Katze sitzt auf der" in output
    assert "The beams" not in output
    forced = json.loads(call(*TRANSLATE, "--force", "Die Katze sitzt auf der Matte.", "--json")[1])
    assert forced["forced"] is True
    assert forced["steps"][0]["candidates"][0]["token"] == "Der"


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([*TRANSLATE, "The cat."], ("one translation", "one TEXT")),
        ([*TRANSLATE, "-i", "file"], ("one TEXT",)),
        ([*TRANSLATE, "--engine", "torch"], ("on NumPy", "leave out --engine")),
        ([*TRANSLATE, "--compute", "int8"], ("in float32",)),
        ([*TRANSLATE, "--n-best", "5"], ("--beam 5",)),
        ([*TRANSLATE, "--query", "Der"], ("--step",)),
        ([*TRANSLATE, "--step", "saß"], ("no written token is 'saß'", "Matte")),
        ([*TRANSLATE, "--step", "8"], ("step 8 does not exist; there are 8",)),
        ([*TRANSLATE, "--head", "2"], ("head 2 does not exist; there are 2",)),
        ([*TRANSLATE, "--layer", "3"], ("layer 3 does not exist; there is one, number 0",)),
        ([*TRANSLATE, "--force", ""], ("to force is empty",)),
        ([*TRANSLATE, "--force", "Der Elefant."], ("'Elefant'", "unknown")),
        ([*TRANSLATE, "--force", "Der Hund.", "--n-best", "2"], ("forced translation is one",)),
        ([*TRANSLATE, "--json", "--to", "html"], ("two formats",)),
        ([*TRANSLATE, "--to", "pdf"], ("'pdf' is no format",)),
        ([*TRANSLATE, "-o", "nowhere/page.html"], ("no folder",)),
        ([*TRANSLATE, "-o", "page.doc"], ("no suffix of a known format",)),
        ([*TRANSLATE[:-1], "--force", "Der Hund."], ("give both",)),
        ([*TRANSLATE[:-1], "--step", "1"], ("--step is about an explanation",)),
        ([*TRANSLATE[:-1], "--to", "html"], ("--to is about an explanation",)),
        ([*GENERATE[:-1], "--head", "0"], ("--head is about an explanation",)),
        ([*GENERATE[:-1], "-o", "text"], ("-o is for an explanation",)),
        ([*GENERATE, "--model", "by-hand-translator"], ("continues no text",)),
        ([*TRANSLATE, "--model", "stories260k"], ("does not translate",)),
    ],
)
def test_mistakes_get_one_sentence(call, assert_mistake, arguments, parts):
    assert_mistake(call(*arguments), *parts)
