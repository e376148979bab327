"""Tokens are named by the texts that they stand for, whatever signs a vocabulary spells them in."""

import pytest

from pellucid.capturing.labels import names, written
from pellucid.data.tokenizer import Tokenizer

tokenizers = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")

TEXT = "die nächste Ähre"


@pytest.fixture
def backend():
    """Learns the words whole, as GPT-2's would spell them: "die", "ĠnÃ¤chste", "ĠÃĦhre"."""
    backend = tokenizers.Tokenizer(tokenizers.models.BPE())
    backend.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = tokenizers.decoders.ByteLevel()
    backend.train_from_iterator([TEXT] * 3, tokenizers.trainers.BpeTrainer(vocab_size=300, show_progress=False))
    return backend


def test_bytes_are_read_as_text(backend):
    ids = backend.encode(TEXT).ids
    assert backend.encode(TEXT).tokens == ["die", "ĠnÃ¤chste", "ĠÃĦhre"]
    theirs = transformers.PreTrainedTokenizerFast(tokenizer_object=backend)
    for tokenizer in (Tokenizer(backend), theirs):
        assert written(ids, tokenizer) == ("die", "nächste", "Ähre")


def test_a_token_that_is_nothing_but_a_space_stays_one(backend):
    (space,) = backend.encode(" ").ids
    assert written([space], transformers.PreTrainedTokenizerFast(tokenizer_object=backend)) == (" ",)


class InPython:
    """A tokenizer in Python alone."""

    def convert_ids_to_tokens(self, ids):
        return [("▁the", "Ġmat", "s")[id_] for id_ in ids]


def test_the_marks_of_tokenizers_without_a_library_are_known():
    assert names([0, 1, 2], 3, InPython()) == ("the", "mat", "s")


def test_parts_of_words_keep_their_marks():
    backend = tokenizers.Tokenizer(tokenizers.models.WordPiece({"sit": 0, "##ting": 1}, unk_token="sit"))
    backend.decoder = tokenizers.decoders.WordPiece()
    assert written([0, 1], transformers.PreTrainedTokenizerFast(tokenizer_object=backend)) == ("sit", "##ting")


def test_without_as_many_ids_there_are_no_names():
    assert names([0, 1], 3, InPython()) is None
    assert names(None, 3, InPython()) is None
