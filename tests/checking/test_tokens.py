from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.checking.tokens import CLOSE, COMMA, LINE, NUMBER, OPEN, OTHER, RELATION, SIGN, WORD, number_of, tokens_of

KINDS = {
    NUMBER: "n",
    WORD: "w",
    SIGN: "s",
    RELATION: "r",
    OPEN: "(",
    CLOSE: ")",
    COMMA: ",",
    LINE: "l",
    OTHER: "o",
}


def kinds(text):
    return "".join(KINDS[token.kind] for token in tokens_of(text))


def numbers(text):
    return [token.text for token in tokens_of(text) if token.kind == NUMBER]


def first_number(text, **how):
    token, *following = tokens_of(text)
    assert token.kind == NUMBER
    return number_of(token, percent=following[0] if following else None, **how)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.3×0.1 = 0.03", "nsnrn"),
        ("q_dog · k_The ≈ 0.5", "wswrn"),
        ("[1, 2; 3]", "(n,n,n)"),
        ("a\n→ 2", "wlrn"),
        ("3 -> 4 => 5 := 6 == 7", "nrnrnrnrn"),
        ("√3 ÷ 2 ** 4", "snsnsn"),
        ('"dog": 1', "owoon"),
        ("16%", "ns"),
    ],
)
def test_kinds(text, expected):
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,234,567.5", ["1,234,567.5"]),
        ("1,23", ["1", "23"]),
        ("[1,234]", ["1", "234"]),
        ("([1,234])", ["1", "234"]),
        ("12,345", ["12,345"]),
        ("a[1] and 12,345", ["1", "12,345"]),
        (".5 and 0.25", [".5", "0.25"]),
        ("1e-3", ["1e-3"]),
        ("6.02e23", ["6.02e23"]),
        ("3x4", ["3", "4"]),
        ("3 x 4", ["3", "4"]),
        ("k2 and x_3", []),
    ],
)
def test_numbers(text, expected):
    assert numbers(text) == expected


def test_what_is_left_of_a_version_is_not_the_version():
    assert "1.2" not in numbers("v1.2")


@pytest.mark.parametrize("text", ["3x4", "3 x 4", "3X4", "(6) x (3)"])
def test_an_x_between_numbers_is_a_times_sign(text):
    assert "×" in [token.text for token in tokens_of(text) if token.kind == SIGN]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("−", "-"), ("–", "-"), ("**", "^"), ("⋅", "·"), ("∙", "·"), ("•", "·"), ("∗", "*"), ("÷", "/"), ("⊙", "*")],
)
def test_signs_that_look_different_and_are_the_same(written, meant):
    sign = tokens_of(f"1 {written} 2")[1]
    assert (sign.kind, sign.text) == (SIGN, meant)
    assert sign.end - sign.start == len(written)


@pytest.mark.parametrize(
    ("text", "how", "value", "places", "shown"),
    [
        ("0.20", {}, "0.20", 2, "0.20"),
        ("1,234.5", {}, "1234.5", 1, "1,234.5"),
        ("7.", {}, "7", 0, "7"),
        ("7.", {"program": True}, "7", 0, "7."),
        (".5", {}, "0.5", 1, ".5"),
        ("1.50e-02", {}, "0.0150", 4, "1.50e-02"),
        ("2e3", {}, "2000", -3, "2e3"),
        ("40.9%", {}, "0.409", 3, "40.9%"),
        ("16%", {}, "0.16", 2, "16%"),
    ],
)
def test_what_a_number_says(text, how, value, places, shown):
    printed = first_number(text, **how)
    assert printed.value == Decimal(value)
    assert (printed.places, printed.text) == (places, shown)
    assert text[printed.start : printed.end] == shown


@pytest.mark.parametrize("text", ["1e999", "1e-999", "9" * 500, "9" * 302 + ".5"])
def test_numbers_out_of_reach(text):
    assert first_number(text) is None


def test_a_stretch_of_a_text_keeps_the_places_of_the_whole():
    text = "0.5 = 0.5, but 0.25 = 1/4"
    found = tokens_of(text, text.index("but"), text.index(" = 1/4"))
    assert [(token.text, text[token.start : token.end]) for token in found] == [("but", "but"), ("0.25", "0.25")]


@given(text=st.text("0123456789.,-−+×x*·/^√%()[]{}=≈→ \nabcQ_'′$\\|", max_size=60))
def test_tokens_stand_where_they_say_and_do_not_overlap(text):
    position = 0
    for token in tokens_of(text):
        assert position <= token.start < token.end <= len(text)
        assert not text[position : token.start].strip(" \t\r\xa0")
        if token.kind == NUMBER:
            assert text[token.start : token.end] == token.text
            printed = number_of(token)
            assert printed is None or text[printed.start : printed.end] == printed.text
        position = token.end
    assert not text[position:].strip(" \t\r\xa0")


@given(value=st.decimals(0, 10**6, places=4), grouped=st.booleans())
def test_a_printed_number_is_read_back(value, grouped):
    text = f"{value:,}" if grouped else f"{value}"
    printed = first_number(text)
    assert (printed.value, printed.places) == (value, 4)
