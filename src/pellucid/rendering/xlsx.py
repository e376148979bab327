"""The spreadsheet: every number beyond the inputs is a live formula.

A student who changes an input sees everything follow; on a worksheet, what is filled in is carried on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from datetime import datetime
from io import BytesIO
from itertools import count
from typing import Any

import numpy as np
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pellucid.derivation import Axis, Derivation
from pellucid.errors import OutputError
from pellucid.expressions import Number
from pellucid.numbers import Exact, Scalar, as_decimal
from pellucid.rendering.document import Document, Grid
from pellucid.rendering.formats import Appearance
from pellucid.rendering.labels import column_label, printable, row_label, shorten
from pellucid.rendering.sheet_format import (
    BAR,
    CODE,
    COLOURS,
    COMPUTED,
    INPUT,
    QUIET,
    TO_FILL_IN,
    WEIGHT_SHADES,
    WIDEST,
    Styles,
    column_width,
    number_format,
)
from pellucid.rendering.sheet_layout import ANSWER_ROW, SheetBlock, SheetLayout
from pellucid.rendering.sheet_vocabulary import WIDEST_LABEL, WordsOfSheet
from pellucid.rendering.sheet_words import how
from pellucid.rendering.spreadsheet_formula import (
    MINUS_INFINITY,
    Cell,
    Formula,
    cell_name,
    element_formula,
    fixed_name,
    number_formula,
    when_filled_in,
)

_LONGEST_TEXT = 1_000
_LONGEST_SHEET_NAME = 31
_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\'!\s]+")
_BOX_HEIGHT = 24  # points
_A4 = 9
_UPRIGHT_COLUMNS = 11  # of an upright page
_MARGIN = 0.5  # inches
_NO_MISTAKES = ("formula_differs", "formula_range", "empty_cell_reference")  # which Excel would point out
_A_DATE = datetime(2000, 1, 1)  # the same document makes the same bytes


def render(document: Document, appearance: Appearance) -> bytes:
    """An .xlsx file, one sheet a derivation; every block of numbers has a name, such as `weights_head_0`.

    Raises:
        OutputError: it is too large for a spreadsheet.
    """
    layouts = [SheetLayout(derivation, document.blanks) for derivation in document.derivations]
    buffer = BytesIO()
    workbook = Workbook(buffer, {"in_memory": True})
    workbook.set_properties({"title": _text(document.title), "created": _A_DATE})
    styles = Styles(workbook)
    for derivation, layout in zip(document.derivations, layouts, strict=True):
        about = document if len(layouts) == 1 else derivation.subject
        sheet = workbook.add_worksheet(_sheet_name(about.title, [sheet.name for sheet in workbook.worksheets()]))
        _Sheet(workbook, sheet, styles, layout).write(about.title, about.purpose, _remarks(derivation, layout))
    workbook.close()
    return buffer.getvalue()


class _Sheet:
    def __init__(self, workbook: Workbook, sheet: Worksheet, styles: Styles, layout: SheetLayout) -> None:
        self.workbook = workbook
        self.sheet = sheet
        self.style = styles
        self.layout = layout
        self.words = WordsOfSheet(layout)

    def write(self, title: str, purpose: str, remarks: str) -> None:
        """The heading, every block, and how the sheet is seen and printed."""
        self.heading(title, purpose, remarks)
        self.answer()
        for row, words in self.layout.headings.items():
            self.sheet.write_string(row, 0, words, self.style(bold=True, font_size=14))
        for block in self.layout:
            formula = self.formula(block)
            self.block_title(block, formula)
            self.setting(block)
            for head, grid in enumerate(block.grids):
                self.labels(block, head, grid)
                self.numbers(block, head, grid, formula)
        self.view()

    def heading(self, title: str, purpose: str, remarks: str) -> None:
        self.sheet.write_string(0, 0, _text(title), self.style(bold=True, font_size=16))
        self.sheet.write_string(1, 0, _text(purpose), self.style(italic=True, **QUIET))
        self.sheet.write_string(2, 0, "input", self.style(align="center", **INPUT))
        advice = "Yellow cells are inputs: change one, and every number below follows."
        self.sheet.write_string(2, 1, advice, self.style(indent=1))
        self.sheet.write_string(3, 1, remarks, self.style(italic=True, indent=1, **QUIET))

    def answer(self) -> None:
        """The word that a whole pass chooses, where it can be seen while words are changed."""
        choice, formula = self.layout.choice, self.words.chosen_word
        if choice is None or formula is None:
            return
        probabilities = choice.operands[0]
        labels, last = probabilities.axes[-1].labels, int(choice.value[-1])
        assert labels is not None
        self.sheet.write_string(ANSWER_ROW, 0, "the next word", self.style(bold=True))
        look = self.style(bold=True, align="center", font_size=14, font_color=COLOURS["output"], **COMPUTED)
        self.sheet.write_formula(ANSWER_ROW, 1, formula, look, _text(labels[last]))
        self.define("next_word", fixed_name((ANSWER_ROW, 1)))
        first, end = self.layout.blocks[probabilities.name].corners(0)
        largest = f"MAX({cell_name((end[0], first[1]))}:{cell_name(end)})"
        percent = self.style(bold=True, num_format="0.0%", **COMPUTED)
        self.sheet.write_string(ANSWER_ROW, 2, "with", self.style(align="center", **QUIET))
        self.sheet.write_formula(ANSWER_ROW, 3, largest, percent, _number(probabilities.value[-1, last]))

    # Blocks

    def formula(self, block: SheetBlock) -> Formula | None:
        """How the cells of a block are computed; `None` for inputs and boxes."""
        if block.pattern is None or block.is_blank:
            return None
        operands = self.layout.operands(block)
        awaited = frozenset(position for position, operand in enumerate(operands) if operand.is_open)
        return element_formula(block.pattern, [operand.cell for operand in operands], awaited)

    def block_title(self, block: SheetBlock, formula: Formula | None) -> None:
        """The step's name on a bar of its colour; how its numbers come about, in words and as a formula."""
        bar = self.style(bg_color=COLOURS[block.grids[0].role], **BAR)
        for column in range(self.layout.columns):
            self.sheet.write_blank(block.top, column, None, bar)
        self.sheet.write_string(block.top, 0, block.title, bar)
        words = f"{how(block.step)}. {block.step.note}" if block.step.note else how(block.step)
        self.sheet.write_string(block.top + 1, 0, _text(words), self.style(italic=True, **QUIET))
        if formula is not None:
            first = (0,) * len(block.step.axes)
            text = f"{cell_name(block.cell(first))} ={formula.at(first)}"
            self.sheet.write_string(block.top + 2, 0, text, self.style(**CODE))

    def setting(self, block: SheetBlock) -> None:
        """The scale, in an input cell of its own."""
        if block.setting is None:
            return
        constant, (row, column) = block.setting.constant, block.setting.cell
        self.sheet.write_string(row, 0, block.setting.label, self.style(**QUIET))
        if isinstance(constant, Number):
            self.sheet.write_number(row, column, block.setting.value, self.style(**INPUT))
        else:
            self.sheet.write_formula(row, column, number_formula(constant), self.style(**INPUT), block.setting.value)
        place = f"{block.step.place}." if block.step.place else ""
        self.define(f"{place}scale", fixed_name((row, column)))

    def labels(self, block: SheetBlock, head: int, grid: Grid) -> None:
        """Heads, columns and rows by name."""
        (row, column), (rows, columns) = block.origin(head), grid.shape
        colour = COLOURS[grid.role]
        if block.has_heads:
            self.sheet.write_string(row - 2, column, f"head {head}", self.style(bold=True, font_color=colour))
        heading = self.style(bold=True, align="right", bottom=1, bottom_color=colour, **QUIET)
        for j in range(columns):
            self.label((row - 1, column + j), grid.axes[1], j, column_label(grid, j, WIDEST - 2), heading)
        if self.words.takes_words(block):
            self.word_inputs(block)
        if block.has_row_sums:
            self.sheet.write_string(
                row - 1, column + columns, "row sum", self.style(italic=True, align="right", **QUIET)
            )
        axes = f"{grid.row_axis} ↓ · {grid.column_axis} →" if grid.row_axis else f"{grid.column_axis} →"
        self.sheet.write_string(row - 1, 0, axes, self.style(font_size=8, **QUIET))
        for i in range(rows):
            self.label((row + i, 0), grid.axes[0], i, row_label(grid, i, WIDEST_LABEL), self.style(**QUIET))

    def label(self, cell: Cell, axis: Axis | None, position: int, text: str, style: Format) -> None:
        """A label; one that repeats a word of the input follows it."""
        formula = None if axis is None else self.words.label_formula(axis, position)
        if formula is None or fixed_name(cell) == formula:
            self.sheet.write_string(*cell, text, style)
        else:
            self.sheet.write_formula(*cell, formula, style, text)

    def word_inputs(self, block: SheetBlock) -> None:
        """The words above the ids of a block, which may be changed for others of the vocabulary."""
        labels = block.step.axes[0].labels
        assert labels is not None
        style = self.style(align="right", bold=True, **INPUT)
        for position in range(len(labels)):
            cell = self.words.word_cell(block, position)
            self.sheet.write_string(*cell, self.words.word(block, position), style)
            self.sheet.data_validation(
                *cell, *cell, {"validate": "list", "source": f"={self.words.table_words(block)}"}
            )
        ends = [fixed_name(self.words.word_cell(block, position)) for position in (0, len(labels) - 1)]
        self.define(f"{block.step.place}.words" if block.step.place else "words", ":".join(ends))

    # Numbers

    def numbers(self, block: SheetBlock, head: int, grid: Grid, formula: Formula | None) -> None:
        """The cells of one matrix, under a name of their own."""
        look = {"font_color": COLOURS[grid.role], "num_format": number_format(block, grid)}
        indices = (grid.index(i, j) for i in range(grid.shape[0]) for j in range(grid.shape[1]))
        if block.is_blank:
            self.boxes(block, indices, **look)
        elif self.words.takes_words(block):
            self.ids(block, indices, **look)
        elif formula is None:
            self.inputs(block, indices, **look)
        else:
            self.formulas(block, indices, formula, **look)
        first, last = block.corners(head)
        if grid.values.dtype == bool:
            self.sheet.data_validation(*first, *last, {"validate": "list", "source": [0, 1]})
        if block.has_row_sums:
            self.sheet.conditional_format(*first, *last, WEIGHT_SHADES)
            self.row_sums(block, head, grid)
        name = f"{block.step.name}_head_{head}" if block.has_heads else block.step.name
        self.define(name, f"{fixed_name(first)}:{fixed_name(last)}")

    def boxes(self, block: SheetBlock, indices: Iterator[tuple[int, ...]], **look: Any) -> None:
        """Empty cells, high enough to write in by hand."""
        style = self.style(**look, **TO_FILL_IN)
        for index in indices:
            row, column = block.cell(index)
            self.sheet.set_row(row, _BOX_HEIGHT)
            self.sheet.write_blank(row, column, None, style)

    def inputs(self, block: SheetBlock, indices: Iterator[tuple[int, ...]], **look: Any) -> None:
        """Numbers; one that was given as an expression, such as 1/3, stays one."""
        style = self.style(**look, **INPUT)
        for index in indices:
            number, written = _number(block.step.value[index]), block.step.operation.written(index)
            if written is None:
                self.sheet.write_number(*block.cell(index), number, style)
            else:
                self.sheet.write_formula(*block.cell(index), number_formula(written), style, number)

    def ids(self, block: SheetBlock, indices: Iterator[tuple[int, ...]], **look: Any) -> None:
        """Ids that follow from the words above them."""
        for index in indices:
            formula, id_ = self.words.id_formula(block, index[0]), int(block.step.value[index])
            if formula is None:
                self.sheet.write_number(*block.cell(index), id_, self.style(**look, **INPUT))
            else:
                self.sheet.write_formula(*block.cell(index), formula, self.style(**look, **COMPUTED), id_)

    def formulas(self, block: SheetBlock, indices: Iterator[tuple[int, ...]], formula: Formula, **look: Any) -> None:
        """Live formulas; with our numbers for viewers that do not compute, unless these would give answers away."""
        style = self.style(**look, **COMPUTED)
        for index in indices:
            number = "" if block.is_awaiting else _number(block.step.value[index])
            self.sheet.write_formula(*block.cell(index), formula.at(index), style, number)

    def row_sums(self, block: SheetBlock, head: int, grid: Grid) -> None:
        """A column that shows whether each row adds up to 1."""
        (row, left), (rows, columns) = block.origin(head), grid.shape
        style = self.style(italic=True, **QUIET)
        for i in range(rows):
            cells = f"{cell_name((row + i, left))}:{cell_name((row + i, left + columns - 1))}"
            total = f"SUM({cells})"
            formula = when_filled_in({cells: columns}, total) if block.is_open else total
            number = "" if block.is_open else math.fsum(map(_number, grid.values[i]))
            self.sheet.write_formula(row + i, left + columns, formula, style, number)

    # The sheet as a whole

    def define(self, name: str, cells: str) -> None:
        """A name on this sheet for some of its cells."""
        sheet = f"'{self.sheet.name}'"
        self.workbook.define_name(f"{sheet}!{name}", f"={sheet}!{cells}")

    def view(self) -> None:
        """Widths, what stays in view when scrolling, and the printed page."""
        blocks = list(self.layout)
        grids = [grid for block in blocks for grid in block.grids]
        rows = {row_label(grid, i, WIDEST_LABEL) for grid in grids for i in range(grid.shape[0])}
        columns = {column_label(grid, j, WIDEST - 2) for grid in grids for j in range(grid.shape[1])}
        self.sheet.set_column(0, 0, max(map(len, rows | {block.title for block in blocks})) + 2)
        self.sheet.set_column(1, self.layout.columns - 1, column_width(blocks, columns))
        self.sheet.hide_gridlines(2)
        self.sheet.freeze_panes(1, 1)
        self.sheet.ignore_errors(dict.fromkeys(_NO_MISTAKES, "A1:XFD1048576"))
        self.sheet.set_paper(_A4)
        self.sheet.set_margins(_MARGIN, _MARGIN, _MARGIN, 2 * _MARGIN)
        if self.layout.columns > _UPRIGHT_COLUMNS:
            self.sheet.set_landscape()
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_footer("&C&P / &N")


