"""Between texts and the ids of their tokens, there and back without a loss."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pellucid.errors import TokenizerError, nearest
from pellucid.files import write_atomically

if TYPE_CHECKING:
    import tokenizers

PAD, BOS, EOS, UNK = "<pad>", "<bos>", "<eos>", "<unk>"
SPECIAL_TOKENS = (PAD, BOS, EOS, UNK)
"""Their ids are 0 to 3 in every tokenizer that pellucid trains."""

_OTHER_NAMES = {
    PAD: ("[PAD]", "<|pad|>"),
    BOS: ("<s>", "[BOS]", "<|bos|>", "<|begin_of_text|>", "<|endoftext|>"),
    EOS: ("</s>", "[EOS]", "<|eos|>", "<|end_of_text|>", "<|endoftext|>"),
    UNK: ("[UNK]", "<|unk|>"),
}


class Tokenizer:
    """A tokenizer of the `tokenizers` library that takes a text for nothing but a text.

    What a user types is never read as a special token, even when it says "<eos>".

    Args:
        backend: the tokenizer of the library.
    """

    def __init__(self, backend: tokenizers.Tokenizer) -> None:
        self._backend = backend
        self._backend.encode_special_tokens = True
        description = json.loads(backend.to_str())
        self._alphabet = _closed_alphabet(description)
        self._words = _closed_words(description)
        self.pad_id = self._special(PAD)
        self.bos_id = self._special(BOS)
        self.eos_id = self._special(EOS)
        self.unk_id = self._special(UNK)

    @classmethod
    def load(cls, path: str | Path) -> Tokenizer:
        """Read a tokenizer.json.

        Raises:
            TokenizerError: it cannot be read.
        """
        import tokenizers  # heavier than all else here

        try:
            text = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise TokenizerError(f"{path} cannot be read: {error.strerror or error}.") from None
        except UnicodeDecodeError:
            raise TokenizerError(f"{path} is not text, so it is no tokenizer.json.") from None
        try:
            return cls(tokenizers.Tokenizer.from_str(text))
        except Exception as error:  # the library raises bare exceptions
            reason = " ".join(str(error).split())[:200]
            raise TokenizerError(f"{path} is not a tokenizer.json ({reason}).") from None

    def save(self, path: str | Path) -> None:
        """Write a tokenizer.json, whole or not at all.

        Raises:
            OutputError: it cannot be written.
        """
        write_atomically(Path(path), self.to_json())

    def to_json(self) -> str:
        """What `save` writes."""
        text: str = self._backend.to_str(pretty=True)
        return text + "\n"

    @property
    def vocab_size(self) -> int:
        """The number of ids, special tokens included."""
        size: int = self._backend.get_vocab_size(with_added_tokens=True)
        return size

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without bos and eos.

        Raises:
            TokenizerError: the text holds a character or a word that the tokenizer cannot express.
        """
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str], place: str = "text") -> list[list[int]]:
        """The ids of each text; faster than one after the other.

        Args:
            texts: what is encoded.
            place: what comes before a text's number in messages.

        Raises:
            TokenizerError: as `encode`; of several texts it says which.
        """
        for number, text in enumerate(texts, start=1):
            self._check(text, f"{place} {number}" if len(texts) > 1 else "the text")
        encodings = self._backend.encode_batch_fast(list(texts), add_special_tokens=False)
        ids = [encoding.ids for encoding in encodings]
        if self._words is not None:
            for text, of_text in zip(texts, ids, strict=True):
                if self.unk_id in of_text:
                    self._refuse_word(text, of_text.index(self.unk_id))
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; special tokens leave nothing."""
        text: str = self._backend.decode(list(ids), skip_special_tokens=True)
        return text

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """Each token as the vocabulary spells it.

        Raises:
            TokenizerError: there is no such id.
        """
        found = []
        for id_ in ids:
            token = self._backend.id_to_token(id_)
            if token is None:
                raise TokenizerError(f"there is no token {id_}; the vocabulary has ids 0 to {self.vocab_size - 1}.")
            found.append(token)
        return found

    def _check(self, text: str, name: str) -> None:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise TokenizerError(
                f"character {error.start + 1} of {name} is half a surrogate pair (U+{ord(text[error.start]):04X}),"
                " which is no character; decode the text with the right encoding."
            ) from None
        if self._alphabet is None or self._alphabet.issuperset(text):
            return
        at = next(i for i, character in enumerate(text) if character not in self._alphabet)
        raise TokenizerError(
            f"{text[at]!r} (character {at + 1} of {name}) is unknown to this tokenizer, which has"
            f" {len(self._alphabet)} characters; train one with byte fallback, or leave the character out."
        )

    def _refuse_word(self, text: str, at: int) -> NoReturn:
        start, end = self._backend.encode(text, add_special_tokens=False).offsets[at]
        assert self._words is not None
        shown = ", ".join(self._words[:40]) + (", …" if len(self._words) > 40 else "")
        raise TokenizerError(
            f"{text[start:end]!r} (word {at + 1} of the text) is unknown{nearest(text[start:end], self._words)};"
            f" the {len(self._words)} words that this tokenizer knows are {shown}."
        )

    def id_of(self, token: str) -> int | None:
        """The id of a token as the vocabulary spells it; `None` where there is none."""
        id_: int | None = self._backend.token_to_id(token)
        return id_

    def _special(self, name: str) -> int | None:
        for candidate in (name, *_OTHER_NAMES[name]):
            id_ = self.id_of(candidate)
            if id_ is not None:
                return id_
        return None


def _closed_alphabet(description: dict[str, object]) -> frozenset[str] | None:
    """The characters of a tokenizer of characters without byte fallback, which can express no others."""
    model = description["model"]
    if not isinstance(model, dict) or model.get("type") != "BPE" or model["merges"] or model["byte_fallback"]:
        return None
    return frozenset(token for token in model["vocab"] if len(token) == 1)


def _closed_words(description: dict[str, object]) -> list[str] | None:
    """The words of a tokenizer of words, which can express no others."""
    model = description["model"]
    if not isinstance(model, dict) or model.get("type") != "WordLevel":
        return None
    return [word for word in model["vocab"] if word not in SPECIAL_TOKENS]
