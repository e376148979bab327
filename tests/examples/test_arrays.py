"""Arrays of every kind from Python, and numbers at the edges of what floats hold."""

import inspect
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from pellucid import Example, explain
from pellucid.errors import ExampleError, InputError
from pellucid.examples.settings import read_scale, read_tokens
from pellucid.expressions import parse

ROWS = [[1.0, 2.0], [3.0, 4.5], [-0.5, 0.25]]


def scores(query, **options):
    return explain(Example(query=query, key=[[1, 10]], value=[[1]], scale="none"), **options)["scores"].value


@pytest.mark.parametrize(
    "given",
    [
        ROWS,
        tuple(tuple(row) for row in ROWS),
        np.array(ROWS),
        np.asfortranarray(ROWS),
        np.array(ROWS)[::-1][::-1],
        np.array(ROWS, dtype=np.float16),
        np.array(ROWS, dtype=np.float32),
        np.array(ROWS, dtype=np.longdouble),
        np.array(ROWS, dtype=">f8"),
        np.array(ROWS, dtype=object),
        np.array([[str(number) for number in row] for row in ROWS], dtype=object),
        np.array([[Decimal(str(number)) for number in row] for row in ROWS], dtype=object),
        [np.array(row) for row in ROWS],
        [[np.float32(number) for number in row] for row in ROWS],
    ],
    ids=lambda given: f"{type(given).__name__} {getattr(given, 'dtype', '')}",
)
@pytest.mark.parametrize("exact", [False, True])
def test_arrays_of_every_kind_mean_the_same(given, exact):
    assert scores(given, exact=exact).tolist() == [[21], [48], [2]]


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint8])
def test_whole_numbers_do_not_wrap_around(dtype):
    assert scores(np.array([[100, 100]], dtype=dtype)).tolist() == [[1100]]


def test_expressions_are_entries_and_scales_too():
    third = parse("1/3")
    derivation = explain(Example(query=[[third]], key=[[parse("6")]], value=[[1]], scale=parse("d_k/2")))
    assert derivation["scaled_scores"].value.tolist() == [[1]]
    assert derivation["query"].spell((0, 0)) == third


@pytest.mark.parametrize(
    ("read", "sentence"),
    [
        (lambda: inspect.unwrap(read_tokens)(["a", 1], "tokens"), "tokens[1] is 1; a token is a text."),
        (lambda: read_scale(True, 3), "scale is True; it can be 1/sqrt(d_k), 1/d_k, none or a number."),
        (lambda: read_scale(1j, 3), "scale is 1j; it can be 1/sqrt(d_k), 1/d_k, none or a number."),
    ],
)
def test_settings_of_the_wrong_type_are_refused(read, sentence):
    with pytest.raises(ExampleError) as caught:
        read()
    assert str(caught.value) == sentence


def test_a_float32_stands_for_its_shortest_decimal_in_exact_mode():
    assert scores(np.array([[0.1, 0.2]], dtype=np.float32), exact=True).tolist() == [[Decimal("2.1")]]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (np.array(1.0), "query has shape (); it needs 2 axes."),
        (np.array([1.0, 2.0]), "query has shape (2,); it needs 2 axes."),
        (np.zeros((1, 2, 3)), "query has shape (1, 2, 3); it needs 2 axes."),
        (np.zeros((0, 2)), "query has shape (0, 2), which is empty; give at least one row."),
        (np.zeros((2, 0)), "query has shape (2, 0), which is empty"),
        (np.array([[True, False]]), "query has dtype bool; it needs real numbers."),
        (np.array([[1j, 2]]), "query has dtype complex128; it needs real numbers."),
        (np.array([["a", "b"]]), "it needs real numbers."),
        (np.array([[1, np.nan]]), "query[0][1] is nan; every entry needs to be a finite number."),
        (np.array([[1, np.inf]]), "query[0][1] is inf; every entry needs to be a finite number."),
        (np.array(5, dtype=object), "query is a single value; it needs a list of rows."),
        ([[1j, 1]], "query[0][0] is 1j; it needs a number such as 0.3 or 1/3."),
        ([[Fraction(1, 3), 1]], "query[0][0] is Fraction(1, 3); it needs a number"),
        ([[True, 1]], "query[0][0] is True; it needs a number"),
        ([[None, 1]], "query[0][0] is None; it needs a number"),
        ([[b"1", 1]], "query[0][0] is b'1'; it needs a number"),
        ([[10**5000, 1]], "query[0][0] is too long a number; it needs a number"),
        ([[10**400, 1]], "query[0][0] is beyond 1e308; use smaller numbers."),
        ([[Decimal("1e9999999"), 1]], "query[0][0] is beyond 1e308"),
        ([[Decimal("sNaN"), 1]], "query[0][0] is NaN"),
        (3, "query is a single value; it needs a list of rows."),
        ("1 2", "query is a single value; it needs a list of rows."),
        ({"a": 1}, "query is a single value; it needs a list of rows."),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(given, sentence):
    with pytest.raises(ExampleError) as caught:
        scores(given)
    assert sentence in str(caught.value)