def _remarks(derivation: Derivation, layout: SheetLayout) -> str:
    """What a reader of a sheet should know besides."""
    remarks = []
    if any(block.is_blank for block in layout):
        remarks.append("Empty boxes are yours to fill in; what depends on them then follows.")
    if derivation.reference is not None:
        remarks.append("Formulas carry every digit: on this sheet nothing is rounded from step to step.")
    if isinstance(derivation.numbers, Exact):
        remarks.append("A spreadsheet computes with about 15 digits.")
    if any(np.any(block.step.value == -np.inf) for block in layout):
        remarks.append(f"-∞ stands for {MINUS_INFINITY:G}: a spreadsheet has no infinity.")
    return " ".join(remarks)


def _number(value: Scalar) -> float:
    """A number as a spreadsheet holds it.

    Raises:
        OutputError: it is beyond floating point.
    """
    if value == -math.inf:
        return MINUS_INFINITY
    number = float(value) if isinstance(value, bool | np.bool_) else float(as_decimal(value))
    if math.isinf(number):
        raise OutputError(
            "a result is beyond 1e308, which no spreadsheet can hold; use smaller numbers, or html or json."
        )
    return number


def _text(text: str) -> str:
    """A text from a user, as a cell can hold it."""
    return shorten(printable(text), _LONGEST_TEXT)


def _sheet_name(title: str, taken: Collection[str]) -> str:
    """A title as a name that spreadsheet programs accept, told apart from the names that are taken."""
    cleaned = _NOT_IN_SHEET_NAMES.sub(" ", printable(title)).strip()
    stem = "Attention" if cleaned.lower() in ("", "history") else cleaned  # Excel keeps "History" for itself
    refused = {name.casefold() for name in taken}
    suffixes = ("" if number == 1 else f" ({number})" for number in count(1))
    names = (_first_units(stem, _LONGEST_SHEET_NAME - len(suffix)) + suffix for suffix in suffixes)
    return next(name for name in names if name.casefold() not in refused)


def _first_units(text: str, most: int) -> str:
    """As much of a text as fits `most` UTF-16 units, in which spreadsheets count."""
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore").rstrip()
