"""Spreadsheets: the regions of their sheets as tables, what stands alone as passages."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from pellucid.checking.documents.workbook import Cell, Workbook
from pellucid.checking.mapped_text import MappedText
from pellucid.checking.passages import Part, Passage, Table
from pellucid.checking.source import Source

_FORMULA = re.compile(r"(?:\$?[A-Z]{1,3}\$?\d+ )?=[A-Z$(+-]")
_MOST_CUTS = 20
_MOST_PADDING = 4
"""A table with more places than this for each of its cells is scattered cells."""


def read(source: Source) -> list[Part]:
    """The regions of the sheets as tables; cells of text that stand alone as passages."""
    assert isinstance(source, Workbook)
    return [part for title, cells in source.sheets.items() for part in _Sheet(source, title).parts(cells)]


class _Sheet:
    def __init__(self, source: Workbook, title: str) -> None:
        self.source = source
        self.title = title
        self.caption = ""  # of the next table, where what it stood above was no table

    def parts(self, cells: list[Cell]) -> Iterator[Part]:
        for region in _regions(cells, _MOST_CUTS):
            yield from self.region(region)

    def text(self, cell: Cell) -> MappedText:
        return MappedText.whole(self.source.text[cell.span.start : cell.span.end], cell.span.start)

    def passage(self, row: list[Cell]) -> Passage:
        """The text of a row; a formula that is spelled out is code."""
        start, end = row[0].span.start, row[-1].span.end
        text = MappedText.whole(self.source.text[start:end], start)
        return Passage("code", text, "excel") if _FORMULA.match(text.text) else Passage("prose", text)

    def region(self, cells: list[Cell]) -> Iterator[Part]:
        """A region: lines of text above it, the first of which is its caption, then a table."""
        rows = _rows(cells)
        above = 0
        while above < len(rows) and len(rows[above]) == 1 and not rows[above][0].is_number:
            above += 1
        heads, body = rows[:above], rows[above:]
        is_remark = len(body) == 1 and len(body[0]) == 2 and not any(cell.is_number for cell in body[0])
        if not body or is_remark:
            for head in heads:
                yield self.passage(head)
            if is_remark:
                yield self.passage(body[0])
            return
        caption = self.source.text[slice(*heads[0][0].span)] if heads else ""
        for head in heads[1:]:
            yield self.passage(head)
        if len(body) == 1 and len(body[0]) == 2 and not body[0][0].is_number:  # a name and its value
            yield self.passage(body[0])
            self.caption = caption or self.caption
            return
        if not caption and (left := _left_caption(body)):
            caption = self.source.text[slice(*left.span)]
            body = [[cell for cell in row if cell is not left] for row in body]
        caption, self.caption = caption or self.caption, ""
        yield from self.table(body, caption)

    def table(self, rows: list[list[Cell]], caption: str) -> Iterator[Part]:
        columns = [cell.column for row in rows for cell in row]
        first, last = min(columns), max(columns)
        if (last - first + 1) * len(rows) > _MOST_PADDING * len(columns) + 100:
            yield Table(tuple(tuple(self.text(cell) for cell in row) for row in rows), caption, self.title)
            return
        table = []
        for row in rows:
            texts = {cell.column: self.text(cell) for cell in row}
            table.append(tuple(texts.get(column, _EMPTY) for column in range(first, last + 1)))
        yield Table(tuple(table), caption, self.title)


_EMPTY = MappedText("", ())


def _rows(cells: list[Cell]) -> list[list[Cell]]:
    rows: dict[int, list[Cell]] = {}
    for cell in cells:
        rows.setdefault(cell.row, []).append(cell)
    return [rows[row] for row in sorted(rows)]


def _regions(cells: list[Cell], cuts: int) -> Iterator[list[Cell]]:
    """Cuts at wholly blank rows, then at wholly blank columns, and again in the pieces."""
    for band in _cut(cells, [cell.row for cell in cells]):
        pieces = _cut(band, [cell.column for cell in band])
        if len(pieces) == 1 or not cuts:
            yield from pieces
        else:
            for piece in pieces:
                yield from _regions(piece, cuts - 1)


def _cut(cells: list[Cell], places: list[int]) -> list[list[Cell]]:
    if not cells:
        return []
    filled = sorted(set(places))
    piece = {filled[0]: 0}
    for before, place in itertools.pairwise(filled):
        piece[place] = piece[before] + (place > before + 1)
    pieces: list[list[Cell]] = [[] for _ in range(piece[filled[-1]] + 1)]
    for cell, place in zip(cells, places, strict=True):
        pieces[piece[place]].append(cell)
    return pieces


def _left_caption(rows: list[list[Cell]]) -> Cell | None:
    """A cell of text that stands alone in the first column, beside numbers."""
    first = min(row[0].column for row in rows)
    column = [row[0] for row in rows if row[0].column == first]
    if len(rows) < 2 or len(column) != 1 or column[0] is not rows[0][0] or column[0].is_number:
        return None
    return column[0] if len(rows[0]) > 1 and all(cell.is_number for cell in rows[0][1:]) else None
