from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pellucid.errors import InputError
from pellucid.expressions import (
    Cosine,
    Exponential,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Sine,
    SquareRoot,
    Sum,
    evaluate,
    parse,
)
from pellucid.numbers import FLOAT64, Exact
from sentences import assert_one_sentence

ONE, TWO, THREE = (Number(Decimal(n)) for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("0.30", Number(Decimal("0.30"))),
        (".5", Number(Decimal("0.5"))),
        ("5.", Number(Decimal(5))),
        ("2e-3", Number(Decimal("0.002"))),
        ("-inf", Number(Decimal("-Infinity"))),
        ("∞", Number(Decimal("Infinity"))),
        ("1/3", Quotient(ONE, THREE)),
        ("1/2/3", Quotient(Quotient(ONE, TWO), THREE)),
        ("1/2*3", Product((Quotient(ONE, TWO), THREE))),
        ("1*2*3", Product((ONE, TWO, THREE))),
        ("1×2·3", Product((ONE, TWO, THREE))),
        ("1÷2", Quotient(ONE, TWO)),
        ("1+2-3", Sum((ONE, TWO, Number(Decimal(-3))))),
        ("1−2", Sum((ONE, Number(Decimal(-2))))),
        ("1-2*3", Sum((ONE, Negative(Product((TWO, THREE)))))),
        ("(1+2)*3", Product((Sum((ONE, TWO)), THREE))),
        ("2^3^1", Power(TWO, Power(THREE, ONE))),
        ("2**3", Power(TWO, THREE)),
        ("-2^2", Negative(Power(TWO, TWO))),
        ("2^-1", Power(TWO, Number(Decimal(-1)))),
        ("2*-3", Product((TWO, Number(Decimal(-3))))),
        ("--1", ONE),
        ("+1", ONE),
        ("-(1+2)", Negative(Sum((ONE, TWO)))),
        ("sqrt(2)", SquareRoot(TWO)),
        ("√2", SquareRoot(TWO)),
        ("√(1+2)", SquareRoot(Sum((ONE, TWO)))),
        ("√√2", SquareRoot(SquareRoot(TWO))),
        ("√2^3", Power(SquareRoot(TWO), THREE)),
        ("√2/3", Quotient(SquareRoot(TWO), THREE)),
        ("exp(1)", Exponential(ONE)),
        ("e^2", Exponential(TWO)),
        ("e^(1/2)", Exponential(Quotient(ONE, TWO))),
        ("e^-1", Exponential(Number(Decimal(-1)))),
        ("e", Exponential(ONE)),
        ("sin(1)", Sine(ONE)),
        ("cos(1)", Cosine(ONE)),
        ("1/sqrt(d_k)", Quotient(ONE, SquareRoot(Name("d_k")))),
        ("  1 /\t3 ", Quotient(ONE, THREE)),
    ],
)
def test_expressions_are_parsed(text, tree):
    assert parse(text) == tree


@pytest.mark.parametrize("digits", ["0.1234567890123456789012345678901234567890123456789", "0.50"])
def test_every_written_digit_is_kept_after_a_sign_too(digits):
    for text, number in ((digits, Decimal(digits)), (f"-{digits}", Decimal(f"-{digits}"))):
        assert str(parse(text).value) == str(number)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("   ", "it is empty"),
        ("1+", "something is missing at its end"),
        ("*1", "'*' stands where a number should"),
        ("1 2", "'2' is left over"),
        ("(1", "a bracket is not closed"),
        ("1)", "')' is left over"),
        ("()", "')' stands where a number should"),
        ("sqrt 2", "sqrt needs its argument in brackets"),
        ("√", "something is missing at its end"),
        ("√-1", "'-' stands where a number should"),
        ("nan", "NaN is not a number"),
        ("NaN", "NaN is not a number"),
        ("1,5", "',' has no meaning here"),
        ("1;2", "';' has no meaning here"),
        ("__import__('os')", '"\'" has no meaning here'),
        ("²", "'²' has no meaning here"),
        ("1e999999999", "a number is beyond 1e308"),
        ("1e-999999999", "a number is beyond 1e308"),
        ("9" * 400, "a number is beyond 1e308"),
        ("(" * 60 + "1" + ")" * 60, "it is nested more than 50 deep"),
        ("-" * 400 + "1", "it is nested more than 50 deep"),
        ("√" * 900 + "1", "it is nested more than 50 deep"),
        ("2^" * 400 + "1", "it is nested more than 50 deep"),
        ("1" + "/1" * 400, "it is nested more than 50 deep"),
        ("(" * 40 + "1" + "/1)" * 40 + "/1" * 40, "it is nested more than 50 deep"),
        ("1+" * 499 + "1)", "')' is left over"),
    ],
)
def test_what_is_no_expression_is_refused_with_its_reason(text, reason):
    with pytest.raises(InputError) as caught:
        parse(text)
    assert reason in str(caught.value)
    assert_one_sentence(str(caught.value))


def test_a_long_text_is_refused_before_it_is_read():
    with pytest.raises(InputError, match="has 1001 characters; the most is 1000"):
        parse("1" * 1001)


def test_long_sums_and_products_are_not_deep():
    assert evaluate(parse("1" + "+1" * 499), FLOAT64) == 500
    assert evaluate(parse("1" + "*1" * 499), FLOAT64) == 1


symbols = st.lists(
    st.sampled_from(
        [
            "1",
            "0",
            ".5",
            "9e9",
            "e",
            "inf",
            "d_k",
            "sqrt",
            "exp",
            "sin",
            "√",
            "(",
            ")",
            "+",
            "-",
            "*",
            "/",
            "^",
            "**",
            " ",
        ]
    ),
    max_size=40,
).map("".join)


@pytest.mark.parametrize("numbers", [FLOAT64, Exact(20)], ids=str)
@given(text=st.text(max_size=60) | symbols)
@example("9^9^9^9")
@example("0^0")
@example("0^-1")
@example("(0-8)^(1/3)")
@example("exp(9e300)")
@example("sqrt(0-1)")
@example("1/(1-1)")
@example("inf-inf")
@example("2^(9e17)")
@example("1.000001^(9e300)")
@example("٣+１")
@example("\ud800")
@example("1e٣")
@example("sin(9e9^9e9)")
@example("cos(inf)")
def test_any_text_either_has_a_value_or_is_an_input_error(numbers, text):
    try:
        tree = parse(text)
        with numbers.arithmetic():
            evaluate(tree, numbers, {"d_k": 3})
    except InputError as error:
        assert_one_sentence(str(error))
