import math
from decimal import Decimal

import mpmath
import numpy as np
import pytest
from mpmath import mp

from pellucid.errors import InputError
from pellucid.expressions import Element, Sum, evaluate, parse
from pellucid.numbers import FLOAT32, FLOAT64, Exact

VALUES = {
    "1 + 2*3 - 4/8": 6.5,
    "2^3^2": 512,
    "-2^2": -4,
    "(1 - 3)^2": 4,
    "2^-2": 0.25,
    "8/2/2": 2,
    "2*(3 + 4)*5": 70,
    "sqrt(2) * √8": 4,
    "exp(0)": 1,
    "e^1": math.e,
    "sin(1)^2 + cos(1)^2": 1,
    "cos(0)": 1,
    "1/sqrt(d_k)": 0.5,
    "exp(-inf)": 0,
    "1/inf": 0,
}


@pytest.mark.parametrize("text", VALUES)
@pytest.mark.parametrize(("numbers", "tolerance"), [(FLOAT64, 1e-15), (FLOAT32, 1e-6), (Exact(30), 1e-15)], ids=str)
def test_expressions_have_their_value_in_every_number_type(text, numbers, tolerance):
    with numbers.arithmetic():
        value = evaluate(parse(text), numbers, {"d_k": 4})
    assert type(value) is type(numbers.number(0))
    assert float(value) == pytest.approx(VALUES[text], rel=tolerance)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("sqrt(2)", lambda: mpmath.sqrt(2)),
        ("exp(1/3)", lambda: mpmath.exp(mpmath.mpf(1) / 3)),
        ("sin(2/7)", lambda: mpmath.sin(mpmath.mpf(2) / 7)),
        ("2^0.5", lambda: mpmath.sqrt(2)),
        ("10000^(2/3)", lambda: mpmath.mpf(10000) ** (mpmath.mpf(2) / 3)),
    ],
)
def test_exact_values_are_right_to_all_but_the_last_digits(text, reference):
    with Exact(50).arithmetic():
        value = evaluate(parse(text), Exact(50))
    with mp.workdps(80):
        assert abs(mpmath.mpf(str(value)) / reference() - 1) < mpmath.mpf("1e-48")


def test_an_element_is_its_value_however_it_was_written():
    element = Element("query", (0, 1), np.float64(0.25), parse("1/3"))
    assert evaluate(Sum((element, element)), FLOAT64) == 0.5


@pytest.mark.parametrize("numbers", [FLOAT64, FLOAT32, Exact(50)], ids=str)
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1/0", "divides by zero"),
        ("1/(2-2)", "divides by zero"),
        ("sqrt(1-2)", "square root of a negative number"),
        ("0^0", "zero to a power that is not positive"),
        ("0^-1", "zero to a power that is not positive"),
        ("(-8)^(1/3)", "undefined"),
        ("exp(9e30)^9e30", "too large"),
        ("9^9^9^9", "too large"),
        ("inf - inf", "undefined"),
        ("d_v", "'d_v' has no value here; names with a value: d_k."),
    ],
)
def test_what_has_no_value_is_an_input_error(numbers, text, reason):
    with pytest.raises(InputError, match=reason), numbers.arithmetic():
        evaluate(parse(text), numbers, {"d_k": 3})


def test_without_names_none_has_a_value():
    with pytest.raises(InputError, match="names with a value: none"):
        evaluate(parse("d_k"), FLOAT64)


def test_exact_products_of_written_decimals_are_exact():
    with Exact(50).arithmetic():
        assert evaluate(parse("0.3*0.1"), Exact(50)) == Decimal("0.03")
