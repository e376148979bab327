"""Intervals against mpmath: whatever is computed, the true number lies between the bounds."""

from decimal import Decimal

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from pellucid.errors import InputError
from pellucid.numbers import Enclosed, Interval

DIGITS = 12
WIDE = 400  # decimal digits of mpmath, far beyond what intervals here can tell apart

numbers = st.decimals(-100, 100, places=3) | st.sampled_from(["1e40", "-1e40", "1e-40", "-3e-25"]).map(Decimal)


@st.composite
def enclosed(draw):
    """An interval of non-zero width and a number in it."""
    number = draw(numbers)
    below, above = (Decimal(draw(st.integers(0, 999))).scaleb(number.adjusted() - DIGITS) for _ in range(2))
    with Enclosed(60).arithmetic():
        return Interval(number - below, number + above), number


def holds(interval: Interval, number) -> bool:
    """Whether the interval holds a number of mpmath, with room for mpmath's own last digit."""
    room = abs(number) * mpmath.mpf(10) ** (20 - WIDE) + mpmath.mpf(10) ** -WIDE
    return mpmath.mpf(str(interval.low)) <= number + room and number - room <= mpmath.mpf(str(interval.high))


OPERATORS = {
    "sum": (lambda a, b: a + b, lambda a, b: a + b),
    "difference": (lambda a, b: a - b, lambda a, b: a - b),
    "product": (lambda a, b: a * b, lambda a, b: a * b),
    "quotient": (lambda a, b: a / b, lambda a, b: a / b),
}
FUNCTIONS = {
    "negative": (lambda a: -a, lambda a: -a),
    "sine": (Interval.sine, mpmath.sin),
    "cosine": (Interval.cosine, mpmath.cos),
}


@pytest.mark.parametrize("operator", OPERATORS)
@given(left=enclosed(), right=enclosed())
@settings(max_examples=60)
def test_arithmetic_encloses_the_true_result(operator, left, right):
    own, reference = OPERATORS[operator]
    if operator == "quotient" and right[0].low <= 0 <= right[0].high:
        return
    with Enclosed(DIGITS).arithmetic(), mp.workdps(WIDE):
        assert holds(own(left[0], right[0]), reference(*(mpmath.mpf(str(number)) for _, number in (left, right))))


@pytest.mark.parametrize("function", FUNCTIONS)
@given(angle=st.decimals(-1000, 1000, places=5), width=st.integers(0, 10**6))
@settings(max_examples=60)
def test_functions_enclose_the_true_result(function, angle, width):
    own, reference = FUNCTIONS[function]
    with Enclosed(DIGITS).arithmetic(), mp.workdps(WIDE):
        high = angle + Decimal(width).scaleb(-8)
        interval = own(Interval(angle, high))
        for inside in (angle, (angle + high) / 2, high):
            assert holds(interval, reference(mpmath.mpf(str(inside))))


@given(number=st.decimals(-3000, 700, places=6))
@settings(max_examples=60)
def test_exponentials_enclose_the_true_result_and_are_never_negative(number):
    with Enclosed(DIGITS).arithmetic(), mp.workdps(WIDE):
        interval = Interval(number, number).exp()
        assert interval.low >= 0
        assert mpmath.mpf(str(interval.low)) <= mpmath.exp(mpmath.mpf(str(number))) <= mpmath.mpf(str(interval.high))


@given(number=st.decimals(0, 10_000, places=6))
@settings(max_examples=60)
def test_square_roots_enclose_the_true_result(number):
    with Enclosed(DIGITS).arithmetic(), mp.workdps(WIDE):
        assert holds(Interval(number, number).sqrt(), mpmath.sqrt(mpmath.mpf(str(number))))


@given(
    base=st.decimals("0.001", 100, places=3),
    exponent=st.decimals(-5, 5, places=2) | st.integers(-5, 5).map(Decimal),
    width=st.integers(0, 1000),
)
@settings(max_examples=60)
def test_powers_enclose_the_true_result(base, exponent, width):
    with Enclosed(DIGITS).arithmetic(), mp.workdps(WIDE):
        interval = Interval(base, base + Decimal(width).scaleb(-6)) ** Interval(exponent, exponent)
        assert holds(interval, mpmath.mpf(str(base)) ** mpmath.mpf(str(exponent)))


