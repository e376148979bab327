"""erf, tanh and logarithms against mpmath."""

from decimal import Decimal, localcontext

import mpmath
import numpy as np
import pytest
from mpmath import mp

from pellucid.numbers.error_function import erf, erf_of_floats, tanh
from pellucid.numbers.interval import Interval

ARGUMENTS = ["0", "1e-30", "-0.001", "0.3", "-1", "2.5", "4.75", "-9", "13", "40"]


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize(("own", "theirs"), [(erf, mpmath.erf), (tanh, mpmath.tanh)])
@pytest.mark.parametrize("digits", [10, 50])
def test_decimals_are_right_to_their_last_digit(argument, own, theirs, digits):
    with mp.workdps(3 * digits), localcontext() as context:
        context.prec = digits
        value = mpmath.mpf(str(own(Decimal(argument))))
        expected = theirs(mpmath.mpf(argument))
        assert abs(value - expected) <= abs(expected) * mpmath.mpf(10) ** (1 - digits)


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize(("own", "theirs"), [(Interval.erf, mpmath.erf), (Interval.tanh, mpmath.tanh)])
def test_intervals_hold_the_true_values(argument, own, theirs):
    width = Decimal("1e-12")
    with mp.workdps(80), localcontext() as context:
        context.prec = 20
        low, high = Decimal(argument), Decimal(argument) + width
        result = own(Interval(low, high))
        assert mpmath.mpf(str(result.low)) <= theirs(mpmath.mpf(str(low)))
        assert mpmath.mpf(str(result.high)) >= theirs(mpmath.mpf(str(high)))
        assert result.width < Decimal("2e-12")


@pytest.mark.parametrize("argument", ["1e-30", "0.3", "0.9999999999", "1", "2.5", "1e40"])
def test_intervals_hold_the_true_logarithms(argument):
    with mp.workdps(80), localcontext() as context:
        context.prec = 20
        low, high = Decimal(argument), Decimal(argument) * (1 + Decimal("1e-12"))
        result = Interval(low, high).ln()
        assert mpmath.mpf(str(result.low)) <= mpmath.log(mpmath.mpf(str(low)))
        assert mpmath.mpf(str(result.high)) >= mpmath.log(mpmath.mpf(str(high)))
        assert result.width < Decimal("2e-12")


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 3e-16), ("float32", 1.3e-7)])
def test_floats_are_right_to_their_rounding(dtype, tolerance):
    x = np.concatenate((np.linspace(-7, 7, 701), [1e-20, 100, -100])).astype(dtype)
    expected = np.array([float(mpmath.erf(float(value))) for value in x])
    np.testing.assert_allclose(erf_of_floats(x).astype(float), expected, rtol=tolerance, atol=tolerance / 10)
