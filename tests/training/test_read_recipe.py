import copy
import tomllib
from pathlib import Path

import pytest

from pellucid.errors import RecipeError
from pellucid.training.read_recipe import convert_recipe, read_recipe
from pellucid.training.recipe import PairData, TextData
from sentences import assert_one_sentence
from tiny_training import TINY, toml_of

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))


def changed(place, value):
    values = copy.deepcopy(TINY)
    section = values
    *sections, key = place.split(".")
    for name in sections:
        section = section.setdefault(name, {})
    section[key] = value
    return values


def test_a_recipe_is_read(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(toml_of(TINY))
    recipe = read_recipe(path)
    assert recipe == convert_recipe(TINY, "tiny")
    assert recipe.training.steps == 12
    assert recipe.optimizer.betas == (0.9, 0.98)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_recipes_that_ship_are_right(path, tmp_path):
    recipe = read_recipe(path, environment={"PELLUCID_DATA": str(tmp_path)})
    assert recipe.name == path.stem
    assert recipe.about


def test_changes_from_the_command_line(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(toml_of(TINY))
    changes = ["training.steps=7", "name=other", "optimizer.betas=[0.5, 0.6]", "validation.patience = 2"]
    recipe = read_recipe(path, changes)
    assert (recipe.training.steps, recipe.name, recipe.optimizer.betas) == (7, "other", (0.5, 0.6))
    assert recipe.validation.patience == 2
    assert recipe.training.log_every == TINY["training"]["log_every"]


def test_paths_take_variables_and_begin_in_the_recipes_folder(tmp_path):
    path = tmp_path / "recipe.toml"
    data = {
        "kind": "pairs",
        "train": [{"tsv": "$CORPUS/train.tsv"}, {"source": "a.en", "target": ["a.de", "/b.de"]}],
        "valid": {"tsv": "${CORPUS}/valid.tsv", "reverse": True},
    }
    path.write_text(
        'name = "x"\n[model]\n[training]\nsteps = 1\n[tokenizer]\nfile = "t.json"\n[data]\nkind = "pairs"\n'
        'train = [{tsv = "$CORPUS/train.tsv"}, {source = "a.en", target = ["a.de", "/b.de"]}]\n'
        'valid = {tsv = "${CORPUS}/valid.tsv", reverse = true}\n'
    )
    recipe = read_recipe(path, environment={"CORPUS": "/c"})
    assert isinstance(recipe.data, PairData)
    assert recipe.data.train[0].tsv == "/c/train.tsv"
    assert recipe.data.train[1].source == str(tmp_path / "a.en")
    assert recipe.data.train[1].target == [str(tmp_path / "a.de"), "/b.de"]
    assert (recipe.data.valid.tsv, recipe.data.valid.reverse) == ("/c/valid.tsv", data["valid"]["reverse"])
    assert recipe.tokenizer.file == str(tmp_path / "t.json")


def test_of_a_text_the_files_are_paths_too(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text('name = "x"\n[model]\n[training]\nsteps = 1\n[data]\nkind = "text"\ntrain = ["$A/x", "y"]\n')
    recipe = read_recipe(path, environment={"A": "/a"})
    assert isinstance(recipe.data, TextData)
    assert recipe.data.train == ["/a/x", str(tmp_path / "y")]


def test_a_variable_that_is_not_set_is_a_sentence(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text('[data]\nkind = "text"\ntrain = "$NOWHERE/x"\n')
    with pytest.raises(RecipeError, match="NOWHERE, which is not set") as caught:
        read_recipe(path, environment={})
    assert_one_sentence(str(caught.value))


@pytest.mark.parametrize(
    ("place", "value", "parts"),
    [
        ("training.setps", 3, ["[training]", "'setps'", "did you mean 'steps'?"]),
        ("trainning", {}, ["'trainning'", "did you mean 'training'?"]),
        ("data.leters", 3, ["[data]", "did you mean 'letters'?"]),
        ("training.steps", "many", ["training.steps", "a whole number", "'many'"]),
        ("training.steps", 0, ["training.steps", "at least 1", "0"]),
        ("training.label_smoothing", 1.5, ["training.label_smoothing", "1.5"]),
        ("training.compile", True, ["training.compile", 'data.kind = "text"']),
        ("training.precision", "bfloat61", ["training.precision", "'bfloat61'", "did you mean 'bfloat16'?"]),
        ("optimizer.kind", "sgd", ["optimizer.kind", "'sgd'", "adam, adamw, muon"]),
        ("optimizer.betas", [0.9, 1.0], ["optimizer.betas", "less than 1"]),
        ("optimizer.learning_rate", float("inf"), ["optimizer.learning_rate", "inf"]),
        ("data.kind", "pears", ["data.kind", "'pears'", "did you mean 'pairs'?"]),
        ("data.task", "coppy", ["data.task", "'coppy'", "did you mean 'copy'?"]),
        ("data.longest", 1, ["data.longest (1)", "data.shortest (2)"]),
        ("data.letters", 27, ["26", "27"]),
        ("validation.select", "bleu", ["validation.scores = true"]),
        ("training", 3, ["training must be keys with values"]),
        ("name", 3, ["name must be a text, not 3"]),
        ("schedule.final", -0.1, ["schedule.final", "-0.1"]),
        ("data", {"kind": "pairs", "train": {"tsv": "a"}, "valid": {"source": "b"}}, ["data.valid", "`target`"]),
        ("data", {"kind": "pairs", "train": {"tvs": "a"}, "valid": {}}, ["[data.train]", "did you mean 'tsv'?"]),
        ("data", {"kind": "pairs", "train": {"tsv": "a"}}, ["[data]", "'valid'"]),
        (
            "data",
            {"kind": "pairs", "train": {"tsv": "a"}, "valid": {"source": "b", "target": "c", "reverse": True}},
            ["data.valid.reverse"],
        ),
    ],
)
def test_what_is_wrong_is_a_sentence_with_its_place(place, value, parts):
    with pytest.raises(RecipeError) as caught:
        convert_recipe(changed(place, value), "r.toml")
    assert_one_sentence(str(caught.value))
    for part in ["r.toml", *parts]:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("change", "part"),
    [("training.steps", "--set key=value"), ("=3", "--set key=value"), ("name.x=3", "name is a value")],
)
def test_a_change_that_changes_nothing_is_a_sentence(change, part, tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(toml_of(TINY))
    with pytest.raises(RecipeError, match=part) as caught:
        read_recipe(path, [change])
    assert_one_sentence(str(caught.value))


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe", None])
def test_a_file_that_is_no_recipe_is_a_sentence(content, tmp_path):
    path = tmp_path / "tiny.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecipeError) as caught:
        read_recipe(path)
    assert_one_sentence(str(caught.value))
    assert str(path) in str(caught.value)


def test_spelling_a_recipe_as_toml_gives_it_back():
    assert tomllib.loads(toml_of(TINY)) == TINY
