import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.expressions import (
    Cosine,
    Element,
    ErrorFunction,
    Exponential,
    HyperbolicTangent,
    Largest,
    Logarithm,
    Name,
    Negative,
    Number,
    PositionOfLargest,
    Power,
    Product,
    Quotient,
    Sine,
    SquareRoot,
    Sum,
    parse,
)
from pellucid.expressions.html import HtmlPrinter
from pellucid.expressions.text import TextPrinter
from pellucid.numbers import Notation

NUMBERS = st.decimals(-9, 9, places=2).map(Number)
ELEMENTS = st.builds(Element, st.just("query"), st.just((0, 1)), st.decimals(-9, 9, places=2), st.none() | NUMBERS)


def operators(parts):
    several = st.lists(parts, min_size=2, max_size=14).map(tuple)
    nodes = (Negative, Exponential, SquareRoot, Sine, Cosine, HyperbolicTangent, ErrorFunction, Logarithm)
    unary = [st.builds(node, parts) for node in nodes]
    binary = [st.builds(node, parts, parts) for node in (Quotient, Power)]
    variadic = [st.builds(node, several) for node in (Sum, Product, Largest, PositionOfLargest)]
    return st.one_of(*unary, *binary, *variadic)


@given(st.recursive(NUMBERS | ELEMENTS | st.just(Name("d_k")), operators, max_leaves=12))
def test_without_its_markup_an_expression_reads_as_in_plain_text(expression):
    html = HtmlPrinter(Notation(4))(expression)
    assert re.sub(r"<[^>]*>", "", html) == TextPrinter(Notation(4))(expression)


def seen(written):
    """What is left when unseen signs and plain markup are taken away."""
    html = re.sub(r'<span class="unseen">[^<]*</span>', "", HtmlPrinter(Notation(4))(parse(written)))
    return re.sub(r'<(/?)(?:span|i)(?: class="(\w+)")?>', lambda tag: "}" if tag[1] else f"{tag[2] or ''}{{", html)


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ("1/(2+d_k)", "fraction{{1}{term{2} term{+ <var>d</var><sub>k</sub>}}}"),
        ("exp(-0.5)", "euler{e}<sup>minus{-}0.5</sup>"),
        ("exp(0.21/sqrt(3))", "euler{e}<sup>0.21/root{√{3}}</sup>"),
        ("sqrt(2+1)", "root{√{term{2} term{+ 1}}}"),
        ("3*(-2)", "3times{×}(minus{-}2)"),
        ("1/3*2", "fraction{{1}{3}}times{×}2"),
    ],
)
def test_signs_that_the_layout_says_are_not_seen(written, html):
    assert seen(written) == html


def test_names_are_escaped():
    assert HtmlPrinter(Notation(4))(Name("<b>_&")) == (
        '<var>&lt;b&gt;</var><span class="unseen">_</span><sub>&amp;</sub>'
    )


def test_elements_carry_what_the_page_adds():
    printer = HtmlPrinter(Notation(4), element=lambda element, text: f"<b>{element.array}:{text}</b>")
    assert printer(Negative(Element("key", (0,), Decimal("0.5")))) == '<i class="minus">-</i><b>key:0.5</b>'
