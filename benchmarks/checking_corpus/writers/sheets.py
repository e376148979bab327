"""Comma-separated values and spreadsheets: labelled sections of cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

from checking_corpus.dialects import Plain
from checking_corpus.writer import Cells, Document, Printed, Writer, bare


class SheetWriter(Writer):
    """Rows of cells; a number stands alone in its cell."""

    has_equations = False

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.m = Plain(self.random)
        self.m.minus, self.m.infinity = "-", self.random.choice(("-inf", "-∞"))
        self.cells: list[list[str]] = []

    def heading(self, text: str, level: int = 2) -> None:
        self.cells += [[text], []]

    def para(self, text: str) -> None:
        self.cells += [[text], []]

    def matrix(self, name: str, rows: Cells) -> None:
        self.cells += [[name], *map(list, rows), []]

    def table(self, caption: str, header: Sequence[str], rows: Cells) -> None:
        self.cells += [[caption], list(header), *map(list, rows), []]


class CsvWriter(SheetWriter):
    """CSV; with semicolons sometimes."""

    extension = "csv"

    def finished(self) -> str:
        buffer = io.StringIO()
        writer = csv.writer(buffer, delimiter=self.random.choice((",", ",", ";")), lineterminator="\n")
        writer.writerows(self.cells)
        return buffer.getvalue()


class XlsxWriter(SheetWriter):
    """A workbook of one sheet, or a sheet for the inputs and one for the results."""

    extension = "xlsx"

    def document(self, stem: str) -> Document:
        book = Workbook()
        sheet = book.active
        sheet.title = "Attention"
        numbers = list(self.made)
        typed = self.random.random() < 0.8
        for i, row in enumerate(self.cells, 1):
            for j, cell in enumerate(row, 1):
                text = bare(cell)
                if cell.startswith("\ue000"):
                    index = int(cell[1:].partition("\ue001")[0])
                    old = numbers[index]
                    numbers[index] = Printed(old.step, old.place, old.role, old.text, line=i, about=old.about)
                    if typed and "∞" not in text and "inf" not in text:
                        target = sheet.cell(i, j, float(text))
                        places = len(text.partition(".")[2])
                        target.number_format = "0." + "0" * places if places else "0"
                        continue
                if text:
                    sheet.cell(i, j, text)
        buffer = io.BytesIO()
        book.save(buffer)
        return Document(f"{stem}.xlsx", buffer.getvalue(), numbers)
