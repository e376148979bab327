import numpy as np
import pytest

from pellucid import Example, explain
from pellucid.errors import PositionError
from pellucid.expressions import parts
from pellucid.expressions.tree import Element
from pellucid.rendering.document import Beside, Grid, Grids, Table, Working
from pellucid.rendering.explanation import Selection, explain_attention


def section(document, title):
    return next(section for section in document.sections if section.title == title)


def working(document, title):
    return next(block for block in section(document, title).blocks if isinstance(block, Working))


def elements(expression):
    found = [expression] if isinstance(expression, Element) else []
    return found + [leaf for part in parts(expression) for leaf in elements(part)]


def test_the_stages_of_the_whole_chain_in_order():
    titles = [section.title for section in explain_attention(explain("complete-sentence")).sections]
    assert titles == [
        "Input encoding",
        "Query, key and value",
        "Similarity",
        "Scaling",
        "Softmax",
        "Weighted sum",
        "Concatenation",
        "Output projection",
    ]


def test_the_row_is_the_focus_of_the_example_unless_another_is_chosen():
    derivation = explain("dog-on-the-mat")
    assert working(explain_attention(derivation), "Similarity").lines[0].label == "sitting · The"
    chosen = explain_attention(derivation, Selection(query="dog", key="on"))
    assert [line.label for line in working(chosen, "Similarity").lines] == ["dog · on"]


def test_of_many_keys_those_with_the_largest_weights_are_spelled_out_in_their_order():
    scores = np.zeros((1, 40))
    scores[0, [3, 17, 30]] = [3.0, 1.0, 2.0]
    document = explain_attention(explain(Example(scores=scores, scale="none")))
    lines = working(document, "Softmax").lines
    labels = [line.label for line in lines[1:]]
    assert {"3", "17", "30"} <= set(labels)
    assert labels == sorted(labels, key=int)
    assert working(document, "Softmax").left_out == (28, "keys")


def test_large_scores_are_spelled_with_the_shift_that_keeps_their_exponentials_finite():
    document = explain_attention(explain(Example(scores=[[900, 901]], scale="none")))
    total, *shares = working(document, "Softmax").lines
    assert float(total.result.value) == pytest.approx(1 + np.exp(-1))
    assert [float(line.result.value) for line in shares] == pytest.approx([1 / (1 + np.e), np.e / (1 + np.e)])


def test_carried_as_printed_the_exponent_is_the_printed_number():
    line = working(explain_attention(explain("dog-on-the-mat", carry="rounded", digits=2)), "Softmax").lines[0]
    assert {element.array for element in elements(line.expressions[0])} == {"masked_scores"}
    exact = working(explain_attention(explain("dog-on-the-mat")), "Softmax").lines[0]
    assert {element.array for element in elements(exact.expressions[0])} == {"scores"}


def test_a_line_shows_no_number_that_is_to_be_filled_in():
    document = explain_attention(explain("dog-on-the-mat"), Selection(blanks=frozenset({"scores"})))
    blank, shown = working(document, "Similarity").lines[0], working(document, "Scaling").lines[0]
    assert blank.blank
    assert not shown.blank
    assert blank.expressions == shown.expressions == ()


def test_two_derivations_stand_side_by_side_and_their_difference_is_named():
    document = explain_attention(explain("self-and-cross"))
    assert isinstance(section(document, "Softmax").blocks[0], Beside)
    (table,) = section(document, "The difference").blocks
    assert isinstance(table, Table)
    assert table.rows[0] == ("keys and values from", "The, dog, sits", "Der, Hund")


def test_matrices_are_of_the_chosen_head_or_of_all():
    derivation = explain("grouped-query")
    for selection, heads in ((Selection(head=3), [3]), (Selection(all_heads=True), [0, 1, 2, 3])):
        block = section(explain_attention(derivation, selection), "Softmax").blocks[-1]
        grids = block.grids if isinstance(block, Grids) else (block,)
        assert [grid.head for grid in grids if isinstance(grid, Grid)] == heads
    keys = section(explain_attention(derivation, Selection(head=3)), "Query, key and value").blocks[-1]
    assert [(grid.step.name, grid.head) for grid in keys.grids] == [("query", 3), ("key", 1), ("value", 1)]


def test_what_does_not_exist_cannot_be_chosen():
    derivation = explain("multi-head")
    for selection in (Selection(head=2), Selection(query="cat"), Selection(key=3), Selection(query="can#2")):
        with pytest.raises(PositionError):
            explain_attention(derivation, selection)
