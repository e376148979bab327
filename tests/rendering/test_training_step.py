"""What a training step says."""

import math

import pytest

from pellucid.errors import InputError
from pellucid.pretrained import open_model
from pellucid.rendering import FORMATS, Appearance, render
from pellucid.rendering.document import Note
from pellucid.rendering.focus import Selection
from pellucid.rendering.training_step import explain_training_step

SOURCE = "The dog is sitting on the mat."


@pytest.fixture(scope="module")
def step():
    return open_model("by-hand-translator").passes.train(SOURCE, "Der Hund sitzt", head=1)


def test_the_loss_is_that_of_the_last_word(step):
    passed = open_model("by-hand-translator").passes.explain(SOURCE, "Der Hund")
    probability = passed["probabilities"].value.max()
    assert step.before["loss"].value[0] == pytest.approx(-math.log(probability), rel=1e-12)
    text = render(explain_training_step(step), "terminal", Appearance())
    assert "The right next word is “sitzt”." in text
    assert f"loss[Hund] = -ln({probability:.4f}) = {-math.log(probability):.4f}" in text
    assert "scaled_gradient[Hund, sitting]" in text


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_shows_it(step, form):
    assert len(render(explain_training_step(step), form, Appearance())) > 400


def test_another_token_can_be_spelled_out(step):
    text = render(explain_training_step(step, Selection(query="Der")), "terminal", Appearance())
    assert "query_gradient[Der, 0]" in text
    assert "query_gradient[Hund, 0]" not in text


def test_a_loss_that_grows_is_remarked(step):
    def notes(step):
        return [block for block in explain_training_step(step).sections[-1].blocks if isinstance(block, Note)]

    assert step.after["loss"].value[0] < step.before["loss"].value[0]
    assert not notes(step)
    assert len(notes(open_model("by-hand-translator").passes.train(SOURCE, "Der Hund sitzt", rate=0.1))) == 1


def test_there_must_be_a_word_to_learn():
    with pytest.raises(InputError, match="no token to learn; give what the translator is to write"):
        open_model("by-hand-translator").passes.train(SOURCE)
