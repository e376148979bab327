"""Sine and cosine of decimals against mpmath."""

import decimal
from decimal import Decimal

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from pellucid.numbers.trigonometry import cosine, sine


@pytest.mark.parametrize(("own", "reference"), [(sine, mpmath.sin), (cosine, mpmath.cos)])
@given(angle=st.decimals(-10_000, 10_000, places=9), digits=st.integers(1, 70))
def test_every_digit_but_the_last_is_right(own, reference, angle, digits):
    with decimal.localcontext(prec=digits), mp.workdps(digits + 40):
        true = reference(mpmath.mpf(str(angle)))
        assert abs(mpmath.mpf(str(own(angle))) - true) <= mpmath.mpf(10) ** -digits


@given(exponent=st.integers(1, 200))
def test_small_angles_keep_their_digits(exponent):
    angle = Decimal(f"1.5e-{exponent}")
    with decimal.localcontext(prec=30), mp.workdps(300):
        true = mpmath.sin(mpmath.mpf(str(angle)))
        assert abs(mpmath.mpf(str(sine(angle))) / true - 1) < mpmath.mpf("1e-29")
