"""Against llama2.c's own rule, spelled out: join the best pair again and again."""

import struct
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pellucid.data.llama2c_tokenizer import read_llama2c_tokenizer
from pellucid.errors import TokenizerError
from sentences import assert_one_sentence

FILE = Path(__file__).parents[1] / "nn" / "converters" / "stories260K" / "tok512.bin"
TOKENIZER = read_llama2c_tokenizer(FILE)


def file_of(*pieces: tuple[str, float]) -> bytes:
    special = [("<unk>", 0.0), ("\n<s>\n", 0.0), ("\n</s>\n", 0.0)]
    encoded = [(piece.encode(), score) for piece, score in (*special, *pieces)]
    longest = struct.pack("<i", max(len(piece) for piece, _ in encoded))
    return longest + b"".join(struct.pack("<fi", score, len(piece)) + piece for piece, score in encoded)


def scores() -> dict[str, tuple[int, float]]:
    content, found, at = FILE.read_bytes(), {}, 4
    while at < len(content):
        score, size = struct.unpack_from("<fi", content, at)
        found[content[at + 8 : at + 8 + size].decode()] = (len(found), score)
        at += 8 + size
    return found


def by_the_rule(text: str) -> list[int]:
    known, ids = scores(), []
    names = {id_: piece for piece, (id_, _) in known.items()}
    for character in " " + text if text else "":
        if character in known:
            ids.append(known[character][0])
        else:
            ids += [byte + 3 for byte in character.encode()]
    while True:
        pairs = [(names[a] + names[b], i) for i, (a, b) in enumerate(pairwise(ids))]
        joins = [(known[piece][1], -i, piece) for piece, i in pairs if piece in known]
        if not joins:
            return ids
        _, at, piece = max(joins)
        ids[-at : -at + 2] = [known[piece][0]]


@given(st.text(alphabet=st.one_of(st.sampled_from("etaon shrdlu.,\n\"T'"), st.characters(codec="utf-8")), max_size=60))
@example("Once upon a time, there was a little girl named Lily.")
@example("  two  spaces")
@example("ünï 猫 👩‍👧\n\n<s> <0x41>")
def test_ids_are_those_of_the_rule_and_the_text_comes_back(text):
    ids = TOKENIZER.encode(text)
    assert ids == by_the_rule(text)
    assert TOKENIZER.decode(ids) == text


def test_special_tokens_have_the_ids_of_llama2c():
    assert (TOKENIZER.unk_id, TOKENIZER.bos_id, TOKENIZER.eos_id, TOKENIZER.vocab_size) == (0, 1, 2, 512)


@pytest.mark.parametrize(
    "content", [b"", b"\x07\0\0\0", FILE.read_bytes()[:-1], FILE.read_bytes()[:4000], file_of(("a", -1.0), ("a", -2.0))]
)
def test_a_damaged_file_is_a_sentence(content, tmp_path):
    path = tmp_path / "tok.bin"
    path.write_bytes(content)
    with pytest.raises(TokenizerError) as caught:
        read_llama2c_tokenizer(path)
    assert_one_sentence(str(caught.value))


def test_scores_and_not_places_decide(tmp_path):
    path = tmp_path / "tok.bin"
    path.write_bytes(file_of(("a", -9.0), ("b", -9.0), ("c", -9.0), (" ", -9.0), ("ab", -2.0), ("bc", -1.0)))
    tokenizer = read_llama2c_tokenizer(path)
    assert tokenizer.tokens(tokenizer.encode("abc")) == [" ", "a", "bc"]
