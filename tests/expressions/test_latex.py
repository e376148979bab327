from decimal import Decimal

import pytest

from pellucid.expressions import (
    Element,
    ErrorFunction,
    HyperbolicTangent,
    Largest,
    Logarithm,
    Number,
    PositionOfLargest,
    Product,
    Quotient,
    Sum,
    parse,
)
from pellucid.expressions.latex import LatexPrinter
from pellucid.numbers import Notation

NOTATION = Notation(4)
stacked = LatexPrinter(NOTATION)
level = LatexPrinter(NOTATION, fractions=False)


@pytest.mark.parametrize(
    ("written", "latex"),
    [
        ("0.3*0.1 + 0.4*0.3", r"0.3 \cdot 0.1 + 0.4 \cdot 0.3"),
        ("1/3", r"\frac{1}{3}"),
        ("2 * (1/3)", r"2 \cdot \frac{1}{3}"),
        ("(1/3)^2", r"\left(\frac{1}{3}\right)^{2}"),
        ("(1 + 2)/3", r"\frac{1 + 2}{3}"),
        ("exp(0.21/sqrt(3))", r"e^{0.21/\sqrt{3}}"),
        ("exp(1/2)/(1 + exp(1/2))", r"\frac{e^{1/2}}{1 + e^{1/2}}"),
        ("1/sqrt(d_k)", r"\frac{1}{\sqrt{d_{k}}}"),
        ("2*(0-0.5)", r"2 \cdot \left(0 + \left(-0.5\right)\right)"),
        ("-inf", r"-\infty"),
        ("3 * 2e12", r"3 \cdot \left(2.0000 \cdot 10^{12}\right)"),
        ("2e12^2", r"\left(2.0000 \cdot 10^{12}\right)^{2}"),
    ],
)
def test_expressions_are_written_as_mathematicians_do(written, latex):
    assert stacked(parse(written)) == latex


@pytest.mark.parametrize(
    ("written", "latex"),
    [("1/3", "1/3"), ("2 * (1/3)", r"2 \cdot \left(1/3\right)"), ("exp(1/2)", "e^{1/2}"), ("sqrt(2)", r"\sqrt{2}")],
)
def test_without_fractions_everything_stays_on_one_line(written, latex):
    assert level(parse(written)) == latex


NUMBERS = tuple(Number(Decimal(k)) for k in (2, -7, 5))


@pytest.mark.parametrize(
    ("expression", "latex"),
    [
        (HyperbolicTangent(parse("1/2")), r"\tanh\left(\frac{1}{2}\right)"),
        (ErrorFunction(parse("-0.5")), r"\operatorname{erf}\left(-0.5\right)"),
        (Logarithm(parse("1/2")), r"\ln\left(\frac{1}{2}\right)"),
        (Largest(NUMBERS), r"\max\left(2, -7, 5\right)"),
        (PositionOfLargest(NUMBERS), r"\operatorname{argmax}\left(2, -7, 5\right)"),
        (Product((ErrorFunction(NUMBERS[0]), NUMBERS[1])), r"\operatorname{erf}\left(2\right) \cdot \left(-7\right)"),
    ],
)
def test_functions_have_their_names(expression, latex):
    assert stacked(expression) == latex


def test_of_many_arguments_the_middle_is_left_out():
    many = tuple(Number(Decimal(k)) for k in range(1, 31))
    assert LatexPrinter(NOTATION, most_terms=4)(Largest(many)) == r"\max\left(1, 2, 3, \cdots, 30\right)"


def test_a_fraction_after_an_exponent_is_stacked_again():
    assert stacked(parse("exp(1/2) + 1/2")) == r"e^{1/2} + \frac{1}{2}"


def test_a_sum_falls_into_its_terms_each_after_its_sign():
    assert stacked.pieces(parse("1 + 2*3 - d_k")) == ["1", r"+ 2 \cdot 3", "- d_{k}"]
    assert stacked.pieces(parse("2*3")) == [r"2 \cdot 3"]


def test_a_long_sum_keeps_its_beginning_and_its_end():
    long = Sum(tuple(Number(Decimal(k)) for k in range(1, 31)))
    assert LatexPrinter(NOTATION, most_terms=4)(long) == r"1 + 2 + 3 + \cdots + 30"


def test_elements_are_wrapped_inside_their_brackets():
    coloured = LatexPrinter(NOTATION, element=lambda element, text: rf"\textcolor{{{element.array}}}{{{text}}}")
    weight, value = Element("weights", (0, 1), 0.25), Element("value", (1, 0), -0.5)
    assert coloured(Product((weight, value))) == (
        r"\textcolor{weights}{0.25} \cdot \left(\textcolor{value}{-0.5}\right)"
    )
    assert coloured(Quotient(weight, value)) == r"\frac{\textcolor{weights}{0.25}}{\textcolor{value}{-0.5}}"


@pytest.mark.parametrize(
    ("printed", "latex"), [("-∞", r"-\infty"), ("0.1735", "0.1735"), ("1.25e12", r"1.25 \cdot 10^{12}")]
)
def test_printed_numbers_become_latex(printed, latex):
    assert stacked.number(printed) == latex
