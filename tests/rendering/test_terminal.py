import re

import numpy as np
import pytest

from pellucid import Example, explain
from pellucid.rendering import Appearance, render
from pellucid.rendering.explanation import Selection, explain_attention
from pellucid.rendering.styled_lines import cells

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def text(example, width=80, colour=False, **selection):
    document = explain_attention(explain(example), Selection(**selection))
    shown = render(document, "terminal", Appearance(width=width, colour=colour))
    assert isinstance(shown, str)
    return shown


def random_example(n=5, d=3, **fields):
    random = np.random.default_rng(0)
    arrays = {name: random.standard_normal((n, d)) for name in ("query", "key", "value")}
    return Example(**{**arrays, "tokens": [f"t{i}" for i in range(n)], **fields})


def matrix(shown: str, caption: str) -> list[list[str]]:
    """The cells under a caption, read back from the text."""
    lines = shown.splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip() == caption) + 2
    rows = []
    for line in lines[start:]:
        if not line.strip():
            break
        rows.append(line.split())
    return rows


def test_the_row_is_spelled_out_number_by_number():
    shown = text("dog-on-the-mat")
    assert "sitting · on      = 0.3×0.6 + 0.4×0.4 + 0.1×0.2 = 0.36" in shown
    assert "on      = e^(0.36/√3)/7.0963 = 1.2310/7.0963 = 0.1735" in shown
    assert matrix(shown, "weights")[3] == ["sitting", "0.1591", "0.1666", "0.1705", "0.1666", "0.1735", "0.1637"]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("example", ["dog-on-the-mat", "complete-sentence", "self-and-cross", "grouped-query"])
def test_no_line_is_wider_than_the_terminal(example, width):
    assert max(cells(line) for line in text(example, width).splitlines()) <= width


def test_colours_change_nothing_but_colours():
    coloured = text("complete-sentence", colour=True)
    assert "\x1b[" in coloured
    assert [line.rstrip() for line in ANSI.sub("", coloured).splitlines()] == text("complete-sentence").splitlines()


def test_numbers_are_printed_as_they_were_written_and_ask_nothing_of_their_neighbours():
    shown = text(Example(query=[["1/3", 1], ["sqrt(2)", 0.5]], key=[[1, 0]], value=[[1]]))
    starts = [line.split()[:3] for line in shown.splitlines()]
    assert ["0", "1/3", "1.0"] in starts
    assert ["1", "√2", "0.5"] in starts


def test_a_wide_matrix_continues_below_itself():
    shown = text(random_example(n=14))
    heads = [line.split() for line in shown.splitlines() if re.fullmatch(r"\s+t\d+(\s+t\d+)*", line)]
    for first, second in zip(heads[::2], heads[1::2], strict=True):
        assert first + second == [f"t{i}" for i in range(14)]
        assert abs(len(first) - len(second)) <= 1


def test_of_512_tokens_a_person_can_read_what_is_shown_and_is_told_the_rest():
    shown = text(random_example(n=512), query="t300")
    assert len(shown.splitlines()) < 250
    assert "(501 more rows and 497 more columns are left out)" in shown
    assert "… and 500 more keys" in shown
    assert "… and 1 more key\n" in text(random_example(n=13))
    assert any(line.split()[:1] == ["t300"] for line in shown.splitlines())


def test_one_key_can_be_chosen():
    shown = text("dog-on-the-mat", query="dog", key="on")
    assert "dog · on = 0.4×0.6 + 0.6×0.4 + 0.2×0.2 = 0.52" in shown
    assert "dog · The" not in shown


def test_a_head_can_be_chosen():
    assert "weights, head 1" in text("multi-head", head=1)
    assert "weights, head 0" not in text("multi-head", head=1)


def test_control_characters_of_tokens_do_not_reach_the_terminal():
    shown = text(random_example(n=2, tokens=["\x1b[31mred", "a\nb"]))
    assert "\x1b" not in shown
    assert "a␣b" in shown


def test_a_fully_masked_row_says_so():
    shown = text("fully-masked-row")
    assert "“<pad>” may attend to nothing" in shown
    assert matrix(shown, "weights")[0] == ["<pad>", "0", "0", "0"]


def test_a_comparison_stands_in_two_columns_where_there_is_room():
    headings = [line.split() for line in text("self-and-cross", width=120).splitlines()]
    assert ["Self-attention", "Cross-attention"] in headings
    assert "weights of “dog”       0.1352  0.3822  0.4826   0.2613  0.7387" in text("self-and-cross")


def test_a_worksheet_has_blanks_in_place_of_numbers():
    shown = text("dog-on-the-mat", blanks=frozenset({"weights", "output"}))
    assert matrix(shown, "weights")[3] == ["sitting", *["______"] * 6]
    assert "0.1735" not in shown
    assert "0.5175" not in shown
    assert "= 0.2078" in shown
