"""Tokens as text, against the tokenizers' own decoding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data.pieces import reader_of
from pellucid.data.train_tokenizer import train_tokenizer


@pytest.fixture(scope="module")
def subwords():
    return train_tokenizer(["der nächste Hund sitzt, der alte Hund säße"] * 9, "bpe", vocab_size=290)


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_pieces_are_what_the_text_is_made_of(subwords, text):
    pieces = subwords.pieces(subwords.encode(text))
    whole = all("\\x" not in piece for piece in pieces)
    if whole:
        assert "".join(pieces).strip(" ") == text.strip(" ") or "\\" in text


def test_a_word_brings_its_space_and_its_letters(subwords):
    assert "nächste" in "".join(subwords.pieces(subwords.encode("der nächste Hund")))
    assert subwords.pieces(subwords.encode("der Hund"))[-1] == " Hund"
    assert subwords.pieces([1, 2]) == ["<bos>", "<eos>"]


def test_part_of_a_character_stays_visible():
    read = reader_of({"decoder": {"type": "ByteLevel"}})
    assert read("Ã") == "\\xc3"
    assert read("Ã¤") == "ä"
    assert read("Ġ") == " "
    assert read("Ċ") == "\n"
    assert read("→") == "→"  # no byte stands so


def test_other_spellings():
    metaspace = reader_of({"decoder": {"type": "Sequence", "decoders": [{"type": "Metaspace"}, {"type": "Fuse"}]}})
    replace = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
    assert metaspace("▁dog") == reader_of({"decoder": replace})("▁dog") == " dog"
    assert reader_of({"decoder": None})("▁dog") == "▁dog"
