"""The document: inert blocks of words, numbers and expressions that any renderer can show.

A document knows nothing of formats, and a renderer does no arithmetic and no rounding: the text of every number
comes from here. Numbers keep the step and the index they belong to, so that a renderer can colour them by role,
light up their operands or turn them into cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import msgspec
import numpy as np

from pellucid.arrays import Array
from pellucid.derivation import Axis, Derivation, Step
from pellucid.expressions import Expression
from pellucid.expressions.text import TextPrinter
from pellucid.numbers import Notation
from pellucid.operations import Given

Role = Literal["query", "key", "value", "score", "weight", "output", "input", "mask"]

_ROLES: dict[str, Role] = {
    "query": "query",
    "key": "key",
    "value": "value",
    "scores": "score",
    "scaled_scores": "score",
    "masked_scores": "score",
    "weights": "weight",
    "mean_weights": "weight",
    "logits": "score",
    "probabilities": "weight",
    "head_outputs": "output",
    "concatenated": "output",
    "output": "output",
    "mask": "mask",
}


def role_of(step_name: str) -> Role:
    """The part a step plays in attention, which is what colours go by."""
    stem = step_name.rpartition(".")[2].removeprefix("projected_").removesuffix("_weight").removesuffix("_bias")
    return _ROLES.get(stem, "input")


class Formula(msgspec.Struct, frozen=True):
    """A formula in symbols, as plain text and as LaTeX mathematics."""

    text: str
    latex: str


class Code(msgspec.Struct, frozen=True):
    """A word of a program: a step's name, a command, an option."""

    text: str


Inline = str | Formula | Code
"""Plain words are always escaped by renderers: they may come from users."""


class Paragraph(msgspec.Struct, frozen=True):
    """Running text."""

    parts: tuple[Inline, ...]


class Display(msgspec.Struct, frozen=True):
    """A formula on a line of its own."""

    formula: Formula


class Note(msgspec.Struct, frozen=True):
    """A sentence the reader should not miss."""

    parts: tuple[Inline, ...]


@dataclass(frozen=True, eq=False)
class Grid:
    """One matrix of a step: rows × columns of numbers, made into text on demand.

    Args:
        step: whose numbers these are.
        caption: what stands above it.
        head: for a step with heads, which of them.
        marked_row: the row the reader is led through; `None` for none.
        heat: whether to shade cells by size, as weights are.
        blank: whether the numbers are for the reader to fill in.
        large: whether more of it is shown than of others, where there is little room.
    """

    step: Step
    caption: str
    head: int | None = None
    marked_row: int | None = None
    heat: bool = False
    blank: bool = False
    large: bool = False

    @property
    def role(self) -> Role:
        """The part its step plays."""
        return role_of(self.step.name)

    @cached_property
    def values(self) -> Array:
        """The numbers, (rows, columns); a vector is one row."""
        value = self.step.value if self.head is None else self.step.value[self.head]
        return np.atleast_2d(value)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.values.shape
        return rows, columns

    @property
    def axes(self) -> tuple[Axis | None, Axis]:
        """What rows and columns are; a vector has no rows."""
        axes = self.step.axes[-2:]
        return (None, axes[0]) if len(self.step.axes) == 1 else (axes[0], axes[1])

    @property
    def row_axis(self) -> str:
        """What rows are: "query", "key", "token", "d_in"; empty for a vector."""
        axis = self.axes[0]
        return axis.name if axis else ""

    @property
    def column_axis(self) -> str:
        """What columns are: "key", "d_k", …"""
        return self.axes[1].name

    def row_label(self, row: int) -> str:
        """The token of a row, or its number."""
        axis = self.axes[0]
        return axis.label(row) if axis else ""

    def column_label(self, column: int) -> str:
        """The token of a column, or its number."""
        return self.axes[1].label(column)

    def index(self, row: int, column: int) -> tuple[int, ...]:
        """The position in the step's array."""
        if len(self.step.axes) == 1:
            return (column,)
        return (row, column) if self.head is None else (self.head, row, column)

    @cached_property
    def _places(self) -> int:
        if self.values.dtype == bool:
            return 0
        operation = self.step.operation
        if not (isinstance(operation, Given) and operation.holds_expressions):
            return self.step.notation.places(self.values)
        # What is printed as it was written, √2, does not ask for more places in its neighbours.
        plain = np.array([operation.written(self.index(*place)) is None for place in np.ndindex(*self.shape)])
        return self.step.notation.places(self.values.reshape(-1)[plain])

    def text(self, row: int, column: int) -> str:
        """The number as printed, with as many places as its neighbours; empty when it is to be filled in."""
        if self.blank:
            return ""
        value = self.values[row, column]
        if self.values.dtype == bool:
            return "1" if value else "0"
        written = self.step.operation.written(self.index(row, column))
        if written is not None:
            return TextPrinter(self.step.notation)(written)
        return self.step.notation.text(value, self._places)

    def shade(self, row: int, column: int) -> float:
        """How dark a cell of a heatmap is, 0 to 1: its share of the largest value shown."""
        if self.blank or not self.heat:
            return 0.0
        return float(self.values[row, column]) / self._largest

    @cached_property
    def _largest(self) -> float:
        return max(float(self.values.max()), 1e-300)


