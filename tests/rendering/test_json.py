import json

import numpy as np

from pellucid import Example, explain

MASKED = Example(
    tokens=["a", "b"],
    query=[["0.1"], ["1/3"]],
    key=[[1], [2]],
    value=[[1], [2]],
    mask="causal",
)


def steps(derivation):
    return {step["name"]: step for step in json.loads(derivation.to_json())["steps"]}


def test_numbers_read_back_as_the_same_floats():
    derivation = explain("complete-sentence")
    for name, step in steps(derivation).items():
        np.testing.assert_array_equal(np.array(step["values"]), derivation[name].value)
        assert step["shape"] == list(derivation[name].shape)


def test_float32_is_printed_with_the_digits_of_float32():
    derivation = explain("dog-on-the-mat", dtype="float32")
    assert steps(derivation)["query"]["values"][0] == [0.2, 0.5, 0.1]
    read = np.array(steps(derivation)["weights"]["values"], dtype=np.float32)
    np.testing.assert_array_equal(read, derivation["weights"].value)


def test_minus_infinity_is_a_string_and_masks_are_booleans():
    for exact in (False, True):
        values = steps(explain(MASKED, exact=exact))
        assert values["masked_scores"]["values"][0][1] == "-inf"
        assert values["mask"]["values"] == [[True, False], [True, True]]


def test_exact_values_are_strings_of_as_many_digits_as_asked_for():
    derivation = explain(MASKED, exact=20)
    assert steps(derivation)["query"]["values"] == [["0.1"], ["0.33333333333333333333"]]
    assert steps(derivation)["weights"]["values"][0] == ["1", "0"]


def test_tokens_of_cross_attention_are_two_lists():
    assert json.loads(explain("translation").to_json())["tokens"] == {
        "query": ["Der", "Hund", "sitzt"],
        "key": ["The", "dog", "is", "sitting"],
    }


def test_the_example_beside_comes_along():
    document = json.loads(explain("self-and-cross").to_json())
    assert document["title"] == "Self-attention"
    assert document["beside"]["title"] == "Cross-attention"
    assert document["beside"]["tokens"]["key"] == ["Der", "Hund"]


def test_blank_steps_have_no_values():
    document = json.loads(explain("dog-on-the-mat").to_json(blanks=frozenset({"weights"})))
    assert [step["name"] for step in document["steps"] if step["values"] is None] == ["weights"]
