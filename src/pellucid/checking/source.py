"""A file as it was found: its text, where its lines are, and how it is written again with corrections."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from functools import cached_property

from pellucid.checking.mapped_text import Span


class Source:
    """The text of a file.

    Args:
        name: the path as the user gave it, or `<stdin>`.
        text: decoded, with its line ends as they are.
        encoding: what it was decoded with, and is encoded with again.
        mark: the byte order mark that it began with, which is no part of the text.

    Attributes:
        decimal_mark: what stands before the fraction of its numbers, once they have been read: "." or ",".
    """

    def __init__(self, name: str, text: str, encoding: str = "utf-8", mark: bytes = b"") -> None:
        self.name = name
        self.text = text
        self.encoding = encoding
        self.mark = mark
        self.decimal_mark = "."

    @cached_property
    def _starts(self) -> list[int]:
        starts, position = [0], self.text.find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = self.text.find("\n", position + 1)
        return starts

    def line(self, offset: int) -> int:
        """The line on which an offset stands, from 1."""
        return bisect_right(self._starts, offset)

    def column(self, offset: int) -> int:
        """The column of an offset in its line, from 1."""
        return offset - self._starts[self.line(offset) - 1] + 1

    def line_span(self, line: int) -> Span:
        """Where a line stands, without its end."""
        start = self._starts[line - 1]
        end = self._starts[line] - 1 if line < len(self._starts) else len(self.text)
        return Span(start, end - self.text[start:end].endswith("\r"))

    def place(self, offset: int) -> str:
        """Where an offset stands, in words: `line 12`; of a spreadsheet, the cell."""
        return f"line {self.line(offset)}"

    def rewritten(self, replacements: Mapping[Span, str]) -> bytes:
        """The file with other texts at some of its spans, which must not overlap; everything else is left as it is."""
        pieces, position = [], 0
        for span in sorted(replacements):
            assert span.start >= position
            pieces += [self.text[position : span.start], replacements[span]]
            position = span.end
        return self.mark + "".join([*pieces, self.text[position:]]).encode(self.encoding)
