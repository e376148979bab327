"""Spreadsheets as files: their cells as text, corrections written into the cells."""

from __future__ import annotations

import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from pellucid.checking.mapped_text import Span
from pellucid.checking.source import Source
from pellucid.errors import InputError

_MOST_UNZIPPED = 100_000_000
_MOST_EXACT_PLACES = 6
_LARGEST_ROUNDED = 1e15  # beyond it a float has no decimals
_MOST_DIGITS_SHOWN = 12
"""In a cell without a format."""

_NUMBER = re.compile(r"[-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\Z")
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_PLACES = re.compile(r"[0#?]\.([0#?]+)")


_Entry = tuple[int, int, str, str, bool]
"""Row, column, name, text, whether it is a number."""


class Cell:
    """A cell with something in it, and where its text stands in that of the whole file."""

    def __init__(self, sheet: str, row: int, column: int, name: str, span: Span, is_number: bool) -> None:
        self.sheet = sheet
        self.row = row
        self.column = column
        self.name = name
        self.span = span
        self.is_number = is_number


class Workbook(Source):
    """A spreadsheet; its text has a line a row, its cells separated by tabs, the names of the sheets between.

    Args:
        name: the path as the user gave it.
        data: the file.
    """

    def __init__(self, name: str, data: bytes) -> None:
        self.data = data
        self.sheets: dict[str, list[Cell]] = {}
        self._pieces: list[str] = []
        self._length = 0
        for title, rows in _sheets(data):
            self._write(f"{title}\n")
            cells: list[Cell] = []
            self.sheets[title] = cells
            for row in rows:
                self._row(title, row, cells)
        super().__init__(name, "".join(self._pieces))
        self._cells = [cell for cells in self.sheets.values() for cell in cells]
        self._cell_starts = [cell.span.start for cell in self._cells]

    def _write(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)

    def _row(self, title: str, row: list[_Entry], cells: list[Cell]) -> None:
        for position, (number, column, name, text, is_number) in enumerate(row):
            if position:
                self._write("\t")
            cells.append(Cell(title, number, column, name, Span(self._length, self._length + len(text)), is_number))
            self._write(text)
        self._write("\n")

    def cell(self, offset: int) -> Cell | None:
        """The cell at an offset, or the last one before it."""
        index = bisect_right(self._cell_starts, offset) - 1
        return self._cells[index] if index >= 0 else None

    def line(self, offset: int) -> int:
        """The row in its sheet."""
        cell = self.cell(offset)
        return cell.row if cell else 1

    def column(self, offset: int) -> int:
        cell = self.cell(offset)
        return cell.column if cell else 1

    def line_span(self, line: int) -> Span:
        """A row of the first sheet that has one of this number."""
        row = [cell for cell in self._cells if cell.row == line]
        row = [cell for cell in row if cell.sheet == row[0].sheet]
        return Span(row[0].span.start, row[-1].span.end) if row else Span(0, 0)

    def place(self, offset: int) -> str:
        """The sheet and the cell: `Sheet1!B4`."""
        cell = self.cell(offset)
        return f"{cell.sheet}!{cell.name}" if cell else "the workbook"

    def rewritten(self, replacements: Mapping[Span, str]) -> bytes:
        """The file with other contents in some of its cells; numbers stay numbers and keep their format."""
        if not replacements:
            return self.data
        changed: dict[int, list[tuple[Span, str]]] = {}
        for span, text in replacements.items():
            index = max(0, bisect_right(self._cell_starts, span.start) - 1)
            changed.setdefault(index, []).append((span, text))
        book = _load(self.data, data_only=False)
        for index, entries in changed.items():
            cell = self._cells[index]
            text = self.text[cell.span.start : cell.span.end]
            for span, new in sorted(entries, reverse=True):
                text = text[: span.start - cell.span.start] + new + text[span.end - cell.span.start :]
            place = book[cell.sheet][cell.name]
            was_number = place.data_type in ("n", "f")
            place.value = _as_number(text) if was_number else text
        buffer = BytesIO()
        book.save(buffer)
        return buffer.getvalue()


