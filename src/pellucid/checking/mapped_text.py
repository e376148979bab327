"""Text that remembers where in its file every character stands.

Readers strip markup, put `×` for `\\times` and join lines. Whatever is found in the result can still be pointed at,
underlined and replaced in the file itself.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

import msgspec


class Span(NamedTuple):
    """From `start` up to, but not including, `end`: offsets in the text of a source."""

    start: int
    end: int


class _Run(NamedTuple):
    """A stretch of text and the stretch of the source that it stands for.

    `verbatim`: both have the same length, character for character; otherwise the whole stands for the whole.
    """

    start: int
    source: Span
    verbatim: bool


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
        return cls(text, (_Run(0, Span(start, start + len(text)), True),))

    def __len__(self) -> int:
        return len(self.text)

    def __getitem__(self, part: slice) -> MappedText:
        start, end, step = part.indices(len(self.text))
        assert step == 1
        builder = Builder(self)
        builder.keep(start, max(start, end))
        return builder.build()

    def span(self, start: int, end: int) -> Span:
        """Where in the source the characters from `start` to `end` stand."""
        if not self.runs:
            return Span(0, 0)
        first = self._run(start)
        last = self._run(max(start, end - 1))
        source_start = first.source.start + (start - first.start if first.verbatim else 0)
        source_end = last.source.start + (end - last.start) if last.verbatim else last.source.end
        return Span(source_start, max(source_start, source_end))

    def stripped(self) -> MappedText:
        """Without the blanks around it."""
        start = len(self.text) - len(self.text.lstrip())
        return self[start : max(start, len(self.text.rstrip()))]

    def _run(self, position: int) -> _Run:
        if len(self.runs) == 1:
            return self.runs[0]
        return self.runs[max(0, bisect_right(self.runs, position, key=lambda run: run.start) - 1)]

    def pieces(self, start: int, end: int) -> list[tuple[str, Span, bool]]:
        """The stretches between `start` and `end`: text, place in the source, whether verbatim."""
        found = []
        runs, count = self.runs, len(self.runs)
        index = max(0, bisect_right(runs, start, key=lambda run: run.start) - 1) if count > 1 else 0
        while index < count and runs[index].start < end:
            run = runs[index]
            run_end = runs[index + 1].start if index + 1 < count else len(self.text)
            low, high = max(start, run.start), min(end, run_end)
            if low < high:
                source = (
                    Span(run.source.start + low - run.start, run.source.start + high - run.start)
                    if run.verbatim
                    else run.source
                )
                found.append((self.text[low:high], source, run.verbatim))
            index += 1
        return found


class Builder:
    """Makes a mapped text out of stretches of another: kept as they are, left out, or put differently."""

    def __init__(self, base: MappedText) -> None:
        self.base = base
        self._text: list[str] = []
        self._runs: list[_Run] = []
        self._length = 0

    def keep(self, start: int, end: int) -> None:
        """The characters of the base from `start` to `end`, as they are."""
        if end <= start:
            return
        for text, source, verbatim in self.base.pieces(start, end):
            self._add(text, source, verbatim)

    def put(self, text: str, start: int, end: int) -> None:
        """`text` in place of the characters of the base from `start` to `end`."""
        self._add(text, self.base.span(start, end), False)

    def add(self, other: MappedText) -> None:
        """Another mapped text of the same source."""
        for text, source, verbatim in other.pieces(0, len(other.text)):
            self._add(text, source, verbatim)

    def _add(self, text: str, source: Span, verbatim: bool) -> None:
        if not text:
            return
        previous = self._runs[-1] if self._runs else None
        if not (previous and verbatim and previous.verbatim and previous.source.end == source.start):
            self._runs.append(_Run(self._length, source, verbatim))
        else:
            self._runs[-1] = _Run(previous.start, Span(previous.source.start, source.end), True)
        self._text.append(text)
        self._length += len(text)

    def build(self) -> MappedText:
        """What has been put together so far."""
        return MappedText("".join(self._text), tuple(self._runs))
