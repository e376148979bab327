"""Rounding against its definition in whole fractions."""

from decimal import Decimal
from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.numbers import as_decimal, round_places, round_significant

decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12)
floats = st.floats(allow_nan=False, allow_infinity=False)


def rounded_fraction(number: Fraction, places: int) -> Fraction:
    """Halves away from zero: the sign times ⌊|x|·10^p + 1/2⌋ / 10^p."""
    shift = Fraction(10) ** places
    units = floor(abs(number) * shift + Fraction(1, 2))
    return (1 if number >= 0 else -1) * units / shift


@given(number=decimals, places=st.integers(-3, 30))
def test_decimals_are_rounded_half_away_from_zero(number, places):
    assert Fraction(round_places(number, places)) == rounded_fraction(Fraction(number), places)


@given(units=st.integers(-(10**6), 10**6), places=st.integers(0, 5))
def test_halves_written_in_binary_are_halves(units, places):
    half = (2 * units + 1) * Fraction(5, 10 ** (places + 1))
    assert Fraction(round_places(float(half), places)) == rounded_fraction(half, places)


@given(number=floats, places=st.integers(0, 20))
def test_a_float_is_rounded_as_the_shortest_decimal_that_reads_back_as_it(number, places):
    assert Fraction(round_places(number, places)) == rounded_fraction(Fraction(repr(number)), places)


@given(number=decimals.filter(bool), digits=st.integers(1, 40))
def test_significant_digits_count_from_the_first_that_is_not_zero(number, digits):
    places = digits
    while abs(Fraction(number)) * Fraction(10) ** places >= 10**digits:
        places -= 1
    while abs(Fraction(number)) * Fraction(10) ** places < 10 ** (digits - 1):
        places += 1
    rounded = round_significant(number, digits)
    assert Fraction(rounded) == rounded_fraction(Fraction(number), places)
    assert len(rounded.as_tuple().digits) <= digits


@pytest.mark.parametrize(
    ("number", "places", "rounded"),
    [
        (0.285, 2, "0.29"),
        (-0.285, 2, "-0.29"),
        (1.005, 2, "1.01"),
        (2.675, 2, "2.68"),
        (0.5, 0, "1"),
        (1.5, 0, "2"),
        (np.float32(0.285), 2, "0.29"),
        (Decimal("0.28499999999999999999999999999999999999999"), 2, "0.28"),
        (Decimal("1e-999999999"), 3, "0.000"),
        (1234, -2, "1200"),
    ],
)
def test_rounded_numbers(number, places, rounded):
    assert round_places(number, places) == Decimal(rounded)


@pytest.mark.parametrize("number", [-0.0004, Decimal("-0.0004"), -0.0])
def test_nothing_is_rounded_to_minus_zero(number):
    assert str(round_places(number, 2)) == "0.00"


@pytest.mark.parametrize(
    "rounding", [lambda number: round_places(number, 2), lambda number: round_significant(number, 2)]
)
def test_infinity_stays(rounding):
    assert rounding(float("-inf")) == Decimal("-Infinity")


def test_digits_beyond_the_default_context_of_decimals_count():
    number = Decimal("1." + "0" * 60 + "15")
    assert str(round_places(number, 61)) == "1." + "0" * 60 + "2"
    assert str(round_significant(number, 62)) == "1." + "0" * 60 + "2"


@pytest.mark.parametrize(
    ("number", "decimal"),
    [(0.1, "0.1"), (np.float64(0.1), "0.1"), (np.float32(0.1), "0.1"), (3, "3"), (np.int64(3), "3"), (1e22, "1e22")],
)
def test_a_number_stands_for_its_shortest_decimal(number, decimal):
    assert as_decimal(number) == Decimal(decimal)