def test_a_list_that_holds_itself_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(ExampleError, match=r"query\[0\]\[0\]\[0\] is a list; at most 3 levels"):
        scores(endless)


class TestMasks:
    def weights(self, mask):
        return explain(Example(scores=[[0, 0], [0, 0]], scale="none", mask=mask))["weights"].value.tolist()

    @pytest.mark.parametrize("dtype", [bool, int, float, np.uint8, np.float16])
    def test_a_numpy_mask_may_have_any_dtype(self, dtype):
        assert self.weights(np.array([[1, 0], [1, 1]], dtype=dtype)) == [[1, 0], [0.5, 0.5]]

    def test_a_mask_to_be_added(self):
        assert self.weights(np.array([[0, -np.inf], [0, 0]])) == [[1, 0], [0.5, 0.5]]

    def test_a_mask_of_nothing_but_zeros_lets_nothing_through(self):
        assert self.weights(np.zeros((2, 2))) == [[0, 0], [0, 0]]

    def test_a_boolean_mask_of_another_shape(self):
        with pytest.raises(ExampleError, match="mask is 1×2; it needs 2 rows"):
            self.weights(np.ones((1, 2), dtype=bool))

    def test_a_mask_of_heads(self):
        with pytest.raises(ExampleError, match=r"mask is 1×2×2; it needs 2 rows"):
            self.weights(np.ones((1, 2, 2), dtype=bool))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_results_that_overflow_are_a_sentence(dtype):
    large = 1e300 if dtype == "float64" else 1e30
    with pytest.raises(
        InputError, match=f"a result is too large or undefined in {dtype}; use smaller numbers, or exact"
    ):
        explain(Example(query=[[large]], key=[[large]], value=[[1]]), dtype=dtype)


def test_inputs_beyond_float32_are_a_sentence():
    with pytest.raises(InputError, match="too large or undefined in float32"):
        explain(Example(query=[[1e300]], key=[[1]], value=[[1]]), dtype="float32")


def test_exact_decimals_reach_further():
    derivation = explain(Example(query=[["1e300"]], key=[["1e300"]], value=[[1]]), exact=True)
    assert derivation["scores"].value.tolist() == [[Decimal("1e600")]]


def test_values_at_the_edge_of_floats_are_no_overflow():
    derivation = explain(Example(scores=[[0, 0]], value=[[1e308], [1e308]], scale="none"))
    assert derivation["output"].value.tolist() == [[1e308]]


@pytest.mark.parametrize("tiny", [5e-324, 1e-310])
def test_subnormal_numbers_are_numbers(tiny):
    derivation = explain(Example(query=[[tiny]], key=[[1]], value=[[tiny]]))
    assert derivation["scores"].value.tolist() == [[tiny]]
    assert derivation["output"].value.tolist() == [[tiny]]


@pytest.mark.parametrize(
    ("n_q", "n_k", "d_k", "d_v"), [(1, 3, 2, 4), (3, 1, 2, 4), (2, 3, 1, 4), (2, 3, 4, 1), (1, 1, 1, 1)]
)
def test_every_size_may_be_one(n_q, n_k, d_k, d_v):
    random = np.random.default_rng(1)
    query, key, value = (random.normal(size=shape) for shape in ((n_q, d_k), (n_k, d_k), (n_k, d_v)))
    derivation = explain(Example(query=query, key=key, value=value))
    assert derivation["output"].shape == (n_q, d_v)
    if n_k == 1:
        np.testing.assert_array_equal(derivation["output"].value, np.broadcast_to(value, (n_q, d_v)))


def test_arrays_are_never_modified():
    given = np.array(ROWS)
    before = given.copy()
    explain(Example(query=given, key=given, value=given, mask="causal"), carry="rounded", digits=1)
    np.testing.assert_array_equal(given, before)
