"""Expressions as text, and back again."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.errors import InputError
from pellucid.expressions import (
    Cosine,
    Element,
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
from pellucid.expressions.text import TextPrinter
from pellucid.numbers import Exact, Notation

text = TextPrinter(Notation(4))


def number(value):
    return Number(Decimal(value))


@pytest.mark.parametrize(
    ("tree", "printed"),
    [
        (Sum((Product((number("0.3"), number("0.1"))), Product((number("0.4"), number("0.3"))))), "0.3×0.1 + 0.4×0.3"),
        (Sum((number(1), Negative(number(2)), number(3))), "1 - 2 + 3"),
        (Sum((number(1), number(-2))), "1 + (-2)"),
        (Product((number(-1), number(2))), "(-1)×2"),
        (Product((Sum((number(1), number(2))), number(3))), "(1 + 2)×3"),
        (Negative(Sum((number(1), number(2)))), "-(1 + 2)"),
        (Quotient(number(1), Quotient(number(2), number(3))), "1/(2/3)"),
        (Quotient(Quotient(number(1), number(2)), number(3)), "1/2/3"),
        (Quotient(number(1), Product((number(2), number(3)))), "1/(2×3)"),
        (Quotient(number(1), Sum((Product((number(2), number(3))),))), "1/(2×3)"),
        (Power(Sum((Negative(number(2)),)), number(2)), "(-2)^2"),
        (Power(number(-2), number(2)), "(-2)^2"),
        (Power(Power(number(2), number(3)), number(4)), "(2^3)^4"),
        (Exponential(Quotient(number("0.21"), SquareRoot(number(3)))), "e^(0.21/√3)"),
        (Exponential(number("-0.5")), "e^-0.5"),
        (SquareRoot(Sum((number(2), number(1)))), "√(2 + 1)"),
        (Quotient(number(1), SquareRoot(Name("d_k"))), "1/√d_k"),
        (Sine(Quotient(number(1), number(2))), "sin(1/2)"),
        (Cosine(number(1)), "cos(1)"),
        (Element("query", (0,), Decimal("0.33333333"), Quotient(number(1), number(3))), "1/3"),
        (Element("query", (0,), Decimal("0.33333333")), "0.3333"),
    ],
)
def test_brackets_stand_where_they_are_needed(tree, printed):
    assert text(tree) == printed


def test_a_long_sum_keeps_its_first_terms_and_its_last():
    terms = Sum(tuple(number(n) for n in range(1, 101)))
    assert TextPrinter(Notation(4), most_terms=4)(terms) == "1 + 2 + 3 + … + 100"
    assert TextPrinter(Notation(4), most_terms=100)(terms).count("+") == 99


def test_a_pattern_cannot_be_printed_before_it_is_bound():
    class Unknown(Name, frozen=True):
        pass

    class Pattern(type(number(1)).__mro__[1], frozen=True):
        pass

    assert text(Unknown("d_k")) == "d_k"
    with pytest.raises(TypeError, match="Pattern cannot be printed"):
        text(Pattern())


leaves = st.decimals(-9, 9, places=3).map(Number) | st.just(Name("d_k"))


def nodes(children):
    several = st.lists(children, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        several.map(Sum),
        st.lists(children, min_size=2, max_size=3).map(tuple).map(Product),
        st.builds(Quotient, children, children),
        st.builds(Power, children, children),
        st.builds(Negative, children),
        st.builds(Exponential, children),
        st.builds(SquareRoot, children),
        st.builds(Sine, children),
        st.builds(Cosine, children),
    )


trees = st.recursive(leaves, nodes, max_leaves=12)


def value(tree):
    """To 30 digits; `None` where there is none."""
    numbers = Exact(30)
    try:
        with numbers.arithmetic():
            return evaluate(tree, numbers, {"d_k": 3})
    except InputError:
        return None


@given(tree=trees)
def test_what_is_printed_is_parsed_back_to_the_same_value(tree):
    printed = TextPrinter(Notation(3), most_terms=100)(tree)
    own, back = value(tree), value(parse(printed))
    if own is None:
        assert back is None, printed
    else:
        with Exact(30).arithmetic():
            assert abs(back - own) <= abs(own) * Decimal("1e-25"), printed
