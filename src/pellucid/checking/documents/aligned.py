"""Matrices that only spaces align, as in plain text and in what programs print.

    scores
              The   dog
      The    0.23  0.31
      dog    0.34  0.46

Rows are consecutive lines of as many cells, most of them numbers; two spaces or more separate cells. Several such
matrices may stand side by side, each with a column of labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from pellucid.checking.mapped_text import MappedText
from pellucid.checking.passages import Part, Passage, Table

_CELL = re.compile(r"\S+(?: \S+)*")
_NUMBERS = re.compile(r"\s*[-−+]?[\d.]+(?:[eE][-+]?\d+)?(?:\s+[-−+]?[\d.]+(?:[eE][-+]?\d+)?)+\s*$")
_NUMBER = re.compile(r"[-−+]?(?:\d[\d.]*|\.\d+)(?:[eE][-+]?\d+)?%?|[-−]?(?:inf|∞)")
_VECTOR = re.compile(r"\[\s*[-−+]?[\d.]+(?:(?:\s*,\s*|\s+)[-−+]?[\d.]+)*\s*\]")
_WORD = re.compile(r"\S+")
_SPLITS = frozenset({"prose", "verbatim", "comment", "output"})
_LONGEST_CAPTION = 80
_MAY_HOLD = re.compile(r"[\d\]]\s{2,}[-−.\d\[]")

Cell = tuple[int, int]
"""Where a cell begins and ends in its passage."""


def with_tables(parts: list[Part]) -> list[Part]:
    """The parts of a document with such matrices as tables, each in its place."""
    found: list[Part] = []
    for part in parts:
        if isinstance(part, Passage) and part.kind in _SPLITS and _MAY_HOLD.search(part.text.text):
            found += _split(part)
        else:
            found.append(part)
    return found


def _split(passage: Passage) -> Iterator[Part]:
    text = passage.text
    lines = _lines(text.text)
    rows = [_cells(text.text, start, end) for start, end in lines]
    position = written = 0
    while position < len(rows):
        count = _height(text.text, rows, position)
        if not count:
            position += 1
            continue
        labels = _label_columns(text.text, rows[position : position + count])
        first = _first_line(text.text, lines, rows, position, labels, written)
        caption, header = first
        top = min(number for number in (caption, header, position) if number is not None)
        if lines[written][0] < lines[top][0]:
            yield replace(passage, text=text[lines[written][0] : lines[top][0]])
        body = rows[position : position + count]
        taller = _taller(text.text, rows, position + count, body, labels)
        yield from _tables(
            text,
            body,
            labels,
            rows[header] if header is not None else None,
            _captions(text.text, lines, rows, caption),
            taller,
        )
        position += count + max((len(more) for more in taller.values()), default=0)
        written = position
    if written == 0:
        yield passage
    elif written < len(lines):
        rest = text[lines[written][0] :]
        if rest.text.strip():
            yield replace(passage, text=rest)


def _lines(text: str) -> list[Cell]:
    found, start = [], 0
    for line in text.splitlines(keepends=True):
        found.append((start, start + len(line)))
        start += len(line)
    return found


def _cells(text: str, start: int, end: int) -> list[Cell]:
    """The cells of a line; where it holds nothing but numbers, any space separates them."""
    line = text[start:end]
    pattern = _WORD if _NUMBERS.match(line) else _CELL
    return [(match.start() + start, match.end() + start) for match in pattern.finditer(line.rstrip())]


def _is_number(text: str, cell: Cell) -> bool:
    """Whether a cell is a number, or a vector of numbers."""
    return (_NUMBER.fullmatch(text, *cell) or _VECTOR.fullmatch(text, *cell)) is not None


def _is_row(text: str, row: list[Cell]) -> bool:
    if len(row) < 2:
        return False
    numbers = sum(_is_number(text, cell) for cell in row)
    others = [text[slice(*cell)] for cell in row if not _is_number(text, cell)]
    return numbers * 2 >= len(row) and not any(sign in cell for cell in others for sign in "=[]{}≈")


def _height(text: str, rows: list[list[Cell]], position: int) -> int:
    """How many lines from here on are rows of one matrix; 0 where there is none."""
    first = rows[position]
    if not _is_row(text, first):
        return 0
    kinds = [_is_number(text, cell) for cell in first]
    count = 1
    while position + count < len(rows) and [_is_number(text, cell) for cell in rows[position + count]] == kinds:
        if not _is_row(text, rows[position + count]):
            break
        count += 1
    before = rows[position - 1] if position else []
    introduced = len(before) == 1 and text[before[0][1] - 1] in "=:"
    return count if count > 1 or introduced else 0


def _taller(
    text: str, rows: list[list[Cell]], position: int, body: list[list[Cell]], labels: list[int]
) -> dict[int, list[list[Cell]]]:
    """Rows that only one of several matrices side by side has: by the number of the matrix."""
    if len(labels) < 2 or labels[0] != 0:
        return {}
    bounds = [*labels, len(body[0])]
    found: dict[int, list[list[Cell]]] = {}
    while position < len(rows) and _is_row(text, rows[position]):
        row = rows[position]
        line = text.rfind("\n", 0, row[0][0]) + 1
        column = row[0][0] - line
        first = text.rfind("\n", 0, body[0][0][0]) + 1
        number = next(
            (
                number
                for number, label in enumerate(labels)
                if body[0][label][0] - first == column and bounds[number + 1] - label == len(row)
            ),
            None,
        )
        if number is None:
            break
        found.setdefault(number, []).append(row)
        position += 1
    return found


def _label_columns(text: str, body: list[list[Cell]]) -> list[int]:
    return [column for column, cell in enumerate(body[0]) if not _is_number(text, cell)]


def _first_line(
    text: str, lines: list[Cell], rows: list[list[Cell]], position: int, labels: list[int], written: int
) -> tuple[int | None, int | None]:
    """The line of captions and the line of column labels, where there are such lines above a matrix."""
    groups = max(1, len(labels))
    width = len(rows[position])
    above = position - 1
    header = None
    if (above >= written and labels and len(rows[above]) in (width, width - groups) and len(rows[above]) > 1) or (
        above >= written
        and not labels
        and len(rows[above]) == width
        and not any(_is_number(text, cell) for cell in rows[above])
    ):
        header, above = above, above - 1
    while above >= written and not text[slice(*lines[above])].strip():
        above -= 1
    caption = None
    if above >= written and lines[above][1] - lines[above][0] <= _LONGEST_CAPTION + 2:
        cells = rows[above]
        if (groups > 1 and len(cells) == groups) or groups == 1:
            caption = above
    return caption, header


def _captions(text: str, lines: list[Cell], rows: list[list[Cell]], caption: int | None) -> list[str]:
    if caption is None:
        return []
    cells = [text[slice(*cell)] for cell in rows[caption]]
    return [*cells, text[slice(*lines[caption])].strip()]


def _tables(
    text: MappedText,
    body: list[list[Cell]],
    labels: list[int],
    header: list[Cell] | None,
    captions: list[str],
    taller: dict[int, list[list[Cell]]],
) -> Iterator[Table]:
    width = len(body[0])
    starts = labels if labels and labels[0] == 0 else [0]
    bounds = [*starts, width]
    groups = len(starts)
    missing = header is not None and len(header) == width - groups
    taken = 0
    for number in range(groups):
        low, high = bounds[number], bounds[number + 1]
        rows = [tuple(text[slice(*cell)] for cell in row[low:high]) for row in body]
        rows += [tuple(text[slice(*cell)] for cell in row) for row in taller.get(number, ())]
        if header is not None:
            size = high - low - missing
            cells = tuple(text[slice(*cell)] for cell in header[taken : taken + size])
            taken += size
            empty = text[body[0][low][0] : body[0][low][0]]
            rows.insert(0, (empty, *cells) if missing else cells)
        caption = (
            captions[number]
            if len(captions) == groups + 1 and groups > 1
            else (captions[-1] if captions and groups == 1 else "")
        )
        yield Table(tuple(rows), caption.rstrip("=: "))