@pytest.mark.parametrize(
    ("low", "high", "exponent", "bounds"),
    [("-2", "3", 2, ("0", "9")), ("-2", "1", 3, ("-8", "1")), ("-2", "-2", 2, ("4", "4"))],
)
def test_powers_of_negative_numbers(low, high, exponent, bounds):
    with Enclosed(DIGITS).arithmetic():
        power = Interval(Decimal(low), Decimal(high)) ** exponent
    assert (power.low, power.high) == tuple(map(Decimal, bounds))


@given(rows=st.lists(st.lists(enclosed(), min_size=3, max_size=3), min_size=4, max_size=4))
@settings(max_examples=40)
def test_matrix_products_enclose_the_true_result(rows):
    table = np.empty((4, 3), dtype=object)
    for i, row in enumerate(rows):
        for k, (interval, _) in enumerate(row):
            table[i, k] = interval
    enclosing = Enclosed(DIGITS)
    with enclosing.arithmetic():
        product = enclosing.matmul(table[:2], table[2:].T)
    with mp.workdps(WIDE):
        for i in range(2):
            for j in range(2):
                true = sum(
                    mpmath.mpf(str(a)) * mpmath.mpf(str(b)) for (_, a), (_, b) in zip(rows[i], rows[2 + j], strict=True)
                )
                assert holds(product[i, j], true)


def point(text):
    return Interval(Decimal(text), Decimal(text))


@pytest.mark.parametrize(
    ("computation", "result"),
    [
        (lambda: point("0.3") * point("0.1"), "0.03"),
        (lambda: point("1") / point("8"), "0.125"),
        (lambda: point("0").exp(), "1"),
        (lambda: point("-Infinity").exp(), "0"),
        (lambda: point("2.25").sqrt(), "1.5"),
        (lambda: point("0").sine(), "0"),
        (lambda: point("0").cosine(), "1"),
        (lambda: point("2") ** 3, "8"),
        (lambda: point("10000") ** 0, "1"),
    ],
)
def test_what_is_exact_stays_exact(computation, result):
    with Enclosed(DIGITS).arithmetic():
        assert computation() == Decimal(result)


def test_a_number_less_itself_is_zero_however_wide_its_bounds():
    wide = Interval(Decimal(1), Decimal(3))
    assert wide - wide == 0
    assert wide - Interval(Decimal(1), Decimal(3)) != 0


def test_intervals_are_compared_by_what_is_certain():
    low, high = Interval(Decimal(1), Decimal(2)), Interval(Decimal(3), Decimal(4))
    across = Interval(Decimal(2), Decimal(3))
    assert low < high
    assert high > low
    assert not low < across
    assert not across > low
    assert across >= low  # as NumPy looks for the largest
    assert low != Decimal(1)
    assert repr(low) == "[1, 2]"


@pytest.mark.parametrize(
    ("low", "high", "digits", "certain"),
    [
        ("0.33333", "0.33334", 4, "0.3333"),
        ("0.33333", "0.33335", 4, None),
        ("0.24999", "0.25001", 2, "0.25"),
        ("0.9999", "1.0001", 3, "1"),
        ("-0.0001", "0.0001", 3, None),
        ("0", "1e-500000000000000000", 3, "0"),
        ("-Infinity", "-Infinity", 3, "-Infinity"),
    ],
)
def test_digits_on_which_the_bounds_agree_are_certain(low, high, digits, certain):
    assert Interval(Decimal(low), Decimal(high)).certain(digits) == (None if certain is None else Decimal(certain))


@pytest.mark.parametrize(
    ("low", "high", "likely"),
    [
        ("-1e-40", "1e-40", "0"),
        ("0.24999999999999999999999999999999999999999", "0.25000000000000000000000000000000000000001", "0.25"),
    ],
)
def test_what_never_becomes_certain_is_likely_a_number_of_few_digits(low, high, likely):
    assert Interval(Decimal(low), Decimal(high)).likely() == Decimal(likely)


@pytest.mark.parametrize(
    "computation", [lambda around: point("1") / around, lambda around: around**-2], ids=["quotient", "power"]
)
def test_dividing_by_what_may_be_zero_is_an_input_error(computation):
    with pytest.raises(InputError, match="undefined"), Enclosed(DIGITS).arithmetic():
        computation(Interval(Decimal(-1), Decimal(1)))
