"""Strings that end a text, wherever the borders of tokens fall."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.errors import InputError


class StopStrings:
    """Watches a text that grows in pieces.

    Args:
        strings: each ends the text; itself it is left out.

    Raises:
        InputError: one of them is empty.
    """

    def __init__(self, strings: Sequence[str]) -> None:
        if any(not string for string in strings):
            raise InputError("a stop string must have at least one character; an empty one would end every text.")
        self._strings = tuple(strings)
        self._waiting = ""
        self.found = False

    def push(self, piece: str) -> str:
        """The text that may be shown; what could be the beginning of a stop string waits."""
        if self.found:
            return ""
        text = self._waiting + piece
        # The first to be complete counts, whichever piece that happens in.
        complete = [(at + len(string), at) for string in self._strings if (at := text.find(string)) >= 0]
        if complete:
            self.found, self._waiting = True, ""
            return text[: min(complete)[1]]
        kept = max((_overlap(text, string) for string in self._strings), default=0)
        self._waiting = text[len(text) - kept :]
        return text[: len(text) - kept]

    def finish(self) -> str:
        """What was waiting, when the text ends without a stop string."""
        waiting, self._waiting = self._waiting, ""
        return waiting


def _overlap(text: str, string: str) -> int:
    """How long the longest beginning of `string` is that `text` ends with."""
    return next((n for n in range(min(len(string) - 1, len(text)), 0, -1) if text.endswith(string[:n])), 0)
