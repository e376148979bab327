"""Tokenizers learnt from a text: BPE, unigram, its characters or its words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import tokenizers

from pellucid.data.tokenizer import SPECIAL_TOKENS, UNK, Tokenizer
from pellucid.errors import TokenizerError, nearest

KINDS = ("bpe", "unigram", "characters", "words")

BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
"""The names of the bytes that stand for characters outside the vocabulary."""

# Words with the space before them, runs of digits, single signs, single spaces. That signs stay alone keeps pieces
# that look like the name of a byte or of a special token out of the vocabulary.
_WORDS = r" ?\p{L}[\p{L}\p{M}]*| ?\p{N}+|[^\s\p{L}\p{N}]|\s"
# For a vocabulary of words: what lies between spaces, signs by themselves.
_WHOLE_WORDS = r"[\p{L}\p{M}\p{N}'’_-]+|[^\s\p{L}\p{M}\p{N}'’_-]"
_LARGEST = 1_000_000


def train_tokenizer(
    texts: Iterable[str], kind: str = "bpe", vocab_size: int = 8000, *, byte_fallback: bool = True
) -> Tokenizer:
    """Learn a tokenizer; it gives back every Unicode text exactly, unless it is one of words.

    Args:
        texts: lines or whole files.
        kind: "bpe", over bytes (Sennrich et al. 2016; Radford et al. 2019, §2.2), "unigram" (Kudo 2018) with bytes for
            characters it has not seen, "characters", or "words": those of the text in the order in which they come,
            and no others; spaces between words come back as one, before . , ! and ? as none.
        vocab_size: special tokens and bytes included; at most that many are learnt from a small text. Characters and
            words come all, whatever is said here.
        byte_fallback: only for characters: whether those that the text does not have are spelt in bytes, or refused.

    Raises:
        TokenizerError: there is no text, no such kind, or the vocabulary is too small for the bytes.
    """
    if kind not in KINDS:
        raise TokenizerError(
            f"{kind!r} is no kind of tokenizer{nearest(kind, list(KINDS))}; there are {', '.join(KINDS)}."
        )
    if kind == "words":
        return _words(texts)
    if kind == "characters":
        return _characters(texts, byte_fallback)
    if not byte_fallback:
        raise TokenizerError(f"a {kind} tokenizer always has its bytes; only one of characters can do without.")
    least = len(SPECIAL_TOKENS) + len(BYTES) + 1
    if not least <= vocab_size <= _LARGEST:
        raise TokenizerError(
            f"a vocabulary of {vocab_size} is asked for; {least} to {_LARGEST} are possible"
            f" ({len(SPECIAL_TOKENS)} special tokens and {len(BYTES)} bytes are always there)."
        )
    return _bpe(texts, vocab_size) if kind == "bpe" else _unigram(texts, vocab_size)


def _bpe(texts: Iterable[str], vocab_size: int) -> Tokenizer:
    byte_level = tokenizers.pre_tokenizers.ByteLevel
    backend = tokenizers.Tokenizer(tokenizers.models.BPE())
    backend.normalizer, space = _leading_space()
    backend.pre_tokenizer = byte_level(add_prefix_space=False)
    backend.decoder = tokenizers.decoders.Sequence([tokenizers.decoders.ByteLevel(), space])
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(byte_level.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator(_not_empty(texts), trainer)
    return Tokenizer(backend)


def _unigram(texts: Iterable[str], vocab_size: int) -> Tokenizer:
    backend = tokenizers.Tokenizer(tokenizers.models.Unigram())
    backend.normalizer, space = _leading_space()
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Split(tokenizers.Regex(_WORDS), "isolated")
    trainer = tokenizers.trainers.UnigramTrainer(
        vocab_size=vocab_size - len(BYTES), special_tokens=list(SPECIAL_TOKENS), unk_token=UNK, show_progress=False
    )
    backend.train_from_iterator(_not_empty(texts), trainer)
    learnt = [(piece, score) for piece, score in json.loads(backend.to_str())["model"]["vocab"]]
    special, pieces = learnt[: len(SPECIAL_TOKENS)], learnt[len(SPECIAL_TOKENS) :]
    unlikely = min(score for _, score in pieces) - 10.0
    vocabulary = [*special, *((byte, unlikely) for byte in BYTES), *pieces]
    backend.model = tokenizers.models.Unigram(vocabulary, SPECIAL_TOKENS.index(UNK), byte_fallback=True)
    backend.decoder = tokenizers.decoders.Sequence(
        [tokenizers.decoders.ByteFallback(), tokenizers.decoders.Fuse(), space]
    )
    return Tokenizer(backend)


def _characters(texts: Iterable[str], byte_fallback: bool) -> Tokenizer:
    alphabet = sorted({character for text in _not_empty(texts) for character in text})
    names = [*SPECIAL_TOKENS, *(BYTES if byte_fallback else ()), *alphabet]
    # BPE without merges is a vocabulary of characters.
    vocabulary = {name: id_ for id_, name in enumerate(names)}
    backend = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=[], byte_fallback=byte_fallback))
    backend.add_special_tokens(list(SPECIAL_TOKENS))
    backend.decoder = tokenizers.decoders.Sequence([tokenizers.decoders.ByteFallback(), tokenizers.decoders.Fuse()])
    return Tokenizer(backend)


def _words(texts: Iterable[str]) -> Tokenizer:
    split = tokenizers.pre_tokenizers.Split(tokenizers.Regex(_WHOLE_WORDS), "removed", invert=True)
    words = dict.fromkeys(word for text in _not_empty(texts) for word, _ in split.pre_tokenize_str(text))
    vocabulary = {name: id_ for id_, name in enumerate([*SPECIAL_TOKENS, *words])}
    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocab=vocabulary, unk_token=UNK))
    backend.add_special_tokens(list(SPECIAL_TOKENS))
    backend.pre_tokenizer = split
    backend.decoder = tokenizers.decoders.WordPiece(prefix="##", cleanup=True)
    return Tokenizer(backend)


def _leading_space() -> tuple[tokenizers.normalizers.Normalizer, tokenizers.decoders.Decoder]:
    """A space before every text and away again, so that a word is one token at the beginning and inside."""
    return tokenizers.normalizers.Prepend(" "), tokenizers.decoders.Strip(" ", 1, 0)


def _not_empty(texts: Iterable[str]) -> Sequence[str]:
    found = [text for text in texts if text]
    if not found:
        raise TokenizerError("there is no text to learn a tokenizer from; every file is empty.")
    return found
