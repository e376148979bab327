"""Steps, their elements, and derivations as containers."""

import numpy as np
import pytest

from pellucid import Example, explain
from pellucid.errors import PositionError
from pellucid.expressions import evaluate
from pellucid.numbers import FLOAT64


@pytest.fixture(scope="module")
def dog():
    return explain("dog-on-the-mat")


@pytest.fixture(scope="module")
def full():
    """Every kind of step: positions, projections, biases, grouped heads, a mask, an output projection."""
    random = np.random.default_rng(3)
    shapes = {"query": (6, 8), "key": (6, 4), "value": (6, 10), "output": (20, 3)}
    return explain(
        Example(
            embeddings=random.normal(size=(5, 6)),
            positions="sinusoidal",
            weights={name: random.normal(size=shape) for name, shape in shapes.items()},
            biases={name: random.normal(size=shape[1]) for name, shape in shapes.items()},
            num_heads=4,
            num_key_value_heads=2,
            mask="causal",
            tokens="a b c b d",
        )
    )


def test_the_steps_stand_in_the_order_of_the_chain(full):
    assert [step.name for step in full if not step.is_given] == [
        "positions",
        "x",
        "projected_query",
        "query",
        "projected_key",
        "key",
        "projected_value",
        "value",
        "scores",
        "scaled_scores",
        "masked_scores",
        "weights",
        "head_outputs",
        "concatenated",
        "output",
    ]
    assert [step.shape for step in (full["query"], full["key"], full["value"])] == [(4, 5, 2), (2, 5, 2), (2, 5, 5)]
    assert [axis.name for axis in full["weights"].axes] == ["head", "query", "key"]
    assert full.output is full["output"]


def test_every_element_of_every_step_is_spelled_by_its_operands(full):
    for step in full:
        if step.is_given:
            continue
        for index in np.ndindex(step.shape):
            with FLOAT64.arithmetic():
                spelled = evaluate(step.spell(index), FLOAT64)
                live = evaluate(step.spell(index, live=True), FLOAT64)
            np.testing.assert_allclose([spelled, live], step.value[index], rtol=1e-12, atol=1e-13)


def test_an_element_expanded_through_the_whole_chain_keeps_its_value(full):
    through = [step.name for step in full]
    entry = full["scores"].at(3, "d", "b#2")
    assert entry.index == (3, 4, 3)
    with FLOAT64.arithmetic():
        assert evaluate(entry.expand(through), FLOAT64) == pytest.approx(entry.value, rel=1e-11)


def test_an_element_is_spelled_in_terms_of_what_is_asked_for(dog):
    entry = dog["weights"].at("sitting", "dog")
    assert str(entry).startswith("weights[sitting, dog] = e^0.1674/(e^0.1212 + e^0.1674 + ")
    expanded = entry.expand(["masked_scores", "scaled_scores"])
    assert {element.array for element in leaves(expanded)} == {"scores"}
    assert evaluate(expanded, FLOAT64) == pytest.approx(0.1666, abs=5e-5)


def leaves(expression):
    from pellucid.expressions import Element, parts

    if isinstance(expression, Element):
        return [expression]
    return [leaf for part in parts(expression) for leaf in leaves(part)]


def test_the_operands_of_an_element_are_entries_in_writing_order(dog):
    entry = dog["scores"].at("sitting", "dog")
    assert str(entry) == "scores[sitting, dog] = 0.3×0.2 + 0.4×0.4 + 0.1×0.7 = 0.29"
    assert repr(entry) == str(entry)
    assert [(operand.step.name, operand.index) for operand in entry.operands] == [
        (name, place) for k in range(3) for name, place in (("query", (3, k)), ("key", (1, k)))
    ]
    assert [operand.value for operand in entry.operands] == [0.3, 0.2, 0.4, 0.4, 0.1, 0.7]


def test_an_input_is_spelled_as_it_was_written():
    derivation = explain(Example(query=[["1/3"]], key=[[2]], value=[[1]]))
    assert str(derivation["query"].at(0, 0)) == "query[0, 0] = 1/3 = 0.3333"
    assert str(derivation["key"].at(0, 0)) == "key[0, 0] = 2"
    assert derivation["query"].at(0, 0).operands == ()


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (("sitting",), "scores has 2 axes (query, key); 1 positions were given."),
        (("sitting", "cat"), "no key token is 'cat'"),
        ((0, 6), "key 6 does not exist"),
    ],
)
def test_an_element_that_does_not_exist_is_refused(dog, where, message):
    with pytest.raises(PositionError) as caught:
        dog["scores"].at(*where)
    assert message in str(caught.value)


def test_a_step_that_does_not_exist_is_refused_with_the_nearest(dog):
    with pytest.raises(
        PositionError, match=r"no step 'wieghts' \(did you mean 'weights'\?\); the steps are query, key"
    ):
        dog["wieghts"]
    assert "weights" in dog
    assert "wieghts" not in dog


def test_a_derivation_is_a_container_of_its_steps(dog):
    assert len(dog) == len(list(dog)) == 8
    assert dog.title == "Self-attention: The dog is sitting on the"
    assert repr(dog).startswith(f"<Derivation {dog.title!r}: query 6×3, key 6×3, value 6×3, scores 6×6, ")


def test_tokens_of_queries_and_keys(dog):
    assert dog.tokens == ["The", "dog", "is", "sitting", "on", "the"]
    cross = explain(
        Example(query=[[1]], key=[[1], [2]], value=[[1], [2]], query_tokens=["der"], key_tokens=["the", "dog"])
    )
    assert cross.tokens == {"query": ["der"], "key": ["the", "dog"]}
    assert explain(Example(scores=[[1]], scale="none")).tokens == []


def test_values_carried_exactly_do_not_drift(dog):
    assert dog.drift == ()
