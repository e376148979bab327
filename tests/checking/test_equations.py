"""Chains of sides: where they begin, go on and end."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.checking.equations import chains_of
from pellucid.checking.mapped_text import MappedText
from pellucid.checking.values import numbers


def chains(text, names=None, *, program=False):
    """Of each chain its label and its sides: what they are worth, or their text."""
    found = []
    for chain in chains_of(MappedText.whole(text), names or {}, program=program):
        sides = []
        for side in chain.sides:
            assert 0 <= side.start <= side.end <= len(text)
            if side.value is None:
                sides.append(text[side.start : side.end].strip())
            else:
                worth = np.round(numbers(side.value.tree), 9)
                sides.append(worth.tolist())
        found.append((chain.label.strip(), sides))
    return found


@pytest.mark.parametrize(
    ("text", "label", "sides"),
    [
        ("0.3×0.1 + 0.4×0.3 = 0.15", "", [0.15, 0.15]),
        ("a · b = 0.3×0.1 = 0.03 ≈ 0.0", "a · b =", ["a · b", 0.03, 0.03, 0.0]),
        ("The score is 2×3 = 6.", "The score is", [6, 6]),
        ("2×3 → 6", "", [6, 6]),
        ("1/2 -> 0.5", "", [0.5, 0.5]),
        ("$\\ 1/4 ≅ 0.25", "$\\", [0.25, 0.25]),
        ("x: 1/4 = 25%", "x:", [0.25, 0.25]),
        ("1 + 1 =\n2", "", [2, 2]),
        ("1 + 1\n= 2", "", [2, 2]),
        ("0.1 + 0.2\n+ 0.3\n= 0.6\n≈ 1", "", [0.6, 0.6, 1]),
        ("q = [1, 2]\n", "q =", ["q", [1, 2]]),
        ("q = [1,\n     2]\n", "q =", ["q", [1, 2]]),
        ("6/√d_k = 2", "", [2, 2]),
        ("- 2×3 = 6", "-", [6, 6]),
        ("* 2×3 = 6", "*", [6, 6]),
        ("(2)(3) = 6", "", [6, 6]),
        ("w = softmax([0, 0]) = [0.5, 0.5]", "w =", ["w", [0.5, 0.5], [0.5, 0.5]]),
    ],
)
def test_one_chain(text, label, sides):
    assert chains(text, {"d_k": Decimal(9)}) == [(label, sides)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2×3 = 6, 2×4 = 8", [[6, 6], [8, 8]]),
        ("2×3 = 6 and 2×4 = 8", [[6, 6], [8, 8]]),
        ("2×3 = 6\n2×4 = 8\n", [[6, 6], [8, 8]]),
        ("2×3 = 6; 1/2 ≈ 0.5", [[6, 6], [0.5, 0.5]]),
    ],
)
def test_several_chains(text, expected):
    assert [sides for _, sides in chains(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "no relation 2×3",
        "a = b",
        "In 2017, 8 × 64 heads.",
        "version 1.2.3 → later",
        "",
        "=",
        "= = =",
        "≈",
    ],
)
def test_no_chains(text):
    assert chains(text) == []


@pytest.mark.parametrize(
    "text",
    ["x·0.3 = 0.6", "0.3 = 0.1 + z", "3 million = 5", "y/2×4 = 8", "x^2×4 = 8", "f(2)×4 = 8"],
)
def test_arithmetic_with_unknowns_is_not_cut_into_what_is_known(text):
    for _, sides in chains(text):
        assert sum(not isinstance(side, str) for side in sides) <= 1


def test_elements_of_a_list_on_several_lines_are_one_side():
    (_, sides) = chains("S = [[1, 2],\n     [3, 4]]\n     = [[1, 2], [3, 5]]\n")[0]
    assert sides[1:] == [[[1, 2], [3, 4]], [[1, 2], [3, 5]]]


def test_a_line_that_only_begins_like_a_list_item_does_not_go_on():
    found = chains("+ apples = 3 + 4 = 7\n+ pears = 1 + 1 = 2")
    assert [label for label, _ in found] == ["+ apples =", "+ pears ="]
    assert [sides[1] for _, sides in found] == [7, 2]


@given(values=st.lists(st.integers(1, 99), min_size=2, max_size=6), newline=st.booleans())
def test_sums_of_any_length(values, newline):
    text = ("\n+ " if newline else " + ").join(map(str, values)) + f" = {sum(values)}"
    assert chains(text) == [("", [sum(values), sum(values)])]


@given(text=st.text("0123456789.+-×=≈→()[],% \nab_^√", max_size=60))
def test_any_text_gives_chains_in_reading_order(text):
    position = 0
    for chain in chains_of(MappedText.whole(text), {}):
        assert any(side.value is not None for side in chain.sides)
        for side in chain.sides:
            assert position <= side.start <= side.end <= len(text)
            position = side.end
