from decimal import Decimal

import numpy as np
import pytest

from pellucid.errors import InputError
from pellucid.numbers import FLOAT32, FLOAT64, Enclosed, Exact, Interval, Notation, number_type_of


def decimals(*rows):
    return np.array([[Decimal(text) for text in row.split()] for row in rows], dtype=object)


def test_exact_sums_of_products_lose_nothing_to_cancellation():
    left, right = decimals("1e40 1e-40 -1e40"), decimals("1", "1", "1")
    with Exact(50).arithmetic():
        assert Exact(50).matmul(left, right)[0, 0] == Decimal("1e-40")


def test_exact_products_are_rounded_once_at_the_end():
    with Exact(3).arithmetic():
        assert Exact(3).matmul(decimals("1.11 -1.23"), decimals("1.11", "1")).tolist() == [[Decimal("0.00210")]]


@pytest.mark.parametrize(
    ("numbers", "values", "expected"),
    [
        (FLOAT64, np.array([1, 2]), [1.0, 2.0]),
        (FLOAT32, np.array([0.1]), [np.float32(0.1)]),
        (Exact(50), np.array([0.1, 2.5]), [Decimal("0.1"), Decimal("2.5")]),
        (Exact(50), np.array([0.1], dtype=np.float32), [Decimal("0.1")]),
        (Exact(50), np.array([7]), [Decimal(7)]),
    ],
)
def test_arrays_of_other_types_enter(numbers, values, expected):
    array = numbers.array(values)
    assert array.dtype == numbers.dtype
    assert array.tolist() == [value.item() if isinstance(value, np.generic) else value for value in expected]


@pytest.mark.parametrize("numbers", [FLOAT64, FLOAT32])
@pytest.mark.parametrize(
    "computation",
    [
        lambda large: large * large,
        lambda large: np.exp(large),
        lambda large: large / 0,
        lambda large: large * np.inf - large * np.inf,
    ],
    ids=["overflow", "exponential", "division by zero", "undefined"],
)
def test_floats_that_overflow_become_a_sentence(numbers, computation):
    large = numbers.array(np.array([3e38]) if numbers is FLOAT32 else np.array([1e308]))
    message = rf"too large or undefined in {numbers.name}; use smaller numbers"
    with pytest.raises(InputError, match=message), numbers.arithmetic():
        computation(large)


@pytest.mark.parametrize("numbers", [FLOAT64, FLOAT32])
def test_matrix_products_that_overflow_become_a_sentence(numbers):
    large = numbers.array(np.array([[3e38, 1e10]]) if numbers is FLOAT32 else np.array([[1e308, 1e10]]))
    with pytest.raises(InputError, match="too large"):
        numbers.matmul(large, large.T)


def test_numbers_that_underflow_are_zero():
    with FLOAT64.arithmetic():
        assert np.exp(np.array([-1000.0]))[0] == 0


@pytest.mark.parametrize("digits", [0, -1, 100_001])
def test_exact_digits_out_of_range_are_refused(digits):
    with pytest.raises(InputError, match=f"asked for {digits} digits; it can have 1 to 100,000"):
        Exact(digits)


@pytest.mark.parametrize(("value", "numbers"), [(np.float64(1), FLOAT64), (np.float32(1), FLOAT32), (True, FLOAT64)])
def test_the_number_type_of_floats(value, numbers):
    assert number_type_of(np.array([value])) is numbers


def test_the_number_type_of_objects_has_the_precision_in_force():
    with Exact(37).arithmetic():
        exact = number_type_of(np.array([Decimal(1)]))
        enclosed = number_type_of(np.array([Interval(Decimal(1), Decimal(2))]))
    assert (type(exact), exact.digits) == (Exact, 37)
    assert (type(enclosed), enclosed.digits) == (Enclosed, 37)


@pytest.mark.parametrize("numbers", [FLOAT64, FLOAT32, Exact(50)])
def test_rounded_arrays_hold_what_is_printed(numbers):
    rounded = numbers.rounded(numbers.array(np.array([[0.285, -0.285], [1234567891.0, -np.inf]])), Notation(2))
    assert rounded.dtype == numbers.dtype
    expected = [[0.29, -0.29], [1.23e9, -np.inf]]
    np.testing.assert_array_equal(rounded.astype(float), np.array(expected, dtype=rounded.dtype).astype(float))


def test_an_interval_across_a_half_is_rounded_both_ways_until_it_is_decided():
    across = np.array([Interval(Decimal("0.2849999999999999999999"), Decimal("0.2850000000000000000001"))])
    with Enclosed(30).arithmetic():
        (open_,) = Enclosed(30).rounded(across, Notation(2))
        (decided,) = Enclosed(30, decides=True).rounded(across, Notation(2))
    assert (open_.low, open_.high) == (Decimal("0.28"), Decimal("0.29"))
    assert (decided.low, decided.high) == (Decimal("0.29"), Decimal("0.29"))
