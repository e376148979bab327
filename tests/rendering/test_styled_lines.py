from hypothesis import given
from hypothesis import strategies as st

from pellucid.rendering.styled_lines import Span, cells, padded, printed, side_by_side, unbroken, width, wrapped

WORDS = st.lists(st.text("ab×中", min_size=1, max_size=12), min_size=1, max_size=12)


def plain(lines):
    return printed(lines, colour=False).splitlines()


def test_a_chinese_character_takes_two_cells():
    assert cells("ab") == 2
    assert cells("中×") == 3
    assert width(padded([Span("中")], 5)) == 5


@given(WORDS, st.integers(12, 40))
def test_wrapping_keeps_every_word_and_fits(words, columns):
    lines = plain(wrapped([Span(" ".join(words))], columns, hanging=2))
    assert all(cells(line) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join(words)
    if all(cells(word) < columns - 3 for word in words):
        assert " ".join(" ".join(lines).split()) == " ".join(words)
    assert all(line.startswith("  ") for line in lines[1:])


def test_wrapping_breaks_at_spaces_across_spans():
    line = [Span("one two", "bold"), Span("three four")]
    assert plain(wrapped(line, 9)) == ["one", "twothree", "four"]


def test_a_word_wider_than_the_line_is_broken():
    assert plain(wrapped([Span("abcdefgh")], 3)) == ["abc", "def", "gh"]


def test_what_must_stay_together_stays_together():
    assert plain(wrapped([Span("so "), Span(unbroken("d = 3"))], 6)) == ["so", "d = 3"]


def test_blocks_side_by_side_are_columns():
    left, right = [[Span("a")], [Span("bbb")]], [[Span("1")], [Span("2")], [Span("3")]]
    assert plain(side_by_side([left, right], gap=2)) == ["a    1", "bbb  2", "     3"]


def test_colours_are_printed_only_when_wanted():
    assert printed([[Span("x", "bold")]], colour=False) == "x\n"
    assert printed([[Span("x", "bold")]], colour=True) == "\x1b[1mx\x1b[0m\n"