def _as_number(text: str) -> int | float | str:
    """The number that a text says, of a percentage its hundredth; the text itself where it says none."""
    number = text.strip().replace("−", "-")
    if not _NUMBER.match(number.removesuffix("%")):
        return text
    if number.endswith("%"):
        return float(Decimal(number[:-1]).scaleb(-2))
    return int(number) if re.fullmatch(r"[-+]?\d{1,15}", number) else float(number)


def _load(data: bytes, *, data_only: bool) -> Any:
    import openpyxl

    problem = "it cannot be opened as a spreadsheet"
    try:
        with ZipFile(BytesIO(data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _MOST_UNZIPPED:
            raise InputError(
                f"the spreadsheet unpacks to {size / 1e6:.0f} MB, and at most {_MOST_UNZIPPED // 1_000_000} MB "
                "are read; keep the sheets to be checked and save it again."
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(BytesIO(data), data_only=data_only)
    except InputError:
        raise
    except BadZipFile:
        problem = "it is no .xlsx file"
    except Exception as error:  # a damaged file makes openpyxl and its XML parser raise nearly anything
        problem += f" ({type(error).__name__})"
    raise InputError(f"the file is not a readable spreadsheet: {problem}; save it as .xlsx again.")


def _sheets(data: bytes) -> Iterator[tuple[str, Iterator[list[_Entry]]]]:
    book = _load(data, data_only=True)
    for sheet in book.worksheets:
        yield sheet.title, _rows(sheet)


def _rows(sheet: Any) -> Iterator[list[_Entry]]:
    """The cells with something in them, row by row: row, column, name, text."""
    rows: dict[int, list[_Entry]] = {}
    for (row, column), cell in sorted(sheet._cells.items()):  # only those that exist: a sheet may be a million wide
        text = _text(cell.value, cell.number_format)
        if text.strip():
            rows.setdefault(row, []).append((row, column, cell.coordinate, text, isinstance(cell.value, int | float)))
    yield from rows.values()


def _text(value: Any, number_format: str | None) -> str:
    """What a cell holds, as text: a number with the places that it has or that its format shows."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return re.sub(r"\s", " ", str(value))
    written = (
        format(Decimal(repr(value)), "f") if (abs(value) < 1e15 and abs(value) > 1e-15) or not value else repr(value)
    )
    if written.endswith(".0"):
        written = written[:-2]
    if len(written) > _MOST_DIGITS_SHOWN and isinstance(value, float) and (number_format or "General") == "General":
        return f"{float(f'{value:.10g}'):.10g}"
    places = _places(value, number_format or "General")
    if places is None or "e" in written:
        return written
    has = len(written.partition(".")[2])
    if "%" in (number_format or "") or has < places or has > max(places, _MOST_EXACT_PLACES):
        return _displayed(value, places, percent="%" in (number_format or ""))
    return written


def _places(value: int | float, number_format: str) -> int | None:
    """How many decimals a format shows at least; `None` where it says nothing."""
    plain = _QUOTED.sub("", number_format)
    sections = plain.split(";")
    section = sections[0]
    if len(sections) > 1 and "[" in number_format:
        section = sections[-1]  # with conditions, the last section is the usual one
    elif value < 0 and len(sections) > 1:
        section = sections[1]
    if "General" in section or "E" in section.upper() or not re.search("[0#?]", section):
        return None
    found = _PLACES.search(section)
    if not found:
        return 0
    least, most = found[1].count("0"), len(found[1])
    shown = f"{_rounded(value, most):f}".rstrip("0").partition(".")[2]  # ? and # show no zeros at the end
    return max(least, len(shown))


def _rounded(value: int | float, places: int) -> Decimal:
    if abs(value) >= _LARGEST_ROUNDED:
        return Decimal(repr(value))
    return Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _displayed(value: int | float, places: int, *, percent: bool) -> str:
    if percent:
        return f"{_rounded(value, places + 2) * 100:.{places}f}%"
    return f"{_rounded(value, places):f}"
