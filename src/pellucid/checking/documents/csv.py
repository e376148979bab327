"""Comma-separated values: each cell exactly where it stands, tables apart where a line is blank."""

from __future__ import annotations

import re

from pellucid.checking.mapped_text import Builder, MappedText
from pellucid.checking.passages import Part, Table
from pellucid.checking.source import Source

_MOST_SNIFFED = 20_000
_BEFORE_NUMBER = tuple(re.compile(rf"{separator} *[-−+]?\.?\d") for separator in ";,")
"""What separates the numbers of a row: semicolons, or commas where a line has none, for 0,61;0,32 is two numbers."""
_QUOTED = r'[ ]*+"(?:[^"]|"")*+(?:"|\Z)'


def read(source: Source) -> list[Part]:
    """The tables of a file of comma-, semicolon- or tab-separated values."""
    return list(read_cells(MappedText.whole(source.text)))


def read_cells(mapped: MappedText, separator: str = "") -> list[Table]:
    """The tables in a text; the separator is found out if it is not given."""
    text = mapped.text
    separator = separator or _separator(text[:_MOST_SNIFFED])
    cell_pattern = re.compile(rf"(?P<quoted>{_QUOTED})[^{separator}\r\n]*|[^{separator}\r\n]*")
    tables: list[Table] = []
    rows: list[tuple[MappedText, ...]] = []
    cells: list[MappedText] = []
    position = 0
    while position <= len(text):
        found = cell_pattern.match(text, position)
        assert found
        cells.append(_cell(mapped, found))
        position = found.end()
        if text[position : position + 1] == separator:
            position += 1
            continue
        position += 2 if text.startswith("\r\n", position) else 1
        if any(cell.text for cell in cells):
            rows.append(tuple(cells))
        elif rows:
            tables.append(Table(tuple(rows)))
            rows = []
        cells = []
    return [*tables, Table(tuple(rows))] if rows else tables


def _separator(text: str) -> str:
    outside = re.sub(r'"(?:[^"]|"")*+"', "", text)
    if "\t" in outside and outside.count("\t") >= outside.count(";"):
        return "\t"
    if outside.count(";") >= max(1, outside.count("\n") // 2):
        return ";"
    semicolon, comma = (pattern.search for pattern in _BEFORE_NUMBER)  # there may be more prose than tables
    lines = outside.splitlines()
    separated = sum(map(bool, map(semicolon, lines)))
    return ";" if separated > sum(bool(comma(line) and not semicolon(line)) for line in lines) else ","


def _cell(mapped: MappedText, found: re.Match[str]) -> MappedText:
    quoted = found["quoted"]
    if quoted is None:
        return mapped.trimmed(*found.span())
    start = found.start() + quoted.index('"') + 1
    end = found.start("quoted") + len(quoted)
    end -= end > start and mapped.text[end - 1] == '"'
    doubled = mapped.text.find('""', start, end)
    if doubled < 0:
        return mapped.trimmed(start, end)
    builder = Builder(mapped)
    while doubled >= 0:
        builder.keep(start, doubled)
        builder.put('"', doubled, doubled + 2)
        start = doubled + 2
        doubled = mapped.text.find('""', start, end)
    builder.keep(start, end)
    return builder.build().stripped()
