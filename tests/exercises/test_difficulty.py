import numpy as np
import pytest

from pellucid.derivation import Derivation
from pellucid.errors import InputError
from pellucid.examples import Example, explain
from pellucid.examples.library import load_example
from pellucid.exercises.difficulty import choose_blanks


def one_head(**settings: object) -> list[Derivation]:
    return [explain(Example(query=np.ones((2, 3)), key=np.ones((2, 3)), value=np.ones((2, 4)), **settings))]


def several_heads() -> list[Derivation]:
    weights = {"query": np.ones((3, 4)), "key": np.ones((3, 4)), "value": np.ones((3, 2)), "output": np.ones((2, 5))}
    return [explain(Example(embeddings=np.ones((2, 3)), weights=weights, num_heads=2))]


@pytest.mark.parametrize(
    ("level", "blank"),
    [
        ("easy", {"output"}),
        ("medium", {"weights", "output"}),
        ("hard", {"scores", "scaled_scores", "masked_scores", "weights", "output"}),
    ],
)
def test_harder_sheets_leave_more_blank(level: str, blank: set[str]):
    assert choose_blanks(level, one_head()) == blank


def test_with_several_heads_all_that_follows_the_weights_is_easy():
    assert choose_blanks("easy", several_heads()) == {"head_outputs", "concatenated", "output"}


def test_hard_leaves_only_the_inputs():
    (derivation,) = several_heads()
    assert choose_blanks("hard", [derivation]) == {step.name for step in derivation if not step.is_given}


def test_without_values_the_weights_are_the_easy_part():
    derivations = [explain(Example(scores=[[1, 0]], scale="none"))]
    assert choose_blanks("easy", derivations) == choose_blanks("hard", derivations) == {"weights"}


def test_inputs_that_are_copied_are_never_blank():
    (derivation,) = derivations = [explain(Example(embeddings=np.ones((2, 3))))]
    assert derivation["query"].operation.is_copy
    assert choose_blanks("hard", derivations).isdisjoint({"query", "key", "value"})


def test_two_examples_side_by_side_are_equally_hard():
    derivation = explain(load_example("self-and-cross"))
    assert derivation.beside is not None
    assert choose_blanks("easy", [derivation, derivation.beside]) == {"output"}


@pytest.mark.parametrize("blanks", ["scores, weights", ["weights", "scores"]])
def test_steps_can_be_named(blanks: str | list[str]):
    assert choose_blanks(blanks, one_head()) == {"scores", "weights"}


@pytest.mark.parametrize(
    ("blanks", "message"),
    [
        ("weigths", "there is no step 'weigths' to leave blank (did you mean 'weights'?)"),
        ("heavy", "blanks can be easy, medium, hard, or steps among scores, scaled_scores"),
        ("", "there is no step ''"),
        ([], "no step is to be blank; name one or more of scores"),
        ("medium, scores", "there is no step 'medium'"),
        ("query", "query is given, not computed, so it cannot be blank; these can: scores, scaled_scores"),
    ],
)
def test_other_blanks_are_refused_in_a_sentence(blanks: str | list[str], message: str):
    with pytest.raises(InputError) as error:
        choose_blanks(blanks, one_head())
    assert message in str(error.value)


def test_copies_of_inputs_are_refused_in_a_sentence():
    derivations = [explain(Example(embeddings=np.ones((2, 3))))]
    with pytest.raises(InputError, match="key is a copy of what is given, so it cannot be blank"):
        choose_blanks("key", derivations)
