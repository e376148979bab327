"""Arithmetic as people write it, against Python's own."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.checking.sides import NotASideError, SideParser
from pellucid.checking.tokens import tokens_of
from pellucid.checking.values import numbers


def parse(text, names=None, *, program=False):
    value, end = SideParser(tokens_of(text), names, program=program).parse(0)
    return value, end


def value_of(text, names=None, *, program=False):
    """The value of a side that reaches to the end of the text."""
    value, end = parse(text, names, program=program)
    assert end == len(tokens_of(text))
    return numbers(value.tree)


SOFTMAX = [1 / (1 + math.e + math.e**2), math.e / (1 + math.e + math.e**2), math.e**2 / (1 + math.e + math.e**2)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.3×0.1 + 0.4×0.3 + 0.1×0.6", 0.21),
        ("0.3*0.1 - 0.4*0.3", -0.09),
        ("2 + 3 × 4 − 6 / 2", 11),
        ("-2^2", -4),
        ("(−2)^2", 4),
        ("2·(3 + 4)·5", 70),
        ("(2)(3) + (4)(5)", 26),
        ("1/4", 0.25),
        ("1/(1 + 1/2)", 2 / 3),
        ("√16 + √(9)", 7),
        ("sqrt(2)·np.sqrt(8)", 4),
        ("0.5/√4", 0.25),
        ("e^0", 1),
        ("e^0.5/(e^0.5 + e^0.5)", 0.5),
        ("exp(1)/math.exp(1)", 1),
        ("e^(0.2 − 0.2)", 1),
        ("e^-1 · e^1", 1),
        ("50% + 12.5%", 0.625),
        ("1,250 + 1", 1251),
        ("2**3", 8),
        ("8 ÷ 4", 2),
        ("3 x 4", 12),
        ("0.1 +\n0.2", 0.3),
        ("0.1\n+ 0.2\n+ 0.3", 0.6),
        ("∞", math.inf),
        ("-∞", -math.inf),
        ("-inf", -math.inf),
        ("sum([1, 2, 4])", 7),
        ("[1, 2] · [3, 4]", 11),
        ("[1, 2]·[3, 4]", 11),
        ("[1, 2] @ [3, 4]", 11),
        ("[1, 2] + [3, 5]", [4, 7]),
        ("2×[1, 2] + 3×[4, 5]", [14, 19]),
        ("[2, 4]/2", [1, 2]),
        ("[1, 2] × [3, 4]", [3, 8]),
        ("[[1, 2, 3], [4, 5, 6]] @ [1, 0, 2]", [7, 16]),
        ("[[1, 2], [3, 4], [5, 6]] · [[1, 0, 2, 1], [0, 1, 1, 2]]", [[1, 2, 4, 5], [3, 4, 10, 11], [5, 6, 16, 17]]),
        ("[[1, 2, 3]]^T", [[1], [2], [3]]),
        ("(1, 2) · (3, 4)", 11),
        ("[1 2 4]", [1, 2, 4]),
        ("[1 -2 4]", [1, -2, 4]),
        ("[1, -2, 4]", [1, -2, 4]),
        ("[[1. 2.]\n [3. 4.]]", [[1, 2], [3, 4]]),
        ("np.array([[1, 2], [3, 4]])", [[1, 2], [3, 4]]),
        ("tensor([0.5, 1.5])", [0.5, 1.5]),
        ("softmax([0, 1, 2])", SOFTMAX),
        ("softmax(0, 1, 2)", SOFTMAX),
        ("softmax([[0, 0], [0, 0]])", [[0.5, 0.5], [0.5, 0.5]]),
        ("softmax(5)", 1),
        ("torch.softmax(tensor([0, 0]), dim=-1)", [0.5, 0.5]),
    ],
)
def test_values(text, expected):
    np.testing.assert_allclose(value_of(text), expected, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("0.5 and more", "and more"),
        ("0.5.", "."),
        ("0.5, 0.6", ", 0.6"),
        ("0.1 + 0.2 + the rest", "+ the rest"),
        ("0.3 × x", "× x"),
        ("2 = 2", "= 2"),
    ],
)
def test_a_side_ends_where_arithmetic_ends(text, rest):
    tokens = tokens_of(text)
    _, end = SideParser(tokens).parse(0)
    if rest != ".":
        assert text[tokens[end].start :] == rest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "words",
        "x + 1",
        "()",
        "[]",
        "[1, 2",
        "(1 + 2",
        "[1, 2)",
        "[1, [2, 3]]",
        "[1, 2] + [1, 2, 3]",
        "[1, 2] · [1, 2, 3]",
        "[[1, 2]] @ [[1, 2]]",
        "3rd",
        "4x",
        "19 million",
        "32 GB",
        "9^9^9^9",
        "2^(3^4)",
        "e^(9^9)",
        "2^1000",
        "10^301",
        "e^701",
        "e^e^5^5",
        "1e999",
        "foo(1)",
        "__import__(1)",
        "eval(1)",
    ],
)
def test_no_sides(text):
    with pytest.raises(NotASideError):
        parse(text)


@pytest.mark.parametrize("opening", ["(", "[", "√", "e^", "√(", "exp(", "2^", "softmax("])
@pytest.mark.parametrize("depth", [31, 20_000])
def test_what_is_nested_too_deep_is_no_side(opening, depth):
    closing = {"(": ")", "[": "]", "√(": ")", "exp(": ")", "softmax(": ")"}.get(opening, "")
    with pytest.raises(NotASideError):
        parse(opening * depth + "1" + closing * depth)


def test_many_signs_do_not_exhaust_the_stack():
    with pytest.raises(NotASideError):
        parse("-" * 20_000 + "1")


@pytest.mark.parametrize(
    ("text", "plain", "elementwise", "single"),
    [
        ("0.25", True, False, False),
        ("-0.25", True, False, False),
        ("[1, 2]", True, False, False),
        ("25%", True, False, False),
        ("1/4", False, False, False),
        ("[1, 1/3]", False, False, False),
        ("[1, 2] × [3, 4]", False, True, False),
        ("[1, 2] · [3, 4]", False, False, False),
        ("softmax(0.3)", False, False, True),
        ("softmax([0.3])", False, False, False),
    ],
)
def test_what_kind_of_side(text, plain, elementwise, single):
    value, _ = parse(text)
    assert (value.plain, value.elementwise, value.single) == (plain, elementwise, single)


def test_names():
    assert value_of("6/√d_k", {"d_k": Decimal(9)}) == 2
    with pytest.raises(NotASideError):
        parse("d_k + 1")


def test_a_program_prints_whole_numbers_with_a_point():
    value, _ = parse("[1. 0. 2.]")
    assert [element.text for element in value.tree] == ["1.", "0.", "2."]


def expression(draw_from):
    def combine(children):
        pair = st.tuples(children, children)
        return st.one_of(
            pair.map(lambda p: (f"({p[0][0]} + {p[1][0]})", p[0][1] + p[1][1])),
            pair.map(lambda p: (f"({p[0][0]} − {p[1][0]})", p[0][1] - p[1][1])),
            pair.map(lambda p: (f"{p[0][0]}×{p[1][0]}", p[0][1] * p[1][1])),
            pair.map(lambda p: (f"({p[0][0]})·({p[1][0]})", p[0][1] * p[1][1])),
            children.map(lambda c: (f"({c[0]})/4", c[1] / 4)),
            children.map(lambda c: (f"(-{c[0]})", -c[1])),
        )

    return st.recursive(draw_from, combine, max_leaves=8)


leaf = st.decimals(0, 9, places=2).map(lambda d: (str(d), float(d)))


@given(pair=expression(leaf))
def test_nested_arithmetic_has_the_value_that_it_was_made_with(pair):
    text, expected = pair
    np.testing.assert_allclose(value_of(text), expected, rtol=1e-12, atol=1e-12)


@given(text=st.text("0123456789.+-×*/^√e()[],% \nT", max_size=40))
def test_any_text_of_signs_has_a_value_or_is_no_side(text):
    try:
        value, end = SideParser(tokens_of(text)).parse(0)
    except NotASideError:
        return
    assert 0 < end <= len(tokens_of(text))
    assert value.tree is not None
