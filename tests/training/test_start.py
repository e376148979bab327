"""Beginning with a trained model."""

import shutil

import pytest
import torch
from safetensors.torch import load_file

from pellucid.errors import RecipeError
from pellucid.training.progress import Progress
from pellucid.training.train import train
from sentences import assert_one_sentence
from tiny_training import tiny


class Heard(Progress):
    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return train(tiny(), tmp_path_factory.mktemp("start") / "first").folder


def begun(first, tmp_path, progress=None, **changes):
    training = {"start": str(first), "steps": 1, "average_last": 0, "ema_decay": 0.0}
    return train(tiny(training=training, seed=6, **changes), tmp_path / "second", progress=progress).folder


def test_a_training_begins_with_the_weights_and_the_tokenizer_of_a_model(first, tmp_path):
    heard = Heard()
    second = begun(first, tmp_path, heard, optimizer={"learning_rate": 0.0})  # moves nothing
    before, after = (load_file(folder / "model.safetensors") for folder in (first, second))
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert (second / "tokenizer.json").read_bytes() == (first / "tokenizer.json").read_bytes()
    assert f"it begins with the weights of {first}." in heard.lines


def test_dropout_may_differ_and_the_shape_may_not(first, tmp_path):
    with pytest.raises(RecipeError) as caught:
        begun(first, tmp_path, model={"d_ff": 21})
    assert_one_sentence(str(caught.value))
    assert "d_ff is 21 here and 20 there" in str(caught.value)
    assert begun(first, tmp_path, model={"dropout": 0.3}).exists()


def test_a_start_without_a_model_or_with_a_second_tokenizer_is_refused(first, tmp_path):
    with pytest.raises(RecipeError) as caught:
        begun(tmp_path / "none", tmp_path)
    assert_one_sentence(str(caught.value))
    assert "none is no folder" in str(caught.value)
    (tmp_path / "none").mkdir()
    with pytest.raises(RecipeError, match=r"none has no tokenizer\.json"):
        begun(tmp_path / "none", tmp_path)
    with pytest.raises(RecipeError) as caught:
        begun(first, tmp_path, tokenizer={"file": str(first / "tokenizer.json")})
    assert_one_sentence(str(caught.value))
    assert "leave tokenizer.file out" in str(caught.value)


def test_what_has_begun_needs_no_beginning(first, tmp_path):
    start = shutil.copytree(first, tmp_path / "first")
    begun(start, tmp_path)
    shutil.rmtree(start)
    heard = Heard()
    recipe = tiny(training={"start": str(start), "steps": 2, "average_last": 0, "ema_decay": 0.0}, seed=6)
    train(recipe, tmp_path / "second", resume=True, progress=heard)
    assert "going on after step 1." in heard.lines
    assert not any(line.startswith("it begins") for line in heard.lines)
