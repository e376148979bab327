"""The line that a formula becomes: pieces of it and what is put between, with gaps that are filled later."""

from __future__ import annotations

import re

from pellucid.checking.mapped_text import Builder, MappedText

_MOST_PIECES_OF_ATOM = 12
_DECIMAL = re.compile(r"\d[.,](?:\d\u0305?)*\Z")
_DECIMALS_AND_BLANK = re.compile(r"\d[.,]\d+[ \t]+\Z")
_ATOM = re.compile(r"√?(?:\d+\.?\d*|\.\d+|[^\W\d]\w*′*|∞)")


class Line:
    """A line being written.

    `out` holds its pieces (text, start, end, verbatim), the offsets being those of the formula.
    """

    def __init__(self, mapped: MappedText) -> None:
        self.mapped = mapped
        self.text = mapped.text
        self.position = 0
        self.out: list[tuple[str, int, int, bool]] = []

    def written(self) -> MappedText:
        """All that has been written."""
        builder = Builder(self.mapped)
        for text, start, end, verbatim in self.out:
            if verbatim:
                builder.keep(start, end)
            elif text:
                builder.put(text, start, end)
        return builder.build()

    def put(self, text: str, start: int, end: int) -> None:
        if text:
            self.out.append((text, start, end, False))

    def put_verbatim(self, start: int, end: int) -> None:
        self.out.append((self.text[start:end], start, end, True))

    def trim_end(self) -> None:
        """Takes away the blanks at the end, up to the beginning of the line."""
        for index in range(len(self.out) - 1, -1, -1):
            text, low, high, verbatim = self.out[index]
            kept = text if text == "\n" else text.rstrip()
            self.out[index] = (kept, low, low + len(kept) if verbatim else high, verbatim)
            if kept:
                break

    def gap(self) -> int:
        self.out.append(("", self.position, self.position, False))
        return len(self.out) - 1

    def fill(self, gap: int, text: str) -> None:
        _, start, end, _ = self.out[gap]
        self.out[gap] = (text, start, end, False)

    def read(self, start: int, end: int) -> str | None:
        """The text of some pieces of the output; `None` where there are too many to be one number or name."""
        if end - start > _MOST_PIECES_OF_ATOM:
            return None
        return "".join(piece[0] for piece in self.out[start:end])

    def is_atom(self, start: int, end: int) -> bool:
        text = self.read(start, end)
        return text is not None and _ATOM.fullmatch(text) is not None

    def trim(self, start: int) -> None:
        """Takes away the blanks around the pieces from `start` on."""
        for index in range(start, len(self.out)):
            text, low, high, verbatim = self.out[index]
            kept = text.lstrip()
            self.out[index] = (kept, high - len(kept) if verbatim else low, high, verbatim)
            if kept:
                break
        for index in range(len(self.out) - 1, start - 1, -1):
            text, low, high, verbatim = self.out[index]
            kept = text.rstrip()
            self.out[index] = (kept, low, low + len(kept) if verbatim else high, verbatim)
            if kept:
                break

    def follows_decimal(self, *, blank: bool = False) -> bool:
        """Whether what is written next would be a decimal of the number before it, or stand a blank behind it."""
        written = "".join(piece[0] for piece in self.out[-_MOST_PIECES_OF_ATOM:])
        return (_DECIMALS_AND_BLANK if blank else _DECIMAL).search(written) is not None

    def follows_factor(self) -> bool:
        """Whether what is written next would run into a number, name or bracket before it."""
        for text, low, high, _ in reversed(self.out[-3:]):
            if text == "\n":
                return False
            if text.strip():
                return text.rstrip()[-1] in ")]" or text.rstrip()[-1].isalnum()
            if not text and low < high:  # a dollar sign
                return False
        return False
