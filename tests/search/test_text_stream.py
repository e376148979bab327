"""Text in pieces is the text as a whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data.train_tokenizer import train_tokenizer
from pellucid.errors import InputError
from pellucid.search.stop_strings import StopStrings
from pellucid.search.text_stream import TextStream

TEXT = ["The dog is sitting on the mat.", "Der Hund sitzt auf der Matte.", "größer, schöner, 12 Äpfel — ja!"]
TOKENIZERS = {kind: train_tokenizer(TEXT, kind, 400) for kind in ("bpe", "unigram", "characters")}


@pytest.mark.parametrize("kind", TOKENIZERS)
@given(text=st.text() | st.sampled_from(TEXT) | st.text("aä€😀 \n"))
def test_pieces_are_valid_and_join_to_the_text(kind, text):
    tokenizer = TOKENIZERS[kind]
    stream = TextStream(tokenizer.decode)
    pieces = [stream.push(token) for token in tokenizer.encode(text)]
    if "\N{REPLACEMENT CHARACTER}" not in text:
        assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in pieces)
    assert "".join(pieces) + stream.finish() == text


@pytest.mark.parametrize("kind", TOKENIZERS)
@given(text=st.sampled_from(TEXT), cut=st.integers(0, 40))
def test_a_text_that_goes_on_joins_to_what_was_before(kind, text, cut):
    tokenizer = TOKENIZERS[kind]
    ids = tokenizer.encode(text)
    before, after = ids[:cut], ids[cut:]
    if tokenizer.decode(before).endswith("\N{REPLACEMENT CHARACTER}"):
        return  # a beginning that is cut inside a character is no text
    stream = TextStream(tokenizer.decode, before)
    added = "".join(stream.push(token) for token in after) + stream.finish()
    assert tokenizer.decode(before) + added == text


def test_a_character_of_several_tokens_comes_whole():
    tokenizer = TOKENIZERS["bpe"]
    ids = tokenizer.encode("a😀x")
    assert len(ids) > 5
    stream = TextStream(tokenizer.decode)
    assert [piece for piece in map(stream.push, ids) if piece] == ["a", "😀", "x"]


def test_what_is_left_unfinished_is_shown_at_the_end():
    tokenizer = TOKENIZERS["bpe"]
    stream = TextStream(tokenizer.decode)
    assert "".join(stream.push(token) for token in tokenizer.encode("a😀")[:-1]) == "a"
    assert set(stream.finish()) == {"\N{REPLACEMENT CHARACTER}"}


def expected_text(text, strings):
    """The text before the stop string that is complete first."""
    ends = [(text.index(s) + len(s), text.index(s)) for s in strings if s in text]
    return (text[: min(ends)[1]], True) if ends else (text, False)


@given(
    pieces=st.lists(st.text("abc", max_size=4), max_size=8),
    strings=st.lists(st.text("abc", min_size=1, max_size=4), max_size=3),
)
def test_stop_strings_are_found_across_pieces(pieces, strings):
    stops = StopStrings(strings)
    shown = "".join(stops.push(piece) for piece in pieces)
    shown += "" if stops.found else stops.finish()
    assert (shown, stops.found) == expected_text("".join(pieces), strings)


def test_what_may_become_a_stop_string_waits():
    stops = StopStrings(["END"])
    assert [stops.push(piece) for piece in ("the E", "N", "emy E", "ND of")] == ["the ", "", "ENemy ", ""]
    assert stops.found


def test_an_empty_stop_string_is_refused():
    with pytest.raises(InputError, match="at least one character"):
        StopStrings(["a", ""])
