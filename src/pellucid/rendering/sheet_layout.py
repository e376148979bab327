"""Where everything stands on a sheet of live formulas: one block a step, one below the other.

    scores                              title
    query · keyᵀ                        how it comes about
    B31 =SUMPRODUCT(B9:D9,B17:D17)      the formula of its first cell
              head 0          head 1    with heads
              The    dog      The  dog  labels of columns
    The      0.13   0.21     …          a row of each head

Of a whole pass, a heading stands before the blocks of each place, and words before everything else.

Heads stand side by side as long as they fit on a page, then below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pellucid.derivation import Derivation, Step
from pellucid.errors import OutputError
from pellucid.expressions import Expression, Product, Quotient, evaluate
from pellucid.numbers import FLOAT64
from pellucid.operations import ArgMax, Indices, LookUp, Pattern, Scale
from pellucid.rendering.document import Grid
from pellucid.rendering.places import place_titles
from pellucid.rendering.spreadsheet_formula import Cell, FixedCell

MOST_CELLS = 1_000_000
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384  # of a sheet, by definition of the format

ANSWER_ROW = 5
"""The row in which a whole pass says its result."""

_FIRST_BLOCK = 5  # the row at which blocks begin; the heading stands above
_BELOW_ANSWER = 7

_COLUMNS_OF_A_PAGE = 24


@dataclass(frozen=True)
class Setting:
    """A constant of a step's arithmetic that stands in a cell of its own, so that it can be changed.

    Args:
        label: what is done with it.
        constant: the number, as an expression.
        cell: where it stands.
        pattern: the step's pattern with the cell in its place.
    """

    label: str
    constant: Expression
    cell: Cell
    pattern: Pattern

    @property
    def value(self) -> float:
        """The number."""
        return float(evaluate(self.constant, FLOAT64))


@dataclass(frozen=True, eq=False)
class SheetBlock:
    """The place of one step.

    Args:
        step: whose numbers these are.
        top: the row of the title.
        is_blank: whether the numbers are for the reader to fill in.
        is_awaiting: whether they depend on numbers that are.
    """

    step: Step
    top: int
    is_blank: bool
    is_awaiting: bool

    @cached_property
    def grids(self) -> tuple[Grid, ...]:
        """One matrix a head; without heads, one."""
        heads = range(self.step.shape[0]) if self.has_heads else (None,)
        return tuple(Grid(self.step, self.step.name, head, blank=self.is_blank) for head in heads)

    @property
    def title(self) -> str:
        """The name of the step in words."""
        if isinstance(self.step.operation, Indices) and self.step.place:
            return f"{self.step.place.split('.')[0]}: words and their ids"
        return self.step.short_name.replace("_", " ")

    @property
    def is_open(self) -> bool:
        """Whether its numbers are not there before the reader has filled something in."""
        return self.is_blank or self.is_awaiting

    @property
    def has_heads(self) -> bool:
        """Whether the step has one matrix for every head."""
        return len(self.step.axes) == 3

    @property
    def has_row_sums(self) -> bool:
        """Whether a column beside the numbers checks that rows add up to 1."""
        return self.step.short_name in ("weights", "probabilities")

    @cached_property
    def setting(self) -> Setting | None:
        """The scale, where scores are scaled."""
        if not isinstance(self.step.operation, Scale) or self.step.operation.is_copy:
            return None
        cell = (self.top + self._title_rows, 1)
        match self.step.live_pattern:
            case Quotient() as pattern:
                return Setting("divided by", pattern.denominator, cell, Quotient(pattern.numerator, FixedCell(cell)))
            case Product((scores, factor)):
                return Setting("multiplied by", factor, cell, Product((scores, FixedCell(cell))))
        raise TypeError("a scaling is a quotient or a product")

    @property
    def pattern(self) -> Pattern | None:
        """How any element comes about, from cells alone; `None` for inputs."""
        return self.setting.pattern if self.setting else self.step.live_pattern

    def origin(self, head: int = 0) -> Cell:
        """The first number of a head."""
        return self._origins[head]

    def cell(self, index: tuple[int, ...]) -> Cell:
        """Where the element at `index` stands."""
        if len(index) == 1:
            row, column = self._origins[0]
            return row, column + index[0]
        row, column = self._origins[0 if len(index) == 2 else index[0]]
        return row + index[-2], column + index[-1]

    def corners(self, head: int) -> tuple[Cell, Cell]:
        """The first and the last number of a head."""
        (row, column), (rows, columns) = self.origin(head), self.grids[head].shape
        return (row, column), (row + rows - 1, column + columns - 1)

    @property
    def end(self) -> Cell:
        """The row below the block and the column to its right."""
        row, _ = self.origin(len(self.grids) - 1)
        return row + self._rows, 1 + min(self._abreast, len(self.grids)) * self._stride - 1

    @cached_property
    def _origins(self) -> tuple[Cell, ...]:
        first = self.top + self._title_rows + (2 if self.setting else 0) + self._header_rows
        band_rows = self._header_rows + self._rows + 1
        places = (divmod(head, self._abreast) for head in range(len(self.grids)))
        return tuple((first + band * band_rows, 1 + place * self._stride) for band, place in places)

    @property
    def _title_rows(self) -> int:
        return 2 if self.step.is_given or self.is_blank else 3

    @property
    def _rows(self) -> int:
        return self.grids[0].shape[0]

    @property
    def _header_rows(self) -> int:
        return 2 if self.has_heads else 1

    @property
    def _stride(self) -> int:
        """Columns from head to head: room for row sums everywhere, so that scores stand above their weights."""
        return self.grids[0].shape[1] + 2

    @property
    def _abreast(self) -> int:
        return max(1, _COLUMNS_OF_A_PAGE // self._stride)


class SheetLayout:
    """The blocks of one derivation, in the order of its steps.

    Args:
        derivation: what the sheet shows. Formulas carry every digit, so of a derivation that carries rounded
            values it is the reference that stands on the sheet.
        blanks: names of the steps whose numbers are for the reader to fill in.

    Raises:
        OutputError: it is too large for a sheet.
    """

    def __init__(self, derivation: Derivation, blanks: frozenset[str]) -> None:
        steps = derivation.steps if derivation.reference is None else derivation.reference
        self.blocks: dict[str, SheetBlock] = {}
        self.choice = next((step for step in steps.values() if isinstance(step.operation, ArgMax)), None)
        self.headings: dict[int, str] = {}
        top = _FIRST_BLOCK if self.choice is None else _BELOW_ANSWER
        headings = _headings(steps)
        for step in steps.values():
            if step.name in headings:
                self.headings[top] = headings[step.name]
                top += 2
            awaiting = any(self.blocks[operand.name].is_open for operand in step.operands)
            block = SheetBlock(step, top, step.name in blanks, awaiting)
            self.blocks[step.name] = block
            top = block.end[0] + 1
        self.rows = top - 1
        self.columns = max(block.end[1] for block in self)
        _check_size(steps, self.rows, self.columns)

    def __iter__(self) -> Iterator[SheetBlock]:
        return iter(self.blocks.values())

    @cached_property
    def tables(self) -> dict[str, SheetBlock]:
        """By the name of a step that holds ids of words: the table whose rows bear the words."""
        found = {}
        for block in self:
            if isinstance(block.step.operation, LookUp):
                ids, table = self.operands(block)
                labels = (ids.step.axes[0].labels, table.step.axes[0].labels)
                if isinstance(ids.step.operation, Indices) and None not in labels:
                    found[ids.step.name] = table
        return found

    def operands(self, block: SheetBlock) -> list[SheetBlock]:
        """The blocks that a block is computed from."""
        return [self.blocks[operand.name] for operand in block.step.operands]


def _headings(steps: Mapping[str, Step]) -> dict[str, str]:
    """By the name of the step they stand before: the headings of a whole pass.

    What is given stands with the step that first needs it.
    """
    titles = place_titles(steps.values())
    found: dict[str, str] = {}
    first, before = None, None
    for step in steps.values():
        if isinstance(step.operation, Indices):
            continue
        first = first or step.name
        if not step.is_given:
            title = titles.get(step.name)
            if title is not None and title != before:
                found[first] = title
            first, before = None, title
    return found


def _check_size(steps: Mapping[str, Step], rows: int, columns: int) -> None:
    cells = sum(step.value.size for step in steps.values())
    if cells > MOST_CELLS or rows > MOST_ROWS or columns > MOST_COLUMNS:
        raise OutputError(
            f"the spreadsheet would have {cells:,} numbers in {rows:,} rows and {columns:,} columns; at most "
            f"{MOST_CELLS:,} numbers, {MOST_ROWS:,} rows and {MOST_COLUMNS:,} columns fit; "
            "use fewer tokens, or html or json instead."
        )
