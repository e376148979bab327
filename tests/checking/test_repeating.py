"""Repeating decimals in the notation of others."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.checking.repeating import is_repeating, read_repeating, repeating_like
from pellucid.checking.tokens import number_of, tokens_of


@pytest.mark.parametrize(
    ("written", "number", "expected"),
    [
        ("0.(4)", "0.333333333333333", "0.(3)"),
        ("0,(4)", "0.333333333333333", "0,(3)"),
        ("0.1(7)", "-0.166666666666667", "-0.1(6)"),
        ("0.3\u0305", "0.0833333333333333", "0.083\u0305"),
        ("0.3\u0304", "0.142857142857143", "0." + "".join(f"{d}\u0304" for d in "142857")),
        ("0.(3)", "0.5", "0.5"),
        ("0.(3)", "2", "2"),
        ("0.(3)", "0.4819277108433", "0.4819"),  # 40/83, with a period of 41
        ("0,(142857)", "0.707106781186548", "0,707107"),  # no fraction; as many digits as are shown
    ],
)
def test_a_number_in_the_notation_of_another(written, number, expected):
    assert is_repeating(written)
    assert repeating_like(written, Decimal(number)) == expected


@pytest.mark.parametrize("written", ["0.333", "0.33…", "(3)", "3(4)", "0.()", "16 %", ""])
def test_other_numbers_do_not_repeat(written):
    assert not is_repeating(written)
    assert repeating_like(written, Decimal(1)) is None


@given(st.integers(0, 500), st.sampled_from([3, 6, 7, 9, 11, 12, 13, 22, 37, 99, 111]))
def test_what_is_written_reads_as_the_same(numerator, denominator):
    with localcontext(prec=17):
        number = Decimal(numerator) / denominator
    written = repeating_like("0.1\u0305", number)
    read = number_of(tokens_of(written)[0])
    assert abs(Fraction(read.value) - Fraction(numerator, denominator)) < Fraction(1, 10**12)


@pytest.mark.parametrize(
    ("written", "value", "places"),
    [
        ("0.(3)", Fraction(1, 3), 15),
        ("-1.1(6)", Fraction(-7, 6), 15),
        ("0,08\u03053\u0305", Fraction(83, 990), 15),
        ("0.123456789012345678(9)", Fraction(123456789012345679, 10**18), 18),  # as many places as stand before
        ("0.333", None, 0),
        (f"0.({'3' * 100})", None, 0),
    ],
)
def test_what_is_repeated_is_read_to_many_places(written, value, places):
    read = read_repeating(written)
    if value is None:
        assert read is None
    else:
        assert read is not None
        assert read[1] == places
        assert abs(Fraction(read[0]) - value) <= Fraction(1, 2 * 10**places)
