"""The line of a source on which a number stands, cut to the room there is around that number."""

from __future__ import annotations

from typing import NamedTuple

from pellucid.checking.mapped_text import Span
from pellucid.checking.source import Source
from pellucid.rendering.report.outline import text_lines
from pellucid.rendering.styled_lines import cells
from pellucid.rendering.terminal import visible

_TAB = "    "
_SHARE_BEFORE = 0.7  # what leads up to a number explains it better than what follows
_CUT = "…"


class Excerpt(NamedTuple):
    """A stretch of a line: before the number, the number itself, after it."""

    before: str
    number: str
    after: str


def excerpt(source: Source, span: Span, room: int) -> Excerpt:
    """The line on which a span begins, in at most `room` terminal cells, with `…` where it is cut.

    Tabs are spaces and control characters can be seen, so that every character has its width.
    """
    lines = text_lines(source)
    line = lines.line_span(lines.line(span.start))
    start, end = max(line.start, span.start), min(line.end, span.end)
    number = _cut_end(_shown(source.text[start:end]), room)
    left = room - cells(number)
    # More characters than there are cells cannot be shown, so that long lines are never looked through.
    first, last = max(line.start, start - room - 1), min(line.end, end + room + 1)
    before, after = _shown(source.text[first:start]), _shown(source.text[end:last])
    before = before.lstrip() if first == line.start else _CUT + before
    after = after.rstrip() if last == line.end else after + _CUT
    room_after = min(cells(after), max(left - int(left * _SHARE_BEFORE), left - cells(before)))
    before = _cut_start(before, left - room_after)
    return Excerpt(before, number, _cut_end(after, left - cells(before)))


def whole_line(source: Source, line: int, room: int) -> str:
    """A line from its beginning, in at most `room` cells."""
    span = text_lines(source).line_span(line)
    return _cut_end(_shown(source.text[span.start : min(span.end, span.start + 4 * room)]).strip(), room)


def _shown(text: str) -> str:
    return visible(text.replace("\t", _TAB))


def _cut_end(text: str, room: int) -> str:
    if cells(text) <= room:
        return text
    while text and cells(text) > room - 1:
        text = text[:-1]
    return text + _CUT if room > 0 else ""


def _cut_start(text: str, room: int) -> str:
    if cells(text) <= room:
        return text
    while text and cells(text) > room - 1:
        text = text[1:]
    return _CUT + text if room > 0 else ""
