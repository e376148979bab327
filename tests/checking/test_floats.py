"""The quick value of an expression against the one definition of the arithmetic."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.checking.floats import NoValueError, float_of
from pellucid.checking.printed import Printed
from pellucid.errors import InputError
from pellucid.expressions import (
    Exponential,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    SquareRoot,
    Sum,
    evaluate,
)
from pellucid.numbers import FLOAT64

numbers = st.decimals(-9, 9, places=2).map(Number)
trees = st.recursive(
    numbers,
    lambda parts: st.one_of(
        st.builds(Negative, parts),
        st.builds(Sum, st.tuples(parts, parts, parts)),
        st.builds(Product, st.tuples(parts, parts)),
        st.builds(Quotient, parts, parts),
        st.builds(Exponential, parts),
        st.builds(SquareRoot, parts),
    ),
    max_leaves=12,
)


@given(trees)
def test_the_same_as_the_general_evaluation(tree):
    try:
        with FLOAT64.arithmetic():
            expected = float(evaluate(tree, FLOAT64))
    except InputError:
        with pytest.raises(NoValueError):
            float_of(tree)
        return
    assert float_of(tree) == pytest.approx(expected, rel=1e-13, abs=1e-300)


def number(value):
    return Number(Decimal(value))


@pytest.mark.parametrize(
    "tree",
    [
        Quotient(number(1), number(0)),
        SquareRoot(number(-1)),
        Exponential(number(1000)),
        Power(number(10), number(400)),
        Power(number(-8), Quotient(number(1), number(3))),
        Product((number("1e200"), number("1e200"))),
        Sum((number("inf"), number("-inf"))),
    ],
)
def test_what_has_no_value(tree):
    with pytest.raises(NoValueError):
        float_of(tree)


def test_an_infinity_that_is_written_is_a_value():
    assert float_of(Sum((number("0.5"), number("-inf")))) == float("-inf")
    assert float_of(Exponential(number("-inf"))) == 0.0


def test_another_number_in_the_place_of_a_printed_one():
    three, four = Printed(Decimal(3), "3", 0, 5, 6), Printed(Decimal(4), "4", 0, 9, 10)
    tree = Sum((Product((three, four)), four))
    assert float_of(tree) == 16
    assert float_of(tree, 9, 0.5) == 2.0
