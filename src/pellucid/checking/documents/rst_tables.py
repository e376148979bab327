"""The tables of reStructuredText: drawn with a grid, with columns only, as nested lists."""

from __future__ import annotations

import itertools
import re

from pellucid.checking.documents.rst_inline import plain
from pellucid.checking.mapped_text import Builder, MappedText
from pellucid.checking.passages import Part, Table

_BORDER = re.compile(r"[ \t]*\+(?:[-=]+\+)+\s*\Z")
_COLUMN = re.compile(r"=+")
_RULE = re.compile(r"[\s=-]+\Z")
_CELL = re.compile(r"(?P<row>[*-])[ \t]+(?P<first>[*-])(?:[ \t]+|\s*\Z)|[ \t]+(?P<next>[*-])(?:[ \t]+|\s*\Z)")

Lines = list[tuple[int, int]]


def grid_table(mapped: MappedText, lines: Lines) -> list[Part]:
    """A table drawn with + - | ; the lines of a cell are joined."""
    rows: list[tuple[MappedText, ...]] = []
    pending: list[list[Builder]] = []
    for start, end in lines:
        line = mapped.text[start:end]
        if _BORDER.match(line):
            if pending:
                rows.append(tuple(plain(builder.build()) for builder in pending[0]))
            pending = []
            continue
        bars = [start + found.start() for found in re.finditer(r"\|", line)]
        if len(bars) < 2:
            continue
        cells = list(itertools.pairwise(bars))
        if not pending:
            pending = [[Builder(mapped) for _ in cells]]
        for builder, (low, high) in zip(pending[0], cells, strict=False):
            _add(builder, mapped, low + 1, high)
    return [Table(tuple(rows))] if rows else []


def simple_table(mapped: MappedText, lines: Lines) -> list[Part]:
    """A table whose columns are marked by = above and below."""
    first = mapped.text[slice(*lines[0])]
    columns = [found.span() for found in _COLUMN.finditer(first)]
    rows: list[list[Builder]] = []
    for start, end in lines[1:]:
        line = mapped.text[start:end]
        if not line.strip() or (_RULE.match(line) and "=" in line) or not line.strip(" -\r\n\t"):
            continue
        if not rows or line[slice(*columns[0])].strip():
            rows.append([Builder(mapped) for _ in columns])
        for position, (builder, (low, high)) in enumerate(zip(rows[-1], columns, strict=True)):
            stop = end if position == len(columns) - 1 else min(end, start + high)
            _add(builder, mapped, start + low, stop)
    return [Table(tuple(tuple(plain(builder.build()) for builder in row) for row in rows))] if rows else []


def list_table(body: MappedText) -> list[Part]:
    """A table written as a list of lists."""
    rows: list[list[Builder]] = []
    position = 0
    for line in body.text.splitlines(keepends=True):
        found = _CELL.match(line)
        if found and (found["row"] or rows):
            if found["row"]:
                rows.append([])
            rows[-1].append(Builder(body))
        if rows and rows[-1]:
            _add(rows[-1][-1], body, position + (found.end() if found else 0), position + len(line))
        position += len(line)
    return [Table(tuple(tuple(plain(builder.build()) for builder in row) for row in rows))] if rows else []


def _add(builder: Builder, mapped: MappedText, start: int, end: int) -> None:
    """Adds a piece of a cell after what it has, on a new line."""
    piece = mapped[min(start, end) : end].stripped()
    if piece.text:
        builder.add(piece)
        builder.put("\n", end - 1, end)
