"""Ways to ask for a derivation."""

import inspect
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from pellucid import Example, explain, shipped_examples
from pellucid.errors import InputError
from pellucid.examples.library import example_source, load_example
from pellucid.examples.reader import parse_example
from pellucid.numbers import FLOAT32, FLOAT64

EXAMPLE = Example(query=[["0.1"]], key=[["0.2"]], value=[["0.7"]], scale="none")


def test_an_example_a_name_and_a_path_can_be_explained(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(example_source("dog-on-the-mat"), encoding="utf-8")
    outputs = [explain(given)["output"].value for given in ("dog-on-the-mat", path, str(path), load_example(path))]
    for output in outputs:
        np.testing.assert_array_equal(output, outputs[0])


def test_a_bare_name_of_a_file_is_found(tmp_path, monkeypatch):
    (tmp_path / "mine").write_text("scores: [[1]]\nscale: none\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert explain("mine").title == "mine"
    assert explain(Path("mine")).title == "mine"


def test_the_number_type_is_chosen():
    assert explain(EXAMPLE).numbers is FLOAT64
    single = explain(EXAMPLE, dtype="float32")
    assert single.numbers is FLOAT32
    assert {step.value.dtype for step in single} == {np.dtype(np.float32)}
    exact = explain(EXAMPLE, exact=True)
    assert exact.numbers.digits == 50
    assert exact["scores"].value.tolist() == [[Decimal("0.02")]]
    assert explain(EXAMPLE, exact=7).numbers.digits == 7


def test_digits_are_the_places_that_are_printed():
    example = Example(query=[["1/3"]], key=[[1]], value=[[1]], scale="none")
    assert str(explain(example, digits=2)["scores"].at(0, 0)) == "scores[0, 0] = (1/3)×1 = 0.33"
    assert str(explain(example, digits=6)["scores"].at(0, 0)) == "scores[0, 0] = (1/3)×1 = 0.333333"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"dtype": "float16"}, "dtype is 'float16'; it can be 'float64' or 'float32'"),
        ({"digits": -1}, "--digits is -1; it can be 0 to 1000."),
        ({"exact": 0}, "exact mode was asked for 0 digits"),
    ],
)
def test_impossible_options_are_refused(options, sentence):
    unchecked = inspect.unwrap(explain)  # as it is when no tests run
    with pytest.raises(InputError) as caught:
        unchecked(EXAMPLE, **options)
    assert sentence in str(caught.value)


def test_every_shipped_example_says_what_it_teaches_and_can_be_explained():
    shipped = shipped_examples()
    assert shipped[0].name == "dog-on-the-mat"
    assert len({example.name for example in shipped}) == len(shipped) == 8
    for example in shipped:
        assert example.title
        assert example.purpose.endswith((".", "?", "!"))
        weights = explain(example.name)["weights"].value
        sums = weights.sum(axis=-1)
        np.testing.assert_allclose(sums[sums != 0], 1)


def test_the_example_beside_is_explained_the_same_way():
    example = parse_example(b"scores: [[1/3]]\nscale: none\nbeside: {scores: [[2/3]]}")
    derivation = explain(example, exact=3, carry="rounded", digits=1)
    assert derivation["scores"].value.tolist() == [[Decimal("0.3")]]
    assert derivation.beside["scores"].value.tolist() == [[Decimal("0.7")]]
    assert derivation.beside.drift[0].exact == Decimal("0.667")


def test_heads_are_projected_then_split():
    random = np.random.default_rng(2)
    x, weight = random.normal(size=(3, 4)), random.normal(size=(4, 6))
    derivation = explain(
        Example(embeddings=x, weights={"query": weight, "key": weight, "value": weight[:, :4]}, num_heads=2)
    )
    projected = x @ weight
    np.testing.assert_allclose(derivation["query"].value, [projected[:, :3], projected[:, 3:]])
    np.testing.assert_allclose(derivation["value"].value, [projected[:, :2], projected[:, 2:4]])
    assert "value_weight" in derivation
    assert "query_bias" not in derivation


def test_scores_alone_end_at_the_weights():
    derivation = explain(Example(scores=[[0, 0]], scale="none"))
    assert [step.name for step in derivation] == ["scores", "scaled_scores", "masked_scores", "weights"]
    assert derivation.output.name == "weights"


def test_scores_of_heads_weigh_values_of_heads():
    derivation = explain(Example(scores=[[[0, 0]], [["-inf", 0]]], value=[[1, 10], [3, 30]], num_heads=2, scale="none"))
    assert derivation["output"].value.tolist() == [[2, 30]]
