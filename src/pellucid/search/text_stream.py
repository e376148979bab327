"""Text that grows token by token, in pieces that are whole characters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

UNFINISHED = "\N{REPLACEMENT CHARACTER}"


class TextStream:
    """Turns tokens into text as they come.

    A token may end inside a character of several bytes, and a tokenizer may spell a token differently at the start
    of a text than inside. So the last tokens are always decoded together, and what ends in an unfinished character
    waits for the next token.

    Args:
        decode: the tokenizer's, from ids to text.
        before: the tokens that the text goes on from.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str], before: Sequence[int] = ()) -> None:
        self._decode = decode
        self._ids = list(before)
        self._context = 0  # where the tokens begin that give the next one its surroundings
        self._read = len(before)  # tokens before it have been given out as text

    def push(self, token: int) -> str:
        """The text that is certain now and was not before; often empty."""
        self._ids.append(token)
        given = self._decode(self._ids[self._context : self._read])
        text = self._decode(self._ids[self._context :])
        if len(text) <= len(given) or text.endswith(UNFINISHED):
            return ""
        self._context, self._read = self._read, len(self._ids)
        return text[len(given) :]

    def finish(self) -> str:
        """What was waiting; bytes that are no character become replacement characters."""
        given = self._decode(self._ids[self._context : self._read])
        text = self._decode(self._ids[self._context :])
        self._context = self._read = len(self._ids)
        return text[len(given) :]
