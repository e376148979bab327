import numpy as np
import pytest

from pellucid import Example, explain
from pellucid.rendering.document import Grid, window
from pellucid.rendering.labels import left_out, printable, row_label, shorten, token_label


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("one\ntwo\tthree", "one↵two⇥three"),
        ("bell\x07, escape\x1b[31m", "bell\ufffd, escape\ufffd[31m"),
        ("\u202eright to left", "\ufffdright to left"),
        ("half a pair \ud83d", "half a pair \ufffd"),
        ("👩\u200d👧 می\u200cخواهم", "👩\u200d👧 می\u200cخواهم"),
    ],
)
def test_nothing_invisible_or_unwritable_is_left(given, shown):
    assert printable(given) == shown
    shown.encode()


@pytest.mark.parametrize(
    ("token", "label"),
    [("dog", "dog"), ("", "∅"), (" dog", "␣dog"), ("  ", "␣␣"), ("a b\u00a0", "a b␣"), ("\n", "↵")],
)
def test_spaces_and_emptiness_of_tokens_can_be_seen(token, label):
    assert token_label(token, 10) == label


def test_long_labels_lose_their_middle():
    assert shorten("abcdefghij#2", 8) == "abcde…#2"
    assert shorten("abcdefgh", 8) == "abcdefgh"


def test_the_only_row_of_a_vector_has_no_label():
    weights = {name: [[1], [2]] for name in ("query", "key", "value")}
    example = Example(embeddings=[[1, 2]], weights=weights, biases={"query": [3]})
    assert row_label(Grid(explain(example)["query_bias"], "bias"), 0, 10) == ""


def test_what_a_window_leaves_out_is_counted():
    grid = Grid(explain(Example(scores=np.zeros((30, 11)), scale=1.0))["scores"], "scores")
    every_row, every_column = list(range(30)), list(range(11))
    assert left_out(grid, every_row, every_column) == ""
    assert left_out(grid, every_row, [*range(9), None, 10]) == "1 more column"
    assert left_out(grid, window(30, 8), window(11, 5)) == "23 more rows and 7 more columns"
