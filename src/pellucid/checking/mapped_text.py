"""Text that remembers where in its file every character stands.

Readers strip markup, put `×` for `\\times` and join lines. Whatever is found in the result can still be pointed at,
underlined and replaced in the file itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import msgspec


class Span(NamedTuple):
    """From `start` up to, but not including, `end`: offsets in the text of a source."""

    start: int
    end: int


_Run = tuple[int, int, int, bool]
"""A stretch of text: where it starts, where in the source what it stands for starts and ends, whether verbatim.

Verbatim: both have the same length, character for character; otherwise the whole stands for the whole. A plain tuple,
because a large document has hundreds of thousands.
"""


class MappedText(msgspec.Struct, frozen=True, eq=False):
    """A text and the place in the source of each of its characters.

    Args:
        text: what is read.
        runs: its stretches, in order, the first from 0.
    """

    text: str
    runs: tuple[_Run, ...]

    @classmethod
    def whole(cls, text: str, start: int = 0) -> MappedText:
        """A text that stands in the source as it is, from `start` on."""
        return cls(text, ((0, start, start + len(text), True),))

    def __len__(self) -> int:
        return len(self.text)

    def __getitem__(self, part: slice) -> MappedText:
        start, end, step = part.indices(len(self.text))
        assert step == 1
        if len(self.runs) == 1 and self.runs[0][3]:
            return MappedText.whole(self.text[start:end], self.runs[0][1] + start)
        return MappedText(self.text[start:end], tuple(self.cut(start, max(start, end))))

    def trimmed(self, start: int, end: int) -> MappedText:
        """The part from `start` to `end` without the blanks around it."""
        text = self.text[start:end].rstrip()
        kept = text.lstrip()
        start += len(text) - len(kept)
        if len(self.runs) == 1 and self.runs[0][3]:
            return MappedText.whole(kept, self.runs[0][1] + start)
        return self[start : start + len(kept)]

    def stripped(self) -> MappedText:
        """Without the blanks around it."""
        text = self.text.strip()
        return self if len(text) == len(self.text) else self.trimmed(0, len(self.text))

    def span(self, start: int, end: int) -> Span:
        """Where in the source the characters from `start` to `end` stand."""
        runs = self.runs
        if len(runs) == 1 and runs[0][3]:
            first = runs[0][1]
            return Span(first + start, first + max(start, end))
        if not runs:
            return Span(0, 0)
        position, source_start, _, verbatim = self.runs[self._index(start)]
        if verbatim:
            source_start += start - position
        position, last_start, source_end, verbatim = self.runs[self._index(max(start, end - 1))]
        if verbatim:
            source_end = last_start + end - position
        return Span(source_start, max(source_start, source_end))

    def place(self, position: int) -> int:
        """Where in the source a character stands."""
        runs = self.runs
        return runs[0][1] + position if len(runs) == 1 and runs[0][3] else self.span(position, position + 1).start

    def _index(self, position: int) -> int:
        """Which run holds a position: the last that begins there or before."""
        return max(0, bisect_left(self.runs, (position + 1,)) - 1) if len(self.runs) > 1 else 0

    def cut(self, start: int, end: int) -> list[_Run]:
        """The runs between `start` and `end`, counted from `start`."""
        if end <= start or not self.runs:
            return []
        if len(self.runs) == 1 and self.runs[0][3]:
            low = self.runs[0][1] + start
            return [(0, low, low + end - start, True)]
        first = self._index(start)
        last = bisect_left(self.runs, (end,), lo=first) if len(self.runs) > 1 else 1
        found = [(at - start, low, high, verbatim) for at, low, high, verbatim in self.runs[first:last]]
        at, low, high, verbatim = found[0]
        if at < 0:
            found[0] = (0, low - at if verbatim else low, high, verbatim)
        at, low, high, verbatim = found[-1]
        if verbatim:
            found[-1] = (at, low, min(high, low + end - start - at), True)
        return found


class Builder:
    """Makes a mapped text out of stretches of another: kept as they are, left out, or put differently."""

    def __init__(self, base: MappedText) -> None:
        self.base = base
        self._offset: int | None = None  # of a base that stands in the source as it is
        if len(base.runs) == 1 and base.runs[0][3]:
            self._offset = base.runs[0][1]
        self._text: list[str] = []
        self._runs: list[_Run] = []
        self._length = 0

    def keep(self, start: int, end: int) -> None:
        """The characters of the base from `start` to `end`, as they are."""
        if start >= end:
            return
        if self._offset is None:
            self._add(self.base.text[start:end], self.base.cut(start, end))
            return
        low, high = self._offset + start, self._offset + end
        if self._runs and self._runs[-1][3] and self._runs[-1][2] == low:
            self._runs[-1] = (*self._runs[-1][:2], high, True)
        else:
            self._runs.append((self._length, low, high, True))
        self._text.append(self.base.text[start:end])
        self._length += end - start

    def put(self, text: str, start: int, end: int) -> None:
        """`text` in place of the characters of the base from `start` to `end`."""
        if text:
            low, high = (
                self.base.span(start, end) if self._offset is None else (self._offset + start, self._offset + end)
            )
            self._runs.append((self._length, low, high, False))
            self._text.append(text)
            self._length += len(text)

    def add(self, other: MappedText) -> None:
        """Another mapped text of the same source."""
        if other.text:
            self._add(other.text, other.runs)

    def _add(self, text: str, runs: Sequence[_Run]) -> None:
        shift = self._length
        shifted = [(at + shift, low, high, verbatim) for at, low, high, verbatim in runs] if shift else list(runs)
        if self._runs and shifted:  # what is contiguous in the source stays one run
            at, low, high, verbatim = self._runs[-1]
            _, next_low, next_high, next_verbatim = shifted[0]
            if verbatim and next_verbatim and high == next_low:
                self._runs[-1] = (at, low, next_high, True)
                del shifted[0]
        self._runs += shifted
        self._text.append(text)
        self._length += len(text)

    def build(self) -> MappedText:
        """What has been put together so far."""
        return MappedText("".join(self._text), tuple(self._runs))