class Grids(msgspec.Struct, frozen=True):
    """Matrices that belong side by side where there is room."""

    grids: tuple[Grid, ...]


class Line(msgspec.Struct, frozen=True):
    """One line of a working: label = expression = expression = result.

    Args:
        label: what is computed, such as "sitting · The".
        expressions: from the formula with numbers put in to the last step before the result.
        result: the number, as an element of its step or as a bare number.
        blank: whether everything after the label is for the reader to fill in.
    """

    label: str
    expressions: tuple[Expression, ...]
    result: Expression
    blank: bool = False


class Working(msgspec.Struct, frozen=True):
    """A computation spelled out number by number.

    Args:
        lines: in reading order.
        left_out: how many more lines there would be, and of what: (500, "keys").
        brief: whether long sums lose their middle where there is little room.
    """

    lines: tuple[Line, ...]
    left_out: tuple[int, str] | None = None
    brief: bool = False

    @property
    def more(self) -> str:
        """`500 more keys`, `1 more key`; empty when nothing is left out."""
        if self.left_out is None:
            return ""
        count, nouns = self.left_out
        return f"{count:,} more {nouns if count > 1 else nouns.removesuffix('s')}"


class Table(msgspec.Struct, frozen=True):
    """A table of texts."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Beside(msgspec.Struct, frozen=True):
    """Two columns to be compared, each with its heading."""

    headings: tuple[str, str]
    left: tuple[Block, ...]
    right: tuple[Block, ...]


class Part(msgspec.Struct, frozen=True):
    """Blocks of a section under a heading of their own."""

    title: str
    blocks: tuple[Block, ...]


class Bar(msgspec.Struct, frozen=True):
    """One of several shares.

    Args:
        label: whose share.
        share: 0 to 1.
        text: the number as printed, and what else there is to say.
        marked: whether it is the one that counts.
    """

    label: str
    share: float
    text: str
    marked: bool = False


class Bars(msgspec.Struct, frozen=True):
    """Shares of one whole, to be compared by their lengths."""

    bars: tuple[Bar, ...]


class Branch(msgspec.Struct, frozen=True):
    """A branch of a tree.

    Args:
        text: what it adds to the branch it grows from.
        note: what there is to say about it; may be empty.
        marked: whether it is on the way that was chosen.
        branches: that grow from it.
    """

    text: str
    note: str
    marked: bool
    branches: tuple[Branch, ...]


class Tree(msgspec.Struct, frozen=True):
    """What grows from one beginning."""

    branches: tuple[Branch, ...]


class Stop(msgspec.Struct, frozen=True):
    """One of the stops of a walk.

    Args:
        title: its heading.
        derivation: which of the document's derivations its numbers belong to.
        blocks: what is shown there.
    """

    title: str
    derivation: int
    blocks: tuple[Block, ...]


class Walk(msgspec.Struct, frozen=True):
    """Stops one after the other, of which a page shows one at a time.

    Args:
        noun: what a stop is: "word".
        stops: in their order.
        overview: a matrix with a row for each stop; `None` for none.
    """

    noun: str
    stops: tuple[Stop, ...]
    overview: Grid | None = None


Block = Paragraph | Display | Note | Grid | Grids | Working | Table | Beside | Part | Bars | Tree | Walk


@dataclass(frozen=True)
class Section:
    """A stage of the computation."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """What a renderer shows.

    Args:
        title: one line.
        purpose: a sentence; may be empty.
        sections: in reading order.
        notation: how numbers in expressions are printed.
        derivations: the derivations shown; pages and spreadsheets carry them whole.
        blanks: names of the steps whose numbers are for the reader to fill in.
        data: what JSON holds in place of the derivations; `None` for them.
    """

    title: str
    purpose: str
    sections: tuple[Section, ...]
    notation: Notation
    derivations: tuple[Derivation, ...]
    blanks: frozenset[str] = frozenset()
    data: Mapping[str, Any] | None = None


def window(size: int, most: int, keep: int | None = None) -> list[int | None]:
    """Which of `size` rows or columns to show when there is room for `most`: `None` stands for a gap.

    The first ones, the last one, and `keep` are shown.
    """
    if size <= most:
        return list(range(size))
    shown = {*range(max(1, most - 2)), size - 1}
    if keep is not None and keep not in shown:
        shown = {*range(max(1, most - 3)), keep, size - 1}
    places: list[int | None] = []
    previous = -1
    for place in sorted(shown):
        if place != previous + 1:
            places.append(None)
        places.append(place)
        previous = place
    return places
