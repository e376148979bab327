import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pellucid.data.tokenizer import SPECIAL_TOKENS, Tokenizer
from pellucid.data.train_tokenizer import train_tokenizer
from pellucid.errors import TokenizerError
from sentences import assert_one_sentence

LINES = ["the dog sat on the mat", "der Hund saß auf der Matte", "the dog is sitting <pad> <0x41> on <eos>"] * 4
KINDS = {
    "bpe": train_tokenizer(LINES, "bpe", 300),
    "unigram": train_tokenizer(LINES, "unigram", 300),
    "characters": train_tokenizer(LINES, "characters"),
}


@pytest.mark.parametrize("kind", KINDS)
@given(text=st.text())
@example(text="")
@example(text=" ")
@example(text="  two spaces  ")
@example(text="<pad><bos> <eos><unk>")
@example(text="<0x41> <0xE2>")
@example(text="▁ Ġ \u2028\x00\ufffd\r\n")
@example(text="👩‍👩‍👧 ä ä")
def test_any_text_comes_back_exactly(kind, text):
    tokenizer = KINDS[kind]
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert all(len(SPECIAL_TOKENS) <= id_ < tokenizer.vocab_size for id_ in ids)


@pytest.mark.parametrize("kind", KINDS)
def test_special_tokens_are_known_and_leave_nothing(kind):
    tokenizer = KINDS[kind]
    assert (tokenizer.pad_id, tokenizer.bos_id, tokenizer.eos_id, tokenizer.unk_id) == (0, 1, 2, 3)
    assert tokenizer.tokens([0, 1, 2, 3]) == ["<pad>", "<bos>", "<eos>", "<unk>"]
    ids = tokenizer.encode("dog")
    assert tokenizer.decode([1, *ids, 2, 0, 0]) == "dog"


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_tokenizer_is_the_same(kind, tmp_path):
    path = tmp_path / "tokenizer.json"
    KINDS[kind].save(path)
    loaded = Tokenizer.load(path)
    text = "the <eos> Hund 猫"
    assert loaded.encode(text) == KINDS[kind].encode(text)
    assert loaded.decode(loaded.encode(text)) == text
    assert loaded.vocab_size == KINDS[kind].vocab_size


def test_a_word_is_one_token_wherever_it_stands():
    ids = KINDS["bpe"].encode("the the")
    assert ids[0] == ids[1]
    assert len(ids) == 2


@pytest.mark.parametrize(("kind", "size"), [("bpe", 270), ("bpe", 300), ("unigram", 290)])
def test_a_vocabulary_has_the_size_asked_for_at_most(kind, size):
    assert train_tokenizer(LINES, kind, size).vocab_size <= size


def test_a_frequent_word_becomes_one_token():
    assert len(KINDS["bpe"].encode("the")) == 1
    assert KINDS["characters"].tokens(KINDS["characters"].encode("the")) == ["t", "h", "e"]


def test_a_closed_alphabet_has_its_characters_only_and_refuses_others():
    tokenizer = train_tokenizer(["abc\n", "ab"], "characters", byte_fallback=False)
    assert tokenizer.vocab_size == len(SPECIAL_TOKENS) + 4
    assert tokenizer.decode(tokenizer.encode("cab\n")) == "cab\n"
    with pytest.raises(TokenizerError) as caught:
        tokenizer.encode("cad")
    assert_one_sentence(str(caught.value))
    assert "'d' (character 3" in str(caught.value)


def test_words_have_their_ids_in_the_order_in_which_they_come():
    tokenizer = train_tokenizer(["The dog barks, the cat sleeps.", "The dog sleeps"], "words")
    ids = tokenizer.encode(" the  dog sleeps.")
    assert tokenizer.tokens(range(4, tokenizer.vocab_size)) == ["The", "dog", "barks", ",", "the", "cat", "sleeps", "."]
    assert ids == [8, 5, 10, 11]
    assert tokenizer.decode([4, 5, 6, 7, 8, 9, 10, 11]) == "The dog barks, the cat sleeps."
    assert tokenizer.decode([1, 4, 5, 2, 0]) == "The dog"


@pytest.mark.parametrize(
    ("text", "unknown", "place"),
    [("the dog sleps", "sleps", "word 3"), ("the <eos>", "<", "word 2"), ("the the-cat", "the-cat", "word 2")],
)
def test_a_word_that_a_vocabulary_of_words_lacks_is_named(text, unknown, place):
    tokenizer = train_tokenizer(["the dog sleeps"], "words")
    with pytest.raises(TokenizerError) as caught:
        tokenizer.encode_batch(["the dog", text])
    message = str(caught.value)
    assert_one_sentence(message)
    assert repr(unknown) in message
    assert place in message
    assert "3 words" in message


@given(st.lists(st.sampled_from(["the", "Tür", "can't", "well-known", "7", "猫", ".", "?"]), min_size=1))
def test_words_come_back_with_one_space_between_them(words):
    tokenizer = train_tokenizer(["the Tür can't well-known 7 猫 . ?"], "words")
    ids = tokenizer.encode(" ".join(words))
    assert tokenizer.tokens(ids) == words
    assert tokenizer.encode(tokenizer.decode(ids)) == ids


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(TokenizerError, match=r"character 2 .*U\+D800") as caught:
        KINDS["bpe"].encode("a\ud800")
    assert_one_sentence(str(caught.value))


def test_an_id_beyond_the_vocabulary_is_refused():
    with pytest.raises(TokenizerError, match="999999"):
        KINDS["bpe"].tokens([999999])


@pytest.mark.parametrize(
    ("texts", "settings", "parts"),
    [
        ([], {}, ["no text"]),
        (["", ""], {"kind": "unigram"}, ["no text"]),
        (["a"], {"kind": "unigramm"}, ["'unigramm'", "did you mean 'unigram'?"]),
        (["a"], {"vocab_size": 260}, ["260", "261"]),
        (["a"], {"byte_fallback": False}, ["bpe", "bytes"]),
    ],
)
def test_what_cannot_be_learnt_is_a_sentence(texts, settings, parts):
    with pytest.raises(TokenizerError) as caught:
        train_tokenizer(texts, **settings)
    assert_one_sentence(str(caught.value))
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b'{"model": 3}'])
def test_a_file_that_is_no_tokenizer_is_a_sentence(content, tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(TokenizerError) as caught:
        Tokenizer.load(path)
    assert_one_sentence(str(caught.value))
    assert str(path) in str(caught.value)


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(TokenizerError, match="No such file"):
        Tokenizer.load(tmp_path / "none.json")


def test_another_librarys_special_tokens_are_found():
    description = json.loads(KINDS["bpe"].to_json())
    names = dict(zip(SPECIAL_TOKENS, ("[PAD]", "<s>", "</s>", "[UNK]"), strict=True))
    description["model"]["vocab"] = {names.get(t, t): i for t, i in description["model"]["vocab"].items()}
    for token in description["added_tokens"]:
        token["content"] = names[token["content"]]
    import tokenizers

    tokenizer = Tokenizer(tokenizers.Tokenizer.from_str(json.dumps(description)))
    assert (tokenizer.pad_id, tokenizer.bos_id, tokenizer.eos_id, tokenizer.unk_id) == (0, 1, 2, 3)
