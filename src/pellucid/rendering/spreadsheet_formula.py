"""Spreadsheet formulas: an operation's pattern, printed once and pointed at cells.

The formulas use what every spreadsheet program has had for decades and no array formulas: ranges stand only
where a function takes them, as in SUMPRODUCT(B5:D5,B12:D12).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import numpy as np

from pellucid.expressions import Exponential, Expression, Negative, Number, Product, Sum
from pellucid.expressions.text import ATOM, PRODUCT, SUM, TextPrinter
from pellucid.numbers import Notation, as_decimal
from pellucid.operations import Pattern
from pellucid.operations.pattern import (
    ByParity,
    IfFinite,
    IfTrue,
    LargestOver,
    LookedUp,
    Operand,
    Position,
    PositionNumber,
    PositionOfLargestOver,
    SumOver,
)

MINUS_INFINITY = -1e300
"""Stands for −∞, which spreadsheets lack: below any score, and not so low that scaling it overflows."""

LEAST_FINITE = "-1E+200"
"""Whatever is smaller stands for −∞; far enough from it that a scale cannot bridge the gap."""

_ROW = "row"  # the variable that goes down the rows of a table

Cell = tuple[int, int]
"""Row and column of a cell, from 0."""

Place = Callable[[tuple[int, ...]], Cell]
"""The cell that holds the element at an index."""


class FixedCell(Expression, frozen=True):
    """A cell that stands for a part of a pattern, the same for every element of the result."""

    cell: Cell


@dataclass(frozen=True)
class Formula:
    """The formula of every element of a result: a text with slots, and what fills them.

    Args:
        template: a formula without its equals sign, for `str.format`.
        slots: what depends on the element.
        awaited: operands whose cells may still be empty; until all those needed hold a number, the formula
            yields an empty text.
    """

    template: str
    slots: tuple[_Slot, ...]
    awaited: frozenset[int] = frozenset()

    def at(self, index: tuple[int, ...]) -> str:
        """The formula of the element at `index`, without its equals sign."""
        text = self.template.format(*[slot.at(index) for slot in self.slots])
        if not self.awaited:
            return text
        needed = {cells.at(index): cells.count for cells in self.cells(index) if cells.operand in self.awaited}
        return when_filled_in(needed, text) if needed else text

    def cells(self, index: tuple[int, ...]) -> Iterator[_Cells]:
        """The cells that the element at `index` is computed from."""
        for slot in self.slots:
            yield from slot.cells(index)


@dataclass(frozen=True)
class _Cells:
    """One cell of an operand, or the run of cells that the variable of a sum goes along."""

    operand: int
    place: Place
    index: tuple[Position, ...]
    variable: str = ""
    count: int = 1

    @property
    def is_column(self) -> bool:
        """Whether the run goes down a column; otherwise it goes along a row."""
        return self.count > 1 and self.index[-1].variable != self.variable

    def at(self, index: tuple[int, ...]) -> str:
        first = cell_name(self._cell(index, 0))
        return first if self.count == 1 else f"{first}:{cell_name(self._cell(index, self.count - 1))}"

    def cells(self, index: tuple[int, ...]) -> Iterator[_Cells]:
        yield self

    def _cell(self, index: tuple[int, ...], k: int) -> Cell:
        return self.place(tuple(position.at(index, {self.variable: k}) for position in self.index))


@dataclass(frozen=True)
class _PositionSlot:
    """A position as a number."""

    position: Position

    def at(self, index: tuple[int, ...]) -> str:
        return str(self.position.at(index, {}))

    def cells(self, index: tuple[int, ...]) -> Iterator[_Cells]:
        yield from ()


@dataclass(frozen=True)
class _ParitySlot:
    """One of two formulas, by the parity of a position."""

    position: Position
    even: Formula
    odd: Formula

    def at(self, index: tuple[int, ...]) -> str:
        return self._chosen(index).at(index)

    def cells(self, index: tuple[int, ...]) -> Iterator[_Cells]:
        return self._chosen(index).cells(index)

    def _chosen(self, index: tuple[int, ...]) -> Formula:
        return self.odd if self.position.at(index, {}) % 2 else self.even


_Slot = _Cells | _PositionSlot | _ParitySlot


def element_formula(pattern: Pattern, places: Sequence[Place], awaited: frozenset[int] = frozenset()) -> Formula:
    """The formula of any element of a result.

    Args:
        pattern: how an element comes about; of an operation, its live pattern.
        places: where the elements of each operand stand.
        awaited: operands whose cells may still be empty.

    Raises:
        TypeError: the pattern cannot be written without array formulas.
    """
    printer = _FormulaPrinter(places)
    return Formula(printer(pattern), tuple(printer.slots), awaited)


def number_formula(expression: Expression) -> str:
    """The formula of an expression in numbers, such as 1/3 or SQRT(2), without its equals sign."""
    return element_formula(expression, ()).at(())


def when_filled_in(cells: Mapping[str, int], formula: str) -> str:
    """A formula that yields an empty text until cells and ranges, each of so many cells, all hold numbers."""
    return f'IF(COUNT({",".join(cells)})<{sum(cells.values())},"",{formula})'


def cell_name(cell: Cell) -> str:
    """`B7` for row 6 and column 1."""
    row, column = cell
    return f"{_column_name(column)}{row + 1}"


def fixed_name(cell: Cell) -> str:
    """`$B$7`, which stays when a formula is copied elsewhere."""
    row, column = cell
    return f"${_column_name(column)}${row + 1}"


@cache
def _column_name(column: int) -> str:
    before, letter = divmod(column, 26)
    return (_column_name(before - 1) if before else "") + chr(ord("A") + letter)


class _Literals(Notation):
    """Numbers as they are written in a formula: the 15 digits that Excel reads."""

    def text(self, value: Decimal | int | float | np.generic, places: int | None = None) -> str:
        number = float(as_decimal(value))
        return f"{MINUS_INFINITY if number == -math.inf else number:.15G}"


class _FormulaPrinter(TextPrinter):
    """Prints a pattern; what depends on the element becomes a slot."""

    times = "*"

    def __init__(self, places: Sequence[Place]) -> None:
        super().__init__(_Literals(), most_terms=sys.maxsize)
        self.places = places
        self.slots: list[_Slot] = []
        self._sum: SumOver | None = None  # the sum whose body is being printed
        self._directions: set[bool] = set()  # of the ranges in that body: True goes down a column

    def _node(self, node: Expression) -> tuple[str, int]:
        match node:
            case Exponential():
                return self.function("exp", node.exponent), ATOM
            case Negative():  # a spreadsheet reads -2^2 as (-2)^2
                return f"-{self._print(node.operand, ATOM)}", SUM
        return super()._node(node)

    def sum(self, node: Sum) -> str:
        text = self._print(node.terms[0], SUM)
        for term in node.terms[1:]:
            addend = self._print(term, SUM if isinstance(term, Negative | Number) else PRODUCT)
            text += addend if addend.startswith("-") else f"+{addend}"
        return text

    def power(self, base: str, exponent: Expression) -> str:
        return f"{base}^{self._print(exponent, ATOM)}"

    def square_root(self, radicand: Expression) -> str:
        return self.function("sqrt", radicand)

    def function(self, name: str, *arguments: Expression) -> str:
        return f"{name.upper()}({','.join(self._print(argument, SUM) for argument in arguments)})"

    def other(self, node: Expression) -> tuple[str, int]:
        match node:
            case FixedCell():
                return fixed_name(node.cell), ATOM
            case Operand():
                return self.operand(node), ATOM
            case PositionNumber():
                return self.slot(_PositionSlot(node.position)), ATOM
            case LookedUp():
                return self.looked_up(node), ATOM
            case SumOver():
                return self.total(node), ATOM
            case LargestOver():
                return self.largest(node), ATOM
            case PositionOfLargestOver():
                return self.position_of_largest(node), SUM
            case ByParity():
                even, odd = (element_formula(branch, self.places) for branch in (node.even, node.odd))
                return self.slot(_ParitySlot(node.position, even, odd)), SUM
            case IfTrue():
                return self.choice(f"{self._print(node.condition, ATOM)}=1", node), ATOM
            case IfFinite():
                return self.choice(f"{self.largest(node.largest)}>{LEAST_FINITE}", node), ATOM
        return super().other(node)

    def slot(self, slot: _Slot) -> str:
        if slot not in self.slots:
            self.slots.append(slot)
        return f"{{{self.slots.index(slot)}}}"

    def operand(self, node: Operand) -> str:
        cells = self.cells(node, self._sum)
        if cells.variable:
            self._directions.add(cells.is_column)
        return self.slot(cells)

    def cells(self, node: Operand, over: SumOver | LargestOver | PositionOfLargestOver | None) -> _Cells:
        """The cell of an operand, or the run of cells along which a sum or a maximum goes."""
        place = self.places[node.operand]
        if over is None or Position(over.variable) not in node.index:
            return _Cells(node.operand, place, node.index)
        if Position(over.variable) not in node.index[-2:]:
            raise TypeError("a range of a spreadsheet goes along rows or columns only")
        return _Cells(node.operand, place, node.index, over.variable, over.count)

    def looked_up(self, node: LookedUp) -> str:
        column = (Position(_ROW), node.column)
        table = _Cells(node.table, self.places[node.table], column, _ROW, node.rows)
        return f"INDEX({self.slot(table)},{self._print(node.row, PRODUCT)}+1)"

    def largest(self, node: LargestOver) -> str:
        return f"MAX({self.slot(self.cells(node.operand, node))})"

    def position_of_largest(self, node: PositionOfLargestOver) -> str:
        cells = self.slot(self.cells(node.operand, node))
        return f"MATCH(MAX({cells}),{cells},0)-1"

    def choice(self, condition: str, node: IfTrue | IfFinite) -> str:
        if self._sum is not None:
            raise TypeError("IF chooses once, not for each term of a SUMPRODUCT")
        return f"IF({condition},{self._print(node.then, SUM)},{self._print(node.otherwise, SUM)})"

    def total(self, node: SumOver) -> str:
        match node.body:
            case Product((Operand() as first, Operand() as second)):
                left, right = self.cells(first, node), self.cells(second, node)
                if left.variable and right.variable:
                    return self.dot_product(left, right)
        outer = self._sum, self._directions
        self._sum, self._directions = node, set()
        body = self._print(node.body, SUM)
        if len(self._directions) > 1:
            raise TypeError("a SUMPRODUCT needs ranges that go the same way")
        self._sum, self._directions = outer
        return f"SUMPRODUCT({body})"

    def dot_product(self, left: _Cells, right: _Cells) -> str:
        """SUMPRODUCT where both ranges go the same way; a row times a column is a product of matrices."""
        if left.is_column == right.is_column:
            return f"SUMPRODUCT({self.slot(left)},{self.slot(right)})"
        row, column = sorted((left, right), key=lambda cells: cells.is_column)
        return f"SUMPRODUCT(MMULT({self.slot(row)},{self.slot(column)}))"
