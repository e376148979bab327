import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.checking.floats import NoValueError, float_of
from pellucid.checking.sides import SideParser
from pellucid.checking.tokens import tokens_of
from pellucid.checking.values import (
    exact_text,
    factors_of,
    leaves,
    mapped,
    matrix_product,
    numbers,
    replaced,
    softmax,
    total,
)
from pellucid.expressions import Number, Quotient


def tree(text):
    return SideParser(tokens_of(text)).parse(0)[0].tree


def array(values):
    boxed = np.empty(np.shape(values), dtype=object)
    for place, value in np.ndenumerate(np.array(values, dtype=float)):
        boxed[place] = Number(Decimal(repr(float(value))))
    return boxed


@given(
    sizes=st.lists(st.integers(1, 5), min_size=3, max_size=3, unique=True),
    seed=st.integers(0, 1000),
)
def test_matrix_products_are_those_of_numpy(sizes, seed):
    n, d, m = sizes
    random = np.random.default_rng(seed)
    left, right = random.integers(-9, 9, (n, d)), random.integers(-9, 9, (d, m))
    np.testing.assert_array_equal(numbers(matrix_product(array(left), array(right))), left @ right)
    np.testing.assert_array_equal(numbers(matrix_product(array(left[0]), array(right))), left[0] @ right)
    np.testing.assert_array_equal(numbers(matrix_product(array(left), array(right[:, 0]))), left @ right[:, 0])
    assert float_of(matrix_product(array(left[0]), array(right[:, 0]))) == left[0] @ right[:, 0]


@pytest.mark.parametrize(("left", "right"), [((2, 3), (2, 3)), ((2,), (3,)), ((2, 3), (2,)), ((0,), (0,))])
def test_shapes_that_do_not_fit(left, right):
    with pytest.raises(NoValueError):
        matrix_product(array(np.zeros(left)), array(np.zeros(right)))
    if left != right and left != (0,):
        with pytest.raises(NoValueError):
            mapped(Quotient, array(np.zeros(left)), array(np.zeros((5,))))


def test_products_that_are_too_large_to_be_spelled():
    with pytest.raises(NoValueError):
        matrix_product(array(np.ones((70, 1))), array(np.ones((1, 70))))
    with pytest.raises(NoValueError):
        softmax(array(np.ones((300, 300))))


@given(scores=st.lists(st.floats(-5, 5), min_size=1, max_size=6))
def test_a_softmax_sums_to_one(scores):
    weights = numbers(softmax(array(scores)))
    powers = [math.exp(score) for score in scores]
    np.testing.assert_allclose(weights, [power / sum(powers) for power in powers], rtol=1e-12)
    assert weights.sum() == pytest.approx(1)


def test_a_total_of_nothing_has_no_value():
    assert float_of(total(array([[1, 2, 3], [4, 5, 6]]))) == 21
    with pytest.raises(NoValueError):
        total(array([]))


@pytest.mark.parametrize("text", ["1/0", "√(-1)", "0^-1", "e^700 · e^700 − e^700 · e^700", "1/(0.5 − 0.5)"])
def test_what_has_no_value(text):
    with pytest.raises(NoValueError):
        float_of(tree(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1/3", "0.333333333333333"), ("√2", "1.41421356237310"), ("e^1", "2.71828182845905"), ("0.1 + 0.2", "0.3")],
)
def test_exact_digits(text, expected):
    assert Decimal(exact_text(tree(text))) == Decimal(expected)


@pytest.mark.parametrize("text", ["1/0", "√(-2)"])
def test_what_has_no_value_has_no_exact_digits(text):
    assert exact_text(tree(text)) == ""


def test_leaves_stand_in_the_order_of_the_text():
    text = "e^(0.25/√3)/(e^0.5 + 7%)"
    found = leaves(tree(text))
    assert [leaf.text for leaf in found] == ["0.25", "3", "0.5", "7%"]
    assert all(text[leaf.start : leaf.end] == leaf.text for leaf in found)


def test_a_softmax_has_each_leaf_once():
    assert [leaf.text for leaf in leaves(tree("softmax([0.1, 0.2, 0.4])"))] == ["0.1", "0.2", "0.4"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.3×0.1 + 0.4×0.3", [("0.3", "0.1"), ("0.4", "0.3")]),
        ("0.3×0.1", [("0.3", "0.1")]),
        ("-0.3×0.1 + 2×5", [("-0.3", "0.1"), ("2", "5")]),
        ("[1, 2]·[3, 4]", [("1", "3"), ("2", "4")]),
        ("0.3×0.1 + 0.4", None),
        ("1×2×3", None),
        ("0.5/2", None),
    ],
)
def test_pairs_of_a_sum_of_products(text, expected):
    pairs = factors_of(tree(text))
    shown = None if pairs is None else [(first.text, second.text) for first, second in pairs]
    assert shown == expected


def test_replacing_numbers():
    doubled = replaced(tree("1×2 + √9/3"), lambda leaf: Number(leaf.value * 2))
    assert float_of(doubled) == pytest.approx(2 * 4 + math.sqrt(18) / 6)
