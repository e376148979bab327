from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.errors import InputError
from pellucid.numbers import Notation, as_decimal, every_digit


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.3 * 0.1 + 0.4 * 0.3 + 0.1 * 0.6, 4, "0.21"),
        (0.30000000000000004, 17, "0.3"),
        (2.0, 4, "2"),
        (1 / 3, 4, "0.3333"),
        (0.00001, 4, "0.0000"),
        (-0.00001, 4, "0.0000"),
        (0.0, 4, "0"),
        (-0.0, 4, "0"),
        (1e-300, 4, "0.0000"),
        (0.7, 0, "1"),
        (float("-inf"), 4, "-∞"),
        (float("inf"), 4, "∞"),
        (Decimal("-Infinity"), 4, "-∞"),
        (Decimal("0.30000000000000004"), 4, "0.3000"),
        (Decimal("0.30000000000000004"), 17, "0.30000000000000004"),
        (999_999_999.5, 4, "999999999.5"),
        (1234567890.0, 3, "1.235e9"),
        (1000050000.0, 4, "1.0001e9"),  # a half, away from zero
        (-2e300, 2, "-2.00e300"),
        (np.float32(0.1), 4, "0.1"),
        (np.float32(1) / np.float32(3), 4, "0.3333"),
        (7, 4, "7"),
    ],
)
def test_numbers_are_printed(value, digits, text):
    assert Notation(digits).text(value) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"), [(1.1 * 1.15, 2, "1.27"), (0.15 + 0.3, 1, "0.5"), (0.7 * 0.15, 2, "0.11")]
)
def test_a_half_that_binary_noise_has_moved_is_a_half(value, digits, text):
    assert value != float(text)
    assert Notation(digits).text(value) == text


@given(
    units=st.integers(-(10**9), 10**9).filter(bool),
    written_places=st.integers(0, 6),
    ulps=st.integers(-2, 2),
    digits=st.integers(0, 6),
)
def test_a_few_units_in_the_last_place_change_no_text(units, written_places, ulps, digits):
    meant = Decimal(units).scaleb(-written_places)
    value = float(meant) + ulps * np.spacing(float(meant))
    assert Notation(digits).text(value) == Notation(digits).text(meant)


@given(number=st.decimals(-10_000, 10_000, places=8), digits=st.integers(0, 10))
def test_a_decimal_gets_as_many_places_as_it_needs_and_no_more_than_digits(number, digits):
    text = Notation(digits).text(number)
    shift = Fraction(10) ** digits
    units = (abs(Fraction(number)) * shift + Fraction(1, 2)) // 1
    assert abs(Fraction(text)) == units / shift
    places = len(text.partition(".")[2])
    if number and Fraction(text) == Fraction(number):
        assert places == 0 or not text.endswith("0")
    elif number:
        assert places == digits


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [(0.5, 3, "0.500"), (0.0, 3, "0"), (1 / 3, 1, "0.3"), (0.285, 2, "0.29"), (-1.0, 2, "-1.00")],
)
def test_a_column_prints_with_equal_places(value, places, text):
    assert Notation(4).text(value, places) == text


@given(
    values=st.lists(
        st.floats(-1000, 1000) | st.integers(-5000, 5000).map(lambda units: units / 100), min_size=1, max_size=6
    ),
    digits=st.integers(0, 6),
    exact=st.booleans(),
)
def test_the_places_of_an_array_are_the_most_its_elements_need(values, digits, exact):
    notation = Notation(digits)
    array = np.array([as_decimal(value) for value in values] if exact else values, dtype=object if exact else float)
    needed = [len(notation.text(value).partition(".")[2]) for value in array]
    assert notation.places(array) == max(needed)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, object])
def test_infinities_need_no_places(dtype):
    array = np.array([float("-inf"), 0.5], dtype=dtype)
    if dtype is object:
        array = np.array([Decimal("-Infinity"), Decimal("0.5")])
    assert Notation(4).places(array) == 1


@given(value=st.floats(allow_nan=False, allow_infinity=False), digits=st.integers(0, 8))
def test_a_rounded_number_is_printed_as_itself(value, digits):
    notation = Notation(digits)
    assert as_decimal(notation.rounded(value)) == notation.rounded(notation.rounded(value))
    assert Decimal(notation.text(value).replace("∞", "Infinity")) == notation.rounded(value)


@pytest.mark.parametrize("digits", [-1, 1001])
def test_digits_out_of_range_are_refused(digits):
    with pytest.raises(InputError, match=rf"--digits is {digits}; it can be 0 to 1000"):
        Notation(digits)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0.0125", "0.0125"),
        ("-3E+2", "-300"),
        ("0", "0"),
        ("1.5E-300", "0." + "0" * 299 + "15"),
        ("7.12E-401", "7.12e-401"),
        ("7.12E-434294481", "7.12e-434294481"),
        ("-2E+600", "-2e600"),
    ],
)
def test_every_digit_is_written_but_not_millions_of_zeros(number, text):
    assert every_digit(Decimal(number)) == text
