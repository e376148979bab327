"""What printed results stand for: 0.67 for 2/3, and e^0.12 for the exponential of the score itself."""

import math

import numpy as np
import pytest

from pellucid.checking.known_results import KnownResults
from pellucid.checking.printed import Printed
from pellucid.expressions import Exponential, Number, Product, Quotient, Sum


def printed(text, start=0):
    return Printed.read(text, start, start + len(text))


def product(*texts):
    return Product(tuple(printed(text, 10 * place) for place, text in enumerate(texts)))


def quotient(above, below):
    return Quotient(printed(above), printed(below, 10))


def test_an_operand_that_is_a_known_result_may_be_its_true_value():
    known = KnownResults()
    known.know_computed(printed("0.67"), quotient("2", "3"), 2 / 3)
    low, high = known.bounds(product("0.67", "3"), rounded=False)
    assert (low, high) == (pytest.approx(2.0), pytest.approx(2.01))  # 3 × 2/3 and 3 × 0.67
    assert known.bounds(product("0.68", "3"), rounded=False) == (pytest.approx(2.04), pytest.approx(2.04))


@pytest.mark.parametrize("true", [2.0, 2.0 * (1 + 1e-15)])
def test_a_result_that_needed_no_rounding_stands_for_itself(true):
    known = KnownResults()
    known.know(printed("2"), true)
    assert (known.results, known.count) == ({}, 0)


def test_signs():
    known = KnownResults()
    known.know(printed("-0.67"), -2 / 3)
    assert known.bounds(product("0.67", "3"), rounded=False) == (pytest.approx(2.0), pytest.approx(2.01))
    assert known.bounds(product("-0.67", "3"), rounded=False) == (pytest.approx(-2.01), pytest.approx(-2.0))


def test_what_is_known_is_counted_once():
    known = KnownResults()
    for true in (0.666, 0.667, 0.666):
        known.know(printed("0.67"), true)
    assert (known.results, known.count) == ({"0.67": [0.666, 0.667]}, 2)
    for true in np.linspace(0.665, 0.674, 100):
        known.know(printed("0.67"), float(true))
    assert known.count == len(known.results["0.67"]) == 8


def test_a_result_of_rounded_results_has_the_bounds_of_what_they_stand_for():
    known = KnownResults()
    known.know(printed("0.67"), 2 / 3)
    known.know_computed(printed("2.0"), product("0.67", "3"), 2.01)
    assert known.results["2.0"] == [pytest.approx(2.01)]  # 2 itself is what is printed


def test_operands_of_three_digits_may_be_rounded_where_something_is_divided():
    known = KnownResults()
    low, high = known.bounds(quotient("0.123", "2"), rounded=True)
    assert (low, high) == (pytest.approx(0.06125), pytest.approx(0.06175))
    assert known.bounds(quotient("0.12", "2"), rounded=True) == (0.06, 0.06)  # too few digits to be a rounded result
    assert known.bounds(quotient("0.123", "2"), rounded=False) == (0.0615, 0.0615)
    assert known.bounds(product("0.123", "2"), rounded=True) == (0.246, 0.246)  # a product of what is given


def mean(*weights):
    return Sum(
        tuple(
            Product((printed(weight, 20 * place), printed("1", 20 * place + 10)))
            for place, weight in enumerate(weights)
        )
    )


def test_weights_of_a_mean_are_rounded():
    assert KnownResults().bounds(mean("0.25", "0.75"), rounded=True) == (pytest.approx(0.99), pytest.approx(1.01))
    assert KnownResults().bounds(mean("0.25", "0.85"), rounded=True) == (pytest.approx(1.1), pytest.approx(1.1))


def test_a_number_that_goes_on_is_at_least_what_is_printed():
    low, high = KnownResults().bounds(product("0.66…".replace("…", ""), "3"), rounded=False)
    assert (low, high) == (pytest.approx(1.98), pytest.approx(1.98))
    goes_on = Printed(printed("0.66").value, "0.66…", 2, 0, 5)
    low, high = KnownResults().bounds(Product((goes_on, printed("3", 10))), rounded=False)
    assert (low, high) == (pytest.approx(1.98), pytest.approx(2.01))


def test_exponentials_of_the_scores_that_a_printed_exponent_may_stand_for():
    known = KnownResults(scores=np.array([0.1, 0.1151, 0.1212, 0.1247, 0.1251, 0.9]))
    assert known.exponentials(Exponential(printed("0.12"))) == [
        pytest.approx(math.exp(score)) for score in (0.1151, 0.1212, 0.1247)
    ]
    assert known.exponentials(Exponential(printed("1"))) == []  # a whole number is given
    assert known.exponentials(printed("0.12")) == []


def test_what_has_no_value_has_no_bounds():
    low, high = KnownResults().bounds(quotient("1", "0"), rounded=True)
    assert low > high


def test_numbers_of_the_document_s_names_stand_for_themselves():
    tree = Quotient(printed("0.246"), Number(printed("2").value))
    low, high = KnownResults().bounds(tree, rounded=True)
    assert (low, high) == (pytest.approx(0.12275), pytest.approx(0.12325))
