import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pellucid.checking.printed import correct_text, is_exact, is_last_digit, is_right, is_truncated
from pellucid.checking.tokens import number_of, tokens_of


def printed(text, *, program=False):
    negative = text.startswith(("-", "−"))
    number, *rest = tokens_of(text.lstrip("-−"))
    found = number_of(number, percent=rest[0] if rest and rest[0].text == "%" else None, program=program)
    if negative:
        return type(found)(-found.value, text, found.places, 0, len(text), program)
    return found


@pytest.mark.parametrize(
    ("text", "true", "right"),
    [
        ("0.12", 0.1249999, True),
        ("0.12", 0.125, True),  # exactly half a unit, either way
        ("0.13", 0.125, True),
        ("0.12", 0.115, True),
        ("0.12", 0.1251, False),
        ("0.12", 0.1149, False),
        ("0.1", 0.14, True),
        ("0.1", 0.16, False),
        ("-0.12", -0.125, True),
        ("-0.13", -0.125, True),
        ("-0.12", 0.12, False),
        ("3", 3.5, True),
        ("4", 3.5, True),
        ("3", 3.51, False),
        ("41%", 0.414, True),
        ("41%", 0.416, False),
        ("40.9%", 0.4094, True),
        ("40.9%", 0.4096, False),
        ("1,234", 1234.4, True),
        ("1,234", 1235.0, False),
        ("2e3", 2400.0, True),
        ("2e3", 2600.0, False),
        ("0", 0.4, True),
        ("0.00", 0.004, True),
        ("0.00", 0.006, False),
        ("-1e9", -math.inf, True),
        ("0.5", -math.inf, False),
    ],
)
def test_a_printed_number_claims_half_a_unit(text, true, right):
    assert is_right(printed(text), true) is right


@pytest.mark.parametrize(
    ("text", "true", "exact"),
    [
        ("0.5", 0.5, True),
        ("0.577", 1 / 3**0.5, False),
        ("-1.155", -1.155, True),
        ("5.196", -math.inf, False),
        ("0.000", math.inf, False),
    ],
)
def test_only_the_value_itself_is_exact(text, true, exact):
    assert is_exact(printed(text), true) is exact


def test_a_half_is_a_half_although_floats_are_not():
    # 0.285 is 0.284999… in binary: both 0.28 and 0.29 are right.
    assert is_right(printed("0.28"), 0.285)
    assert is_right(printed("0.29"), 0.285)
    assert is_right(printed("1.0"), 1.05)
    assert is_right(printed("1.1"), 1.05)


@given(value=st.integers(-(10**6), 10**6), places=st.integers(0, 5))
def test_every_half_is_right_both_ways(value, places):
    true = float(Fraction(2 * value + 1, 2 * 10**places))
    for neighbour in (value, value + 1):
        assert is_right(printed(f"{Decimal(neighbour).scaleb(-places):f}"), true)


@given(value=st.integers(1, 10**6), places=st.integers(0, 5), beyond=st.floats(0.001, 100))
def test_more_than_half_a_unit_is_not_right(value, places, beyond):
    text = f"{Decimal(value).scaleb(-places):f}"
    unit = 10.0**-places
    assume(len(text.replace(".", "").lstrip("0")) < 7)  # a program's digits have another claim
    assert not is_right(printed(text), value * unit + unit * (0.5 + beyond))
    assert not is_right(printed(text), value * unit - unit * (0.5 + beyond))


@given(true=st.floats(-100, 100), places=st.integers(0, 5))
def test_rounding_is_right(true, places):
    assert is_right(printed(f"{true:.{places}f}"), true)


@given(true=st.floats(0.001, 100))
def test_prints_of_float32_are_right(true):
    assert is_right(printed(str(np.float32(true)), program=True), true)


@given(true=st.floats(0.001, 9.99))
def test_prints_of_float32_with_eight_places_are_right(true):
    assert is_right(printed(f"{np.float32(true):.8f}", program=True), true)


@given(true=st.floats(0.001, 100))
def test_prints_of_float64_are_right(true):
    assert is_right(printed(repr(true), program=True), true)
    assert is_right(printed(repr(true * (1 + 2e-16)), program=True), true)


def test_a_print_of_float64_is_not_right_for_another_float32():
    assert not is_right(printed("0.7310585786300049"), 0.731058601)
    assert not is_right(printed("0.73105858"), 0.73106858)


@pytest.mark.parametrize(
    ("text", "true", "expected"),
    [
        ("0.42", 0.31234, "0.31"),
        ("0.4", 0.25, "0.3"),
        ("0.42", 0.3, "0.30"),
        ("42%", 0.31234, "31%"),
        ("42.5%", 0.31234, "31.2%"),
        ("-0.42", 0.31234, "0.31"),
        ("7", 6.4, "6"),
        ("0.42", -math.inf, "-inf"),
        ("0.42", Decimal("0.285"), "0.29"),
        ("0.42", 0.285, "0.29"),
    ],
)
def test_the_right_number_is_printed_like_the_wrong_one(text, true, expected):
    assert correct_text(printed(text), true) == expected


def test_a_program_drops_zeros():
    assert correct_text(printed("8.", program=True), 6.0) in ("6.", "6")
    assert correct_text(printed("0.25", program=True), 0.5) == "0.50"  # it keeps its width


@given(true=st.floats(-50, 50), places=st.integers(0, 5), off=st.floats(0.01, 5))
def test_the_right_number_is_right(true, places, off):
    wrong = printed(f"{true + off:.{places}f}")
    assert is_right(printed(correct_text(wrong, true)), true)


@pytest.mark.parametrize(
    ("text", "true", "cut"),
    [
        ("0.777", 0.77787, True),
        ("0.77", 0.7799, True),
        ("0.78", 0.7799, False),  # right
        ("0.77", 0.7749, False),  # right
        ("0.78", 0.7751, False),
        ("-0.77", -0.7799, True),
        ("0.77", -0.7799, False),
        ("0", 0.9, True),
        ("0.76", 0.7799, False),
    ],
)
def test_cut_off_digits(text, true, cut):
    assert is_truncated(printed(text), true) is cut


@pytest.mark.parametrize(
    ("text", "true", "slipped"),
    [
        ("0.79", 0.7751, True),
        ("0.79", 0.7849, True),
        ("0.80", 0.7849, False),  # by more than one and a half
        ("0.79", 0.78, False),  # 0.78 needs no rounding
        ("0.1", 0.18, True),  # cut off
        ("0.3", 0.18, False),  # a tenth, not a last digit
    ],
)
def test_last_digits(text, true, slipped):
    assert is_last_digit(printed(text), true) is slipped


def test_a_percentage_counts_its_own_digits():
    assert (printed("16%").places, printed("16%").digits) == (2, 2)
    assert (printed("5%").places, printed("5%").digits) == (2, 1)
    assert printed("0.05").digits == 1
    assert printed("120").digits == 3
    assert printed("0.050").digits == 2
