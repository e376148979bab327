"""What an equation computes, and which slip is behind a wrong sum."""

import pytest

from pellucid.checking.equation_slips import has, has_one, hint, kind_of
from pellucid.checking.equations import chains_of
from pellucid.checking.mapped_text import MappedText
from pellucid.checking.printed import Printed
from pellucid.expressions import Exponential, Quotient, SquareRoot, Sum


def tree_of(text):
    (chain,) = chains_of(MappedText.whole(f"{text} = 1"), {})
    return chain.sides[0].value.tree


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("e^0.5", "exponential"),
        ("e^0.5 + e^0.25", "exponential"),  # the sum below a softmax
        ("e^0.5/(e^0.5 + e^0.25)", "softmax"),
        ("0.21/√3", "scaling"),
        ("0.21/3", "arithmetic"),
        ("0.3×0.1 + 0.4×0.3", "dot_product"),
        ("0.3×0.1 + 0.4", "dot_product"),  # half of it is products
        ("0.3×0.1 + 0.4 + 0.5", "arithmetic"),
        ("0.3 + 0.4", "arithmetic"),
        ("0.3×0.4", "arithmetic"),
    ],
)
def test_kinds(text, kind):
    assert kind_of(tree_of(text)) == kind


def test_nodes_of_a_tree():
    tree = tree_of("1 + 2×(3/√5)")
    assert has(tree, SquareRoot)
    assert has(tree, Quotient)
    assert not has(tree, Exponential)
    assert has_one(tree, (Exponential, Sum))
    assert not has_one(tree, (Exponential,))


@pytest.mark.parametrize(
    ("text", "result", "said"),
    [
        # 2 + 12 + 30 = 44
        ("1×2 + 3×4 + 5×6", "42", "term 1 of the sum is left out"),
        ("1×2 + 3×4 + 5×6", "14", "term 3 of the sum is left out"),
        ("1×2 + 3×4 + 5×6", "40", "term 1 of the sum has the wrong sign"),
        ("1×2 + 3×4 + 5×6", "-16", "term 3 of the sum has the wrong sign"),
        ("1×2 + 3×4 + 5×6", "44", ""),
        ("1×2 + 3×4 + 5×6", "45", ""),
        ("1×2 + 0×4 + 5×6", "32", ""),  # a term of zero is not missed
        ("2×3", "0", ""),  # no sum
        ("1/0 + 2×3", "6", ""),  # no value
    ],
)
def test_hints(text, result, said):
    assert hint(tree_of(text), Printed.read(result, 100, 100 + len(result))) == said


def test_long_sums_are_not_searched():
    thirty_two, thirty_three = (" + ".join(["1×2"] * count) for count in (32, 33))
    assert hint(tree_of(thirty_two), Printed.read("62", 500, 502)) == "term 1 of the sum is left out"
    assert hint(tree_of(thirty_three), Printed.read("64", 500, 502)) == ""
