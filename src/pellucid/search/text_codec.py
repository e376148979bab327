"""What searches need of a tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class TextCodec(Protocol):
    """What is needed of a tokenizer; `pellucid.data.Tokenizer` has it."""

    def encode_batch(self, texts: Sequence[str], place: str = "text") -> list[list[int]]:
        """The ids of each text, without bos and eos; `place` comes before a text's number in messages."""

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids."""

    def tokens(self, ids: Sequence[int]) -> list[str]:
        """Each token as the vocabulary spells it."""
